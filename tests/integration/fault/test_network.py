# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network faults in real kernels: they lose what they name, nothing else, and are gone after healing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Net

pytestmark = pytest.mark.needs_root
Wait = Callable[[Callable[[], object], str], None]


def test_a_cut_takes_named_peers_and_nothing_else(net: Net) -> None:
    found = net.answer("started", kind="cut", peers=["10.78.0.2", "fd78::2"])
    assert found["heals"]
    for version in (4, 6):
        assert not net.reaches("n1", "n2", version)
        assert not net.reaches("n2", "n1", version)
        assert net.reaches("n1", "n3", version)
        assert net.reaches("n2", "n3", version)
    assert net.answer("report", id=None)["faults"][0]["in_force"]
    assert net.answer("healed", id="a-1.b")["healed"] == ["a-1.b"]
    assert net.reaches("n1", "n2")
    assert net.reaches("n1", "n2", 6)
    assert net.tables() == ""


@pytest.mark.parametrize(("direction", "from_n1", "to_n1"), [("out", 0, 20), ("in", 20, 0)])
def test_a_one_way_cut_lets_the_other_way_through(net: Net, direction: str, from_n1: int, to_n1: int) -> None:
    net.answer("started", kind="cut", peers=["10.78.0.2"], direction=direction)
    assert net.heard("n1", "n2")[0] == from_n1
    assert net.heard("n2", "n1")[0] == to_n1


def test_a_sender_is_not_told_where_the_kernel_can_help_it(net: Net) -> None:
    found = net.answer("started", kind="cut", peers=["10.78.0.2"])
    told = net.heard("n1", "n2")[1]
    # Either nobody is told, or the answer says that everybody is.
    assert told == (20 if found["notes"] else 0)


def test_a_cut_of_one_port_leaves_the_others(net: Net) -> None:
    net.answer("started", kind="cut", peers=["10.78.0.2"], protocol="udp", ports=[694])
    assert net.heard("n1", "n2", 694)[0] == 0
    assert net.heard("n1", "n2", 695)[0] == 20
    assert net.reaches("n1", "n2")


def test_icmp_is_dropped_and_datagrams_are_not(net: Net, wait: Wait) -> None:
    net.answer("started", kind="icmp_drop")
    assert not net.reaches("n1", "n2")
    assert not net.reaches("n2", "n1")
    assert not net.reaches("n2", "n1", 6)
    assert net.heard("n2", "n1")[0] == 20
    # Neighbour discovery goes on: a new neighbour can be found.
    net.run("n1", "ip", "-6", "neighbour", "flush", "dev", "eth0")
    send = "import socket; socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b'x', ('fd78::3', 9))"
    net.run("n1", "python3", "-c", send)

    def found() -> bool:
        return "REACHABLE" in net.run("n1", "ip", "-6", "neighbour", "show", "fd78::3").stdout

    wait(found, "the neighbour is found")


def test_some_are_lost_and_some_are_not(net: Net) -> None:
    net.answer("started", kind="loss", percent=30, direction="in", peers=["10.78.0.2"])
    text = net.run("n1", "ping", "-i0.005", "-c400", "-W1", "10.78.0.2").stdout
    received = int(text.split(" received")[0].split()[-1])
    # Mean 280; five standard deviations (9.2) to either side.
    assert 234 <= received <= 326


def test_total_loss_is_silence(net: Net) -> None:
    net.answer("started", kind="loss", percent=100)
    assert not net.reaches("n1", "n3")
    assert net.run("n1", "ping", "-c1", "-W1", "127.0.0.1").returncode == 0


def test_two_faults_heal_one_by_one(net: Net) -> None:
    net.answer("started", id="one", kind="cut", peers=["10.78.0.2"])
    net.answer("started", id="two", kind="cut", peers=["10.78.0.3"])
    net.answer("healed", id="one")
    assert net.reaches("n1", "n2")
    assert not net.reaches("n1", "n3")
    assert net.answer("healed", id=None)["healed"] == ["two"]
    assert net.reaches("n1", "n3")


def test_an_interface_loses_its_link_keeps_its_addresses_and_gets_its_routes_back(net: Net, wait: Wait) -> None:
    net.run("n1", "ip", "route", "add", "default", "via", "10.78.0.3")
    net.run("n1", "ip", "-6", "route", "add", "2001:db8::/32", "via", "fd78::3")

    def configuration() -> tuple[str, ...]:
        commands = (["-4", "route"], ["-6", "route"], ["-o", "address", "show", "dev", "eth0", "scope", "global"])
        return tuple(net.run("n1", "ip", *command).stdout.replace(" linkdown", "") for command in commands)

    before = configuration()
    net.answer("started", kind="nic_down", interface="eth0")
    assert not net.reaches("n2", "n1")
    assert "fd78::1/64" in configuration()[2]
    assert "default" not in configuration()[0]
    net.answer("healed", id=None)
    wait(lambda: configuration() == before, f"{configuration()} is as before, {before}")
    assert net.run("n1", "cat", "/proc/sys/net/ipv6/conf/eth0/keep_addr_on_down").stdout == "0\n"
    wait(lambda: net.reaches("n1", "n2") and net.reaches("n1", "n2", 6), "it reaches its peer")


def test_an_address_that_left_meanwhile_is_not_put_back(net: Net) -> None:
    for address in ("10.78.0.100/24", "fd78::100/64"):
        net.run("n1", "ip", "address", "add", address, "dev", "eth0", "nodad")
    net.answer("started", kind="nic_down", interface="eth0")
    for address in ("10.78.0.100/24", "fd78::100/64"):
        net.run("n1", "ip", "address", "delete", address, "dev", "eth0")
    net.answer("healed", id=None)
    shown = net.run("n1", "ip", "-o", "address", "show", "dev", "eth0").stdout
    assert "fd78::1/64" in shown
    assert "::100" not in shown
    assert "0.100" not in shown
