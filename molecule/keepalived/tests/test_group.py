# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Truths about the running group, asked on the machines and seen from a client."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from steadfast_lab import Lab
    from testinfra.host import Host

NODES = ("node1", "node2", "node3")


def service_network(lab: Lab) -> tuple[str, str]:
    """The first three numbers of the IPv4 network, and the IPv6 prefix up to its double colon."""
    network = next(network for network in lab.state.plan.networks if network.name == "service")
    return network.ipv4.rsplit(".", 1)[0], network.ipv6.split("/")[0]


@pytest.fixture(scope="module")
def confs(hosts: dict[str, Host]) -> dict[str, str]:
    """Each node's keepalived.conf."""
    return {name: hosts[name].check_output("cat /etc/keepalived/keepalived.conf") for name in NODES}


@pytest.fixture(scope="module")
def vips(confs: dict[str, str]) -> dict[str, list[str]]:
    """Each VRRP instance and its addresses."""
    found = {}
    for name, body in re.findall(r"^vrrp_instance (\S+) \{\n(.*?)^\}", confs["node1"], re.MULTILINE | re.DOTALL):
        block = re.search(r"virtual_ipaddress \{\n(.*?)\}", body, re.DOTALL)
        assert block
        found[name] = [line.split("/")[0].strip() for line in block.group(1).strip().splitlines()]
    return found


@pytest.fixture(scope="module")
def kernel(hosts: dict[str, Host]) -> dict[str, set[str]]:
    """The addresses that each node's kernel has on the segment, whatever the daemons say."""
    show = "ip -o address show dev eth0 scope global"
    return {name: set(re.findall(r" inet6? ([^/ ]+)/", hosts[name].check_output(show))) for name in NODES}


def holders_of(address: str, kernel: dict[str, set[str]]) -> list[str]:
    return [name for name in NODES if address in kernel[name]]


def test_the_daemon_runs_and_will_at_boot(node: Host) -> None:
    service = node.service("keepalived")
    assert service.is_running, node.check_output("journalctl --unit keepalived --lines 50 --no-pager")
    assert service.is_enabled


def test_the_scenario_has_what_it_is_about(vips: dict[str, list[str]], confs: dict[str, str], lab: Lab) -> None:
    four, six = service_network(lab)
    assert vips["web"] == [f"{four}.200"]
    assert vips["balancer"] == [f"{four}.201"]
    assert [address.startswith(six) for address in vips["web_6"]] == [True]
    assert re.findall(r"virtual_router_id (\d+)", confs["node1"]) == ["51", "51", "52"]


def test_each_router_has_exactly_one_master(vips: dict[str, list[str]], kernel: dict[str, set[str]]) -> None:
    for name, addresses in vips.items():
        for address in addresses:
            assert len(holders_of(address, kernel)) == 1, (name, address)


def test_coupled_instances_are_together(vips: dict[str, list[str]], kernel: dict[str, set[str]]) -> None:
    assert holders_of(vips["web"][0], kernel) == holders_of(vips["web_6"][0], kernel)


def test_the_address_that_goes_home_is_at_home(vips: dict[str, list[str]], kernel: dict[str, set[str]]) -> None:
    assert holders_of(vips["balancer"][0], kernel) == ["node2"]


def test_nobody_has_an_address_that_nobody_gave(
    vips: dict[str, list[str]], kernel: dict[str, set[str]], lab: Lab
) -> None:
    """The nodes' own addresses and what they are master of: nothing of an earlier master is left."""
    moving = {address for addresses in vips.values() for address in addresses}
    for name in NODES:
        cable = lab.state.plan.node(name).cable("service")
        assert kernel[name] - moving == {cable.ipv4, cable.ipv6}


def test_the_client_reaches_the_master_by_its_own_card(
    client: Host, vips: dict[str, list[str]], kernel: dict[str, set[str]], lab: Lab
) -> None:
    fetch = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=5).read().decode())"
    for address, port in ((vips["web"][0], 80), (vips["web_6"][0], 80), (vips["balancer"][0], 8080)):
        (holder,) = holders_of(address, kernel)
        shown = f"[{address}]" if ":" in address else address
        page = client.check_output("python3 -c %s http://%s:%s/", fetch, shown, str(port))
        assert page.strip() == f"served by {holder}"
        # asking has just refreshed the client's neighbour table: it must lead to the master's own card
        neighbour = client.check_output("ip neighbour show %s", address)
        assert lab.state.plan.node(holder).cable("service").mac in neighbour


