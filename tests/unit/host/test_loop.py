# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
from typing import Any

import pytest

from heartbeat.host.clock import MS
from heartbeat.host.loop import Lateness, Loop, drain


class Clock:
    def __init__(self) -> None:
        self.now = 1_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_late_turn_tells_so_first_then_reads_then_judges(clock: Clock) -> None:
    loop = Loop(clock)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    said: list[str] = []
    loop.add_reader(ours, lambda: said.append(f"read {drain(ours, 8)}"))
    loop.call_at(clock.now, lambda: said.append("timer"))
    theirs.send(b"x")
    clock.now += 40 * MS  # not run for 40 ms
    loop.turn(lambda: 1_000, lambda late: said.append(f"woke {late}"), lambda: said.append("tick"))
    assert said == [f"woke {40 * MS}", "read [b'x']", "tick", "timer"]
    assert loop.lateness.snapshot()["late_ms_max"] == 40.0
    for end in (ours, theirs):
        end.close()


def test_data_alone_causes_no_tick(clock: Clock) -> None:
    loop = Loop(clock)
    ours, theirs = socket.socketpair()
    said: list[str] = []
    loop.add_reader(ours, lambda: said.append("read"))
    theirs.send(b"x")
    loop.turn(lambda: clock.now + 10**12, lambda late: said.append("woke"), lambda: said.append("tick"))
    assert said == ["read"]
    for end in (ours, theirs):
        end.close()


def test_a_reader_that_another_one_closed_in_the_same_turn_is_not_called(clock: Clock) -> None:
    loop = Loop(clock)
    pairs = [socket.socketpair(), socket.socketpair()]
    called: list[int] = []

    def ready(index: int) -> None:
        called.append(index)
        for number, (ours, _theirs) in enumerate(pairs):
            if number != index:
                loop.remove(ours)

    for index, (ours, theirs) in enumerate(pairs):
        loop.add_reader(ours, lambda index=index: ready(index))
        theirs.send(b"x")
    loop.turn(lambda: None, lambda late: None, lambda: None)
    assert len(called) == 1
    for pair in pairs:
        for end in pair:
            end.close()


def test_a_reader_whose_number_went_to_another_one_in_the_same_turn_is_not_called(clock: Clock) -> None:
    loop = Loop(clock)
    pairs = [socket.socketpair(), socket.socketpair()]
    called: list[str] = []
    fresh: list[socket.socket] = []

    def ready(index: int) -> None:
        called.append(f"old {index}")
        other = pairs[1 - index][0]
        number = other.fileno()
        loop.remove(other)
        other.close()
        fresh.extend(socket.socketpair())
        assert number in [end.fileno() for end in fresh]
        loop.add_reader(next(end for end in fresh if end.fileno() == number), lambda: called.append("new"))

    for index, (ours, theirs) in enumerate(pairs):
        loop.add_reader(ours, lambda index=index: ready(index))
        theirs.send(b"x")
    loop.turn(lambda: None, lambda late: None, lambda: None)
    assert len(called) == 1
    for end in (*(end for pair in pairs for end in pair), *fresh):
        end.close()


def test_a_cancelled_timer_neither_runs_nor_wakes(clock: Clock) -> None:
    loop = Loop(clock)
    ran: list[str] = []
    loop.call_at(clock.now, lambda: ran.append("no")).cancel()
    loop.call_at(clock.now, lambda: ran.append("yes"))
    loop.turn(lambda: None, lambda late: None, lambda: None)
    assert ran == ["yes"]


def test_drain_stops_at_its_limit() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    for number in range(5):
        theirs.send(b"%d" % number)
    assert drain(ours, 3) == [b"0", b"1", b"2"]
    assert drain(ours, 9) == [b"3", b"4"]
    for end in (ours, theirs):
        end.close()


class FailingSocket:
    """Gives two datagrams, then the error that a device leaves behind."""

    def __init__(self, *datagrams: bytes) -> None:
        self.waiting: list[bytes] = list(datagrams)

    def recv(self, size: int) -> bytes:
        if not self.waiting:
            raise OSError(100, "Network is down")
        return self.waiting.pop(0)


def test_an_error_of_the_device_does_not_take_back_what_has_come() -> None:
    source: Any = FailingSocket(b"0", b"1")
    assert drain(source, 9) == [b"0", b"1"]
    with pytest.raises(OSError, match="Network is down"):
        drain(source, 9)


def test_the_histogram_is_cumulative() -> None:
    late = Lateness()
    for value in (50_000, 300_000, 5_000_000_000):
        late.record(value)
    found = late.snapshot()["late_us_le"]
    assert isinstance(found, dict)
    assert (found["100"], found["500"], found["1000000"], found["inf"]) == (1, 2, 2, 3)
