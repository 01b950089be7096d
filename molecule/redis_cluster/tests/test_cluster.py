# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Truths about the running cluster, asked on the machines and seen from a client."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from steadfast_lab import Lab
    from testinfra.host import Host

NODES = ("node1", "node2", "node3")
PORTS = (7000, 7001)


def cli(host: Host, port: int, words: str) -> str:
    """The answer of an instance, asked as an operator would."""
    program = "$(command -v valkey-cli || command -v redis-cli)"
    secret = "REDISCLI_AUTH=$(cat /etc/steadfast-redis/password)"
    answer: str = host.check_output(f"{secret} {program} -s /run/steadfast-redis/{port}/socket {words}")
    return answer


def told(text: str) -> dict[str, str]:
    return dict(row.split(":", 1) for row in text.splitlines() if ":" in row)


@pytest.mark.parametrize("port", PORTS)
def test_instances_run_and_will_at_boot(node: Host, port: int) -> None:
    service = node.service(f"steadfast-redis@{port}")
    assert service.is_running
    assert service.is_enabled


def test_the_distributions_own_instance_does_not(node: Host) -> None:
    for name in ("redis-server", "valkey-server"):
        assert node.run("systemctl is-active %s", name).stdout.strip() == "inactive"
        # what it prints of a unit that there is not depends on systemd's version
        assert node.run("systemctl is-enabled %s", name).rc != 0


@pytest.mark.parametrize("port", PORTS)
def test_every_instance_sees_all_slots_served(node: Host, port: int) -> None:
    found = told(cli(node, port, "cluster info"))
    assert found["cluster_state"] == "ok"
    assert found["cluster_slots_ok"] == "16384"
    assert found["cluster_known_nodes"] == "6"
    assert found["cluster_size"] == "3"


def test_the_projects_own_check_agrees(hosts: dict[str, Host], lab: Lab) -> None:
    address = lab.state.plan.node("node1").cable("service").ipv4
    text = hosts["node1"].check_output(
        "REDISCLI_AUTH=$(cat /etc/steadfast-redis/password) $(command -v valkey-cli || command -v redis-cli) "
        f"--cluster check {address}:7000"
    )
    assert "[OK] All nodes agree about slots configuration." in text
    assert "[OK] All 16384 slots covered." in text


def test_no_machine_has_a_master_and_its_replica_or_most_masters(hosts: dict[str, Host]) -> None:
    rows = [row.split() for row in cli(hosts["node1"], 7000, "cluster nodes").splitlines()]
    machine = {row[0]: row[1].split(":")[0] for row in rows}
    masters = [row[0] for row in rows if "master" in row[2]]
    assert len({machine[name] for name in masters}) == 3
    replicas = [(row[0], row[3]) for row in rows if "slave" in row[2]]
    assert sorted(master for _replica, master in replicas) == sorted(masters)
    assert all(machine[replica] != machine[master] for replica, master in replicas)


@pytest.mark.parametrize("port", PORTS)
def test_replicas_are_in_step(node: Host, port: int) -> None:
    found = told(cli(node, port, "info replication"))
    if found["role"] == "slave":
        assert found["master_link_status"] == "up"
    else:
        assert found["connected_slaves"] == "1"


def test_secrets_are_roots_and_the_daemons(node: Host) -> None:
    assert node.file("/etc/steadfast-redis/password").mode == 0o600
    for name in ("7000.conf", "7000.acl", "7001.conf", "7001.acl"):
        file = node.file(f"/etc/steadfast-redis/{name}")
        assert (file.user, file.mode) == ("root", 0o640)
        assert file.group in ("redis", "valkey")
    password = node.file("/etc/steadfast-redis/password").content_string.strip()
    assert password not in node.file("/etc/steadfast-redis/7000.acl").content_string
    assert password not in node.check_output("ps -eo args")


def test_nobody_gets_in_without_a_password(client: Host, lab: Lab) -> None:
    address = lab.state.plan.node("node1").cable("service").ipv4
    ask = (
        "import socket, sys; s = socket.create_connection((sys.argv[1], 7000), 5); "
        "s.sendall(b'PING\\r\\n'); print(s.recv(99))"
    )
    assert "NOAUTH" in client.check_output("python3 -c %s %s", ask, address)


def test_the_bus_is_closed_for_clients(client: Host, lab: Lab) -> None:
    address = lab.state.plan.node("node1").cable("service").ipv4
    ask = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)"
    assert client.run("python3 -c %s %s 7000", ask, address).rc == 0
    assert client.run("python3 -c %s %s 17000", ask, address).rc != 0


def test_config_rewrite_has_a_file_of_its_own(node: Host) -> None:
    before = node.file("/etc/steadfast-redis/7000.conf").content
    cli(node, 7000, "config set lfu-decay-time 3")
    assert cli(node, 7000, "config rewrite") == "OK"
    assert "lfu-decay-time 3" in node.file("/var/lib/steadfast-redis/7000/redis.conf").content_string
    assert node.file("/etc/steadfast-redis/7000.conf").content == before


def test_the_sandbox_is_tight(node: Host) -> None:
    answer = node.run("systemd-analyze security steadfast-redis@7000.service --no-pager")
    exposure = re.search(r"Overall exposure level.*: ([0-9.]+)", answer.stdout)
    assert exposure, answer.stdout + answer.stderr
    assert float(exposure.group(1)) < 3
