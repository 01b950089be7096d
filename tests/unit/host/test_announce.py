# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from heartbeat.host.announce import BURST, SCHEDULE_NS, Announcer
from heartbeat.host.clock import MS, SECOND
from heartbeat.host.rtnl import Device

ETH0 = Device(2, "eth0", b"\2" * 6, 1, True)


class Wire:
    """Stands for packet sockets: records what is sent, and when."""

    def __init__(self, loop: Any) -> None:
        self.loop, self.opened, self.sent = loop, [], []
        self.broken = False

    def open(self, device: str) -> Any:
        self.opened.append(device)
        return self

    def send(self, frame: bytes) -> None:
        if self.broken:
            raise OSError(100, "Network is down")
        self.sent.append((self.loop.now(), frame))

    def close(self) -> None:
        pass

    def times(self) -> list[int]:
        return sorted({moment for moment, _frame in self.sent})


@pytest.fixture
def wire(virtual: Any) -> Wire:
    return Wire(virtual)


def make(virtual: Any, wire: Wire, vips: int = 1, may: Any = lambda key: True) -> tuple[Announcer, list[str]]:
    errors: list[str] = []
    announcer = Announcer(virtual, may, lambda device, text: errors.append(f"{device}: {text}"), opener=wire.open)
    announcer.prepare({"g": [(f"10.0.{n // 250}.{n % 250 + 1}", "eth0") for n in range(vips)]}, {"eth0": ETH0})
    return announcer, errors


def test_the_first_announcement_is_sent_before_announce_returns(virtual: Any, wire: Wire) -> None:
    announcer, _errors = make(virtual, wire)
    assert wire.opened == ["eth0"]  # at start, not in the hot path
    announcer.announce("g")
    assert [moment for moment, _frame in wire.sent] == [0, 0]


def test_it_is_repeated_while_caches_settle_and_then_every_minute(virtual: Any, wire: Wire) -> None:
    announcer, _errors = make(virtual, wire)
    announcer.announce("g")
    virtual.run_until(122 * SECOND)
    assert wire.times() == [0, *SCHEDULE_NS, 61 * SECOND, 121 * SECOND]


def test_silence_ends_it(virtual: Any, wire: Wire) -> None:
    announcer, _errors = make(virtual, wire)
    announcer.announce("g")
    virtual.run_until(2 * MS)
    announcer.silence("g")
    virtual.run_until(90 * SECOND)
    assert max(wire.times()) <= 2 * MS


def test_a_group_that_is_being_given_is_not_announced(virtual: Any, wire: Wire) -> None:
    allowed = [True]
    announcer, _errors = make(virtual, wire, may=lambda key: allowed[0])
    announcer.announce("g")
    allowed[0] = False
    virtual.run_until(90 * SECOND)
    assert wire.times() == [0]


def test_repetitions_that_a_frozen_process_missed_are_not_made_up_for(virtual: Any, wire: Wire) -> None:
    announcer, _errors = make(virtual, wire)
    announcer.announce("g")
    virtual.time = 200 * SECOND  # asleep
    virtual.run_until(200 * SECOND + 1)
    assert wire.times() == [0, 200 * SECOND]


def test_large_sets_are_paced(virtual: Any, wire: Wire) -> None:
    announcer, _errors = make(virtual, wire, vips=200)
    announcer.announce("g")
    assert len(wire.sent) == BURST
    virtual.run_until(1 * MS - 1)
    assert len(wire.sent) == BURST
    virtual.run_until(900 * MS)
    per_moment = [sum(1 for moment, _ in wire.sent if moment == t) for t in wire.times()]
    assert max(per_moment) <= BURST
    assert {frame for _moment, frame in wire.sent[:400]} == {f for _m, f in wire.sent}  # every VIP in the first round


def test_what_waits_of_a_group_that_is_given_away_is_not_sent(virtual: Any, wire: Wire) -> None:
    announcer, _errors = make(virtual, wire, vips=BURST)
    announcer.announce("g")
    announcer.silence("g")
    virtual.run_until(SECOND)
    assert wire.times() == [0]
    wire.sent.clear()
    announcer.announce("g")  # and it comes back: all of it is announced, at the same pace
    assert len(wire.sent) == BURST
    virtual.run_until(SECOND + 2 * MS)
    assert len({frame for _moment, frame in wire.sent}) == 2 * BURST


def test_a_failing_device_is_reported_and_costs_nothing_else(virtual: Any, wire: Wire) -> None:
    announcer, errors = make(virtual, wire)
    wire.broken = True
    announcer.announce("g")
    assert errors == ["eth0: [Errno 100] Network is down"] * 2
    assert announcer.failed == 2


def test_a_device_that_comes_back_is_reopened_and_announced_again(virtual: Any, wire: Wire) -> None:
    announcer, _errors = make(virtual, wire)
    announcer.announce("g")
    virtual.run_until(2 * SECOND)
    before = len(wire.sent)
    announcer.device_changed(ETH0, True)
    announcer.device_changed(Device(9, "eth0", b"\3" * 6, 1, True), False)
    assert wire.opened == ["eth0", "eth0"]
    assert len(wire.sent) == before + 2
    assert b"\3" * 6 in wire.sent[-1][1]


def test_devices_that_are_not_ethernet_are_left_alone(virtual: Any, wire: Wire) -> None:
    announcer = Announcer(virtual, lambda key: True, lambda device, text: None, opener=wire.open)
    announcer.prepare({"g": [("10.0.0.1", "tun0")]}, {"tun0": Device(5, "tun0", b"", 65534, True)})
    announcer.announce("g")
    assert wire.sent == []