def test_peers_and_sources_are_the_nodes_own_addresses(confs: dict[str, str], lab: Lab) -> None:
    cables = {name: lab.state.plan.node(name).cable("service") for name in NODES}
    for name in NODES:
        sources = re.findall(r"unicast_src_ip (\S+)", confs[name])
        assert sources == [cables[name].ipv4, cables[name].ipv6]
        peers = re.findall(r"unicast_peer \{\n(.*?)\}", confs[name], re.DOTALL)
        assert [set(block.split()) for block in peers] == [
            {cable.ipv4 for other, cable in cables.items() if other != name},
            {cable.ipv6 for other, cable in cables.items() if other != name},
        ]


def test_what_all_share_is_the_same(confs: dict[str, str]) -> None:
    hashes = [re.findall(r"^# shared configuration ([0-9a-f]{64})$", confs[name], re.MULTILINE) for name in NODES]
    assert len(hashes[0]) == 1
    assert hashes == [hashes[0]] * len(NODES)


def test_the_configuration_is_for_root_alone(node: Host) -> None:
    file = node.file("/etc/keepalived/keepalived.conf")
    assert (file.user, file.group, file.mode) == ("root", "root", 0o600)


def test_checks_do_not_run_as_root(confs: dict[str, str]) -> None:
    for text in confs.values():
        assert "script_user keepalived_script" in text
        assert "enable_script_security" in text


def test_the_check_lies_where_selinux_has_a_label(node: Host) -> None:
    script = node.file("/usr/libexec/keepalived/steadfast-check")
    assert (script.user, script.group, script.mode) == ("root", "root", 0o755)
    assert "SECURITY VIOLATION" not in node.check_output("journalctl --unit keepalived --no-pager --output cat")


def test_addresses_can_be_bound_before_they_are_here(node: Host) -> None:
    assert node.check_output("sysctl -n net.ipv4.ip_nonlocal_bind net.ipv6.ip_nonlocal_bind").split() == ["1", "1"]


def test_only_members_may_speak_vrrp(node: Host, client: Host, lab: Lab) -> None:
    before = dropped(node)
    me = node.check_output("uname -n")
    # virtual router 99 is nobody's, and so a packet that comes through does no harm
    send = (
        "import socket, sys; socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)"
        ".sendto(bytes([0x31, 99, 1, 1, 0, 20, 0, 0]), (sys.argv[1], 0))"
    )
    client.check_output("python3 -c %s %s", send, lab.state.plan.node(me).cable("service").ipv4)
    assert dropped(node) == before + 1


def dropped(node: Host) -> int:
    """How many packets from strangers the node's own table has dropped."""
    found = re.search(r"packets (\d+) .*drop", node.check_output("nft list chain inet steadfast input"))
    assert found
    return int(found.group(1))


def test_the_members_adverts_pass_in_both_families(hosts: dict[str, Host]) -> None:
    """Backups hear their master: otherwise they would be masters too, or the firewall would not be in use."""
    text = json.loads(hosts["node3"].check_output("nft -j list chain inet steadfast input"))
    accepted = [
        expression["counter"]["packets"]
        for rule in (item["rule"] for item in text["nftables"] if "rule" in item)
        if {"accept": None} in rule["expr"]
        for expression in rule["expr"]
        if "counter" in expression
    ]
    assert len(accepted) == 2
    assert all(accepted), accepted


@pytest.mark.parametrize("name", NODES)
def test_the_sandbox_is_tighter_than_a_service_without_one(name: str, hosts: dict[str, Host]) -> None:
    answer = hosts[name].run("systemd-analyze security keepalived.service --no-pager")
    exposure = re.search(r"Overall exposure level.*: ([0-9.]+)", answer.stdout)
    assert exposure, answer.stdout + answer.stderr
    assert float(exposure.group(1)) < 7
