# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A loop on a virtual clock, and stand-ins for what runs programs."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import pytest

from heartbeat.host.loop import Timer

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.host.worker import Outcome, Task


class VirtualLoop:
    """Timers only; time passes when ``run_until`` says so."""

    def __init__(self) -> None:
        self.time = 0
        self._timers: list[tuple[int, int, Timer]] = []
        self._order = 0

    def now(self) -> int:
        return self.time

    def call_at(self, due_ns: int, call: Callable[[], None]) -> Timer:
        timer = Timer(due_ns, call)
        self._order += 1
        heapq.heappush(self._timers, (due_ns, self._order, timer))
        return timer

    def run_until(self, moment: int) -> None:
        while self._timers and self._timers[0][0] <= moment:
            due, _order, timer = heapq.heappop(self._timers)
            self.time = max(self.time, due)
            if timer.call is not None:
                timer.call()
        self.time = moment


class FakeRunner:
    """Records tasks; the test ends them."""

    def __init__(self) -> None:
        self.tasks: list[tuple[Task, Callable[[Outcome], None]]] = []
        self.killed: list[tuple[int, int]] = []

    def run(self, task: Task, done: Callable[[Outcome], None]) -> int:
        self.tasks.append((task, done))
        return len(self.tasks)

    def kill(self, number: int, signal_number: int = 15) -> None:
        self.killed.append((number, signal_number))

    def end(self, outcome: Outcome, index: int = -1) -> None:
        self.tasks[index][1](outcome)


@pytest.fixture
def virtual() -> VirtualLoop:
    return VirtualLoop()


@pytest.fixture
def runner() -> FakeRunner:
    return FakeRunner()
