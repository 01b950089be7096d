# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Media on the loopback device: real sockets, nothing leaves the machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from heartbeat.host import links
from heartbeat.host.links import Links, describe, resolve
from heartbeat.host.loop import Loop
from heartbeat.host.rtnl import Device
from heartbeat.settings.model import Bcast, Mcast, Ucast

LO = {"lo": Device(socket.if_nametoindex("lo"), "lo", bytes(6), 772, True)}
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="binding to a device needs root")


class Bench:
    def __init__(self) -> None:
        self.loop = Loop()
        self.heard: list[tuple[bytes, str]] = []
        self.errors: list[str] = []
        self.links = Links(
            self.loop,
            lambda data, link: self.heard.append((data, link)),
            lambda medium, why: self.errors.append(f"{medium}: {why}"),
        )

    def turn_until(self, condition: Callable[[], object]) -> None:
        for _ in range(500):
            if condition():
                return
            self.loop.call_at(self.loop.now() + 2_000_000, lambda: None)
            self.loop.turn(lambda: None, lambda late: None, lambda: None)
        raise AssertionError(f"{self.heard} {self.errors}")


@pytest.fixture
def bench() -> Iterator[Bench]:
    found = Bench()
    yield found
    found.links.close()
    found.loop.close()


@pytest.fixture
def port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def say(port: int, data: bytes, address: str = "127.0.0.1") -> int:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(data, (address, port))
        return int(client.getsockname()[1])


def test_a_datagram_arrives_with_its_device_as_the_link(bench: Bench, port: int) -> None:
    assert bench.links.open([Ucast("lo", "127.0.0.2", port)], LO, {}) == []
    say(port, b"hello")
    bench.turn_until(lambda: bench.heard)
    assert bench.heard == [(b"hello", "lo")]


def test_ipv6_unicast_works_too(bench: Bench, port: int) -> None:
    if not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("no IPv6 here")
    assert bench.links.open([Ucast("lo", "::1", port)], LO, {}) == []
    say(port, b"hello", "::1")
    bench.turn_until(lambda: bench.heard)


def test_lines_for_one_device_share_a_receiver_and_each_sends(bench: Bench, port: int) -> None:
    media = [Ucast("lo", "127.0.0.2", port), Ucast("lo", "127.0.0.3", port)]
    assert bench.links.open(media, LO, {}) == []
    bench.links.send(b"x")
    assert [entry["sent"] for entry in bench.links.counters().values()] == [1, 1]
    say(port, b"once")
    bench.turn_until(lambda: bench.heard)
    assert bench.heard == [(b"once", "lo")]


def test_what_we_said_ourselves_is_not_decoded_when_it_comes_back(bench: Bench, port: int) -> None:
    bench.links.open([Ucast("lo", "127.0.0.2", port)], LO, {})
    bench.links.send(b"mine")
    bench.turn_until(lambda: bench.links.looped_back == 1)
    say(port, b"theirs")
    bench.turn_until(lambda: bench.heard)
    assert bench.heard == [(b"theirs", "lo")]


def test_a_line_for_our_own_address_only_listens(bench: Bench, port: int) -> None:
    media = [Ucast("lo", "127.0.0.2", port), Ucast("lo", "127.0.0.3", port)]
    bench.links.open(media, LO, {}, own=["127.0.0.2"])
    bench.links.send(b"x")
    assert [entry["sent"] for entry in bench.links.counters().values()] == [0, 1]


def test_the_options_that_peers_and_switches_see(bench: Bench, port: int) -> None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    listener.bind(("127.0.0.9", port))
    bench.links.open([Ucast("lo", "127.0.0.9", port)], LO, {})
    bench.links.send(b"x")
    data, ancillary, _flags, sender = listener.recvmsg(100, 100)
    listener.close()
    assert data == b"x"
    assert sender[1] != port  # an ephemeral source port
    assert ancillary[0][2][0] == 0x10  # low delay


def test_multicast_is_sent_and_joined(bench: Bench, port: int) -> None:
    assert bench.links.open([Mcast("lo", "239.255.77.1", port, 0, True)], LO, {}) == []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        client.sendto(b"group", ("239.255.77.1", port))
    bench.turn_until(lambda: bench.heard)


def test_a_missing_interface_is_named_with_what_there_is(bench: Bench, port: int) -> None:
    problems = bench.links.open([Ucast("eth77", "10.0.0.1", port), Bcast("lo", port)], LO, {})
    assert problems == ["ucast eth77 10.0.0.1: interface eth77 does not exist on this machine (it has: lo)"]
    say(port, b"the other medium works")
    bench.turn_until(lambda: bench.heard)


def test_a_send_that_fails_is_counted_and_reported_and_nothing_else(bench: Bench, port: int) -> None:
    media = [Ucast("lo", "192.0.2.1", port), Ucast("lo", "127.0.0.2", port)]
    bench.links.open(media, LO, {})
    bench.links.send(b"x" * 65_600)  # too large for any datagram
    assert [entry["errors"] for entry in bench.links.counters().values()] == [1, 1]
    assert len(bench.errors) == 2


def test_reopening_with_other_media_keeps_the_rest(bench: Bench, port: int) -> None:
    first, second = Ucast("lo", "127.0.0.2", port), Ucast("lo", "127.0.0.3", port)
    bench.links.open([first], LO, {})
    bench.links.send(b"x")
    bench.links.open([first, second], LO, {})
    assert bench.links.counters()[describe(first)]["sent"] == 1
    bench.links.open([second], LO, {})
    assert list(bench.links.counters()) == [describe(second)]
    say(port, b"still there")
    bench.turn_until(lambda: (b"still there", "lo") in bench.heard)


def test_names_are_only_taken_from_what_was_looked_up() -> None:
    assert resolve("peer.example", 694, "lo", {"peer.example": "192.0.2.7"})[1] == ("192.0.2.7", 694)
    with pytest.raises(OSError, match="cannot be resolved"):
        resolve("peer.example", 694, "lo", {})


def test_a_device_with_a_new_index_is_opened_anew(bench: Bench, port: int) -> None:
    medium = Ucast("lo", "127.0.0.2", port)
    bench.links.open([medium], LO, {})
    moved: Any = Device(LO["lo"].index + 1000, "lo", bytes(6), 772, True)
    bench.links.device_changed(moved, False)
    say(port, b"after")
    bench.turn_until(lambda: bench.heard)
    assert bench.errors == []


def test_what_cannot_be_opened_anew_is_tried_again_with_the_next_news_of_the_device(
    bench: Bench, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    medium = Ucast("lo", "127.0.0.2", port)
    bench.links.open([medium], LO, {})
    moved: Any = Device(LO["lo"].index + 1000, "lo", bytes(6), 772, True)
    with monkeypatch.context() as patch:
        patch.setattr(links, "_udp", refuse)
        bench.links.device_changed(moved, False)
    assert bench.errors == [f"{describe(medium)}: not yet"]
    bench.links.send(b"into the void")
    bench.links.device_changed(moved, False)
    bench.links.send(b"after")
    assert bench.links.counters()[describe(medium)] == {"sent": 1, "errors": 1}


def refuse(family: int, device: str) -> socket.socket:
    raise OSError(1, "not yet")
