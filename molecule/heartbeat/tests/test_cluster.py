# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Truths about the running cluster, asked on the machines and seen from a client."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from steadfast_lab import Lab
    from testinfra.host import Host

NODES = ("node1", "node2")


def addresses(lab: Lab) -> dict[str, int]:
    """The addresses that move, each with the port that is served there."""
    network = next(network for network in lab.state.plan.networks if network.name == "service")
    vips = [network.ipv4.rsplit(".", 1)[0] + f".{number}" for number in (200, 201)]
    return dict(zip(vips, (80, 8080)))


def status(host: Host) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(host.check_output("hbctl status --json"))
    return answer


def holders_of(address: str, hosts: dict[str, Host]) -> list[str]:
    """The nodes on which the kernel has the address, whatever the daemons say."""
    return [name for name in NODES if hosts[name].check_output("ip -o address show to %s", address)]


def test_the_daemon_runs_and_will_at_boot(node: Host) -> None:
    service = node.service("heartbeat")
    assert service.is_running, node.check_output("journalctl --unit heartbeat --lines 50 --no-pager")
    assert service.is_enabled


def test_every_node_is_active_and_sees_the_other_active(node: Host) -> None:
    found = status(node)
    assert found["state"] == "active"
    assert {peer["state"] for peer in found["peers"]} == {"active"}
    assert {link["state"] for peer in found["peers"] for link in peer["links"]} == {"up"}


def test_the_nodes_agree(hosts: dict[str, Host]) -> None:
    first, second = (status(hosts[name]) for name in NODES)
    assert first["cluster_hash"] == second["cluster_hash"]
    views = [{group["key"]: group["holder"] for group in found["groups"]} for found in (first, second)]
    assert views[0] == views[1]
    assert len(views[0]) == 2
    assert None not in views[0].values()


def test_each_address_has_exactly_one_holder(hosts: dict[str, Host], lab: Lab) -> None:
    for address in addresses(lab):
        assert len(holders_of(address, hosts)) == 1, address


def test_nobody_has_an_address_that_nobody_gave(hosts: dict[str, Host], lab: Lab) -> None:
    """The nodes' own addresses and what the daemons hold: nothing of an earlier holder or of a removed VIP is left."""
    for name in NODES:
        cable = lab.state.plan.node(name).cable("service")
        held = {
            address.split("/")[0]
            for group in status(hosts[name])["groups"]
            if group["holder"] == name
            for address in group["addresses"]
        }
        text = hosts[name].check_output("ip -o address show dev eth0 scope global")
        assert set(re.findall(r" inet6? ([^/ ]+)/", text)) == {cable.ipv4, cable.ipv6} | held


def test_the_client_reaches_the_holder(client: Host, hosts: dict[str, Host], lab: Lab) -> None:
    for address, port in addresses(lab).items():
        (holder,) = holders_of(address, hosts)
        fetch = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=5).read().decode())"
        page = client.check_output("python3 -c %s http://%s:%s/", fetch, address, str(port))
        assert page.strip() == f"served by {holder}"
        # asking has just refreshed the client's neighbour table: it must lead to the holder's own card
        neighbour = client.check_output("ip neighbour show %s", address)
        assert lab.state.plan.node(holder).cable("service").mac in neighbour


def test_a_service_of_a_group_runs_where_the_group_is(hosts: dict[str, Host], lab: Lab) -> None:
    second = list(addresses(lab))[1]
    running = [name for name in NODES if hosts[name].service("steadfast-page").is_running]
    assert running == holders_of(second, hosts)
    assert not any(hosts[name].service("steadfast-page").is_enabled for name in NODES)


def test_the_key_is_one_and_nobody_else_can_read_it(hosts: dict[str, Host]) -> None:
    files = [hosts[name].file("/etc/ha.d/authkeys") for name in NODES]
    assert {(file.user, file.group, file.mode) for file in files} == {("root", "root", 0o600)}
    assert len({file.content for file in files}) == 1
    assert re.search(rb"^1 sha256 [0-9a-f]{64}$", files[0].content, re.MULTILINE)


def test_both_nodes_have_the_same_bytes(hosts: dict[str, Host]) -> None:
    sums = {hosts[name].file("/usr/local/lib/steadfast/heartbeat.pyz").sha256sum for name in NODES}
    assert len(sums) == 1


def test_members_know_each_other_without_dns(node: Host, lab: Lab) -> None:
    text = node.file("/etc/hosts").content_string
    for name in NODES:
        assert node.check_output("getent ahostsv4 %s | head -n1", name).split()[0] == (
            lab.state.plan.node(name).cable("cluster").ipv4
        )
        assert len(re.findall(rf"^[^#\n]*\b{name}\b", text, re.MULTILINE)) == 2


def test_only_members_may_send_heartbeats(node: Host, client: Host, lab: Lab) -> None:
    before = dropped(node)
    me = node.check_output("uname -n")
    send = "import socket, sys; socket.socket(2, 2).sendto(b'x', (sys.argv[1], 694))"
    client.check_output("python3 -c %s %s", send, lab.state.plan.node(me).cable("service").ipv4)
    assert dropped(node) == before + 1


def dropped(node: Host) -> int:
    """How many packets from strangers the node's own table has dropped."""
    found = re.search(r"packets (\d+) .*drop", node.check_output("nft list chain inet steadfast input"))
    assert found
    return int(found.group(1))


@pytest.mark.parametrize("name", NODES)
def test_the_sandbox_is_tighter_than_a_service_without_one(name: str, hosts: dict[str, Host]) -> None:
    answer = hosts[name].run("systemd-analyze security heartbeat.service --no-pager")
    exposure = re.search(r"Overall exposure level.*: ([0-9.]+)", answer.stdout)
    assert exposure, answer.stdout + answer.stderr
    assert float(exposure.group(1)) < 5
