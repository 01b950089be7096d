# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out StartGroup, StopServices and StopGroup, one procedure per group at a time.

The hot path - addresses up and announced - happens inside the call, without a program being started and without
the disk. Services follow one by one, left to right, each asked for its status first: what runs is left running.
A new order replaces the procedure that is under way as soon as its current script has ended (a pause ends at
once); that script is never run twice at the same time. Every procedure starts from what the scripts say, not from
memory, so it may be repeated after a crash. A report is a step of a procedure like any other: whoever hears it may
give the next order at once.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Callable, Optional, Protocol, Union

from ..core.effects import Level
from ..core.events import GroupReport, Stage
from .agents import Agent, AgentNotFoundError, Toolbox, is_running
from .clock import MS, SECOND
from .worker import Outcome, Task

if TYPE_CHECKING:
    from ..settings.model import Group, Service
    from .addresses import Addresses
    from .announce import Announcer
    from .loop import Loop, Timer

STOP_RETRIES = 10
STOP_RETRY_NS = 1 * SECOND
READY_LOOK_NS = MS // 5
READY_PATIENCE_NS = 1 * SECOND


class Runner(Protocol):
    """What runs programs apart from the loop."""

    def run(self, task: Task, done: Callable[[Outcome], None]) -> int:
        """Start a task; ``done`` is called later."""


@dataclass(frozen=True)
class _Pause:
    ns: int


Step = Union[Task, _Pause, GroupReport]
Procedure = Generator[Step, Optional[Outcome], None]


@dataclass
class _Work:
    """What is going on with one group."""

    procedure: Procedure | None = None
    busy: bool = False  # a script runs
    timer: Timer | None = None
    next: Procedure | None = None
    waiting: Timer | None = None  # addresses are up, but the kernel is not ready for their packets
    orders: int = 0  # how many were given so far
    services_down: bool = False
    started_with: tuple[Service, ...] = ()


class Groups:
    """All groups of this node."""

    def __init__(
        self,
        loop: Loop,
        runner: Runner,
        addresses: Addresses,
        announcer: Announcer,
        *,
        report: Callable[[GroupReport], None],
        log: Callable[[Level, str, Mapping[str, str]], None],
    ) -> None:
        """``report`` may give the next order before it returns; ``log(level, code, facts)``."""
        self._loop, self._runner, self._addresses, self._announcer = loop, runner, addresses, announcer
        self._report, self._log = report, log
        self._tools: Toolbox | None = None
        self._groups: dict[str, Group] = {}
        self._work: dict[str, _Work] = {}
        self._number = 0
        self.last_take_us: dict[str, int] = {}

    def configure(self, groups: Sequence[Group], tools: Toolbox) -> None:
        """These groups and scripts from now on. Groups that vanished can still be stopped."""
        self._tools = tools
        self._groups.update({group.key: group for group in groups})

    def start(self, key: str) -> None:
        """StartGroup. The addresses are up when this returns, and announced (IPv6: as soon as the kernel takes their
        packets), or START_FAILED is reported."""
        began = time.perf_counter_ns()
        problem = self._addresses.add(key)
        self._forget_waiting(key)
        if problem is None:
            self._announce_when_ready(key, began, time.perf_counter_ns(), self._loop.now() + READY_PATIENCE_NS)
        else:
            self._order(key, self._starting(key, problem))

    def _announce_when_ready(self, key: str, began: int, added: int, patience_ends: int) -> None:
        work = self._work.setdefault(key, _Work())
        work.waiting = None
        now = self._loop.now()
        if not self._addresses.ready(key) and now < patience_ends:
            again = partial(self._announce_when_ready, key, began, added, patience_ends)
            work.waiting = self._loop.call_at(now + READY_LOOK_NS, again)
            return
        ready = time.perf_counter_ns()
        self._announcer.announce(key)
        us = {"add_us": (added - began) // 1000, "ready_us": (ready - added) // 1000}
        us["garp_us"] = (time.perf_counter_ns() - ready) // 1000
        self.last_take_us = us
        orders = work.orders
        self._report(GroupReport(key, Stage.ADDRESSES_UP))
        facts = {"group": key, "addresses": str(len(self._addresses.places(key)))}
        self._log(Level.NOTICE, "addresses-up", {**facts, **{name: str(value) for name, value in us.items()}})
        if work.orders == orders:  # else the report has led to another order, and that one counts
            self._order(key, self._starting(key, None))

    def _forget_waiting(self, key: str) -> None:
        waiting = self._work.setdefault(key, _Work()).waiting
        if waiting is not None:
            waiting.cancel()

    def stop_services(self, key: str) -> None:
        """StopServices: the addresses stay, but are no longer announced."""
        self._forget_waiting(key)
        self._announcer.silence(key)
        self._order(key, self._stopping(key, addresses=False))

    def stop(self, key: str) -> None:
        """StopGroup."""
        self._forget_waiting(key)
        self._announcer.silence(key)
        self._order(key, self._stopping(key, addresses=True))

    def announce(self, key: str) -> None:
        """Announce."""
        self._announcer.announce(key)

    def busy(self) -> bool:
        """Is any procedure under way?"""
        return any(work.procedure is not None for work in self._work.values())

    # --- procedures ---------------------------------------------------------------------------------------

    def _starting(self, key: str, problem: str | None) -> Procedure:
        group, work = self._groups[key], self._work[key]
        services = group.services()
        started: list[Service] = []
        gone = [service for service in work.started_with if service not in services]
        for service in reversed(gone):  # a reload took it out of the group
            yield from self._stop_service(key, service)
        work.services_down, work.started_with = False, services
        for service in services if problem is None else ():
            started.append(service)
            problem = yield from self._start_service(key, service)
            if problem is not None:
                break
        if problem is None:
            yield GroupReport(key, Stage.STARTED)
            return
        self._announcer.silence(key)
        for service in reversed(started):
            stuck = yield from self._stop_service(key, service)
            if stuck is not None:
                yield GroupReport(key, Stage.STOP_FAILED, stuck)
                return
        stuck = self._addresses.remove(key)
        if stuck is not None:
            yield GroupReport(key, Stage.STOP_FAILED, stuck)
            return
        work.services_down, work.started_with = True, ()
        yield GroupReport(key, Stage.START_FAILED, problem)

    def _stopping(self, key: str, *, addresses: bool) -> Procedure:
        group, work = self._groups[key], self._work[key]
        if not work.services_down:
            services = list(dict.fromkeys((*work.started_with, *group.services())))
            for service in reversed(services):
                stuck = yield from self._stop_service(key, service)
                if stuck is not None:
                    yield GroupReport(key, Stage.STOP_FAILED, stuck)
                    return
            work.services_down, work.started_with = True, ()
        if not addresses:
            yield GroupReport(key, Stage.SERVICES_STOPPED)
            return
        stuck = self._addresses.remove(key)
        yield GroupReport(key, Stage.STOPPED if stuck is None else Stage.STOP_FAILED, stuck or "")

    def _start_service(self, key: str, service: Service) -> Generator[Step, Outcome | None, str | None]:
        try:
            agent = self._toolbox().find(service)
        except AgentNotFoundError as error:
            return str(error)
        if (yield from self._running(agent)):
            self._log(Level.INFO, "service-runs", {"group": key, "service": service.text or service.name})
            return None
        outcome = yield from self._call(agent, "start")
        if outcome.ok:
            self._log(Level.INFO, "service-started", {"group": key, "service": service.text or service.name})
            return None
        return f"{service.text or service.name} start: {outcome.describe()}"

    def _stop_service(self, key: str, service: Service) -> Generator[Step, Outcome | None, str | None]:
        name = service.text or service.name
        try:
            agent = self._toolbox().find(service)
        except AgentNotFoundError as error:
            self._log(Level.WARNING, "service-missing", {"group": key, "service": name, "detail": str(error)})
            return None  # what does not exist does not run
        outcome: Outcome | None = None
        for attempt in range(STOP_RETRIES):
            outcome = yield from self._call(agent, "stop")
            if outcome.ok:
                self._log(Level.INFO, "service-stopped", {"group": key, "service": name})
                return None
            if not (yield from self._running(agent)):
                detail = outcome.describe()
                self._log(Level.WARNING, "service-not-lsb", {"group": key, "service": name, "detail": detail})
                return None
            facts = {"group": key, "service": name, "attempt": str(attempt + 1), "detail": outcome.describe()}
            self._log(Level.WARNING, "service-stop-retry", facts)
            yield _Pause(STOP_RETRY_NS)
        return f"{name} stop: {outcome.describe() if outcome else ''}"

    def _running(self, agent: Agent) -> Generator[Step, Outcome | None, bool]:
        return is_running(agent, (yield from self._call(agent, "status")))

    def _call(self, agent: Agent, action: str) -> Generator[Step, Outcome | None, Outcome]:
        outcome = yield self._task(agent, action)
        return outcome or Outcome(None, error="no outcome")

    def _task(self, agent: Agent, action: str) -> Task:
        self._number += 1
        return self._toolbox().task(agent, action, self._number)

    def _toolbox(self) -> Toolbox:
        if self._tools is None:
            raise RuntimeError("configure() comes first")
        return self._tools

    # --- running them -------------------------------------------------------------------------------------

    def _order(self, key: str, procedure: Procedure) -> None:
        work = self._work.setdefault(key, _Work())
        work.orders += 1
        if work.busy:
            work.next = procedure
            return
        if work.timer is not None:
            work.timer.cancel()
            work.timer = None
        if work.procedure is not None:
            work.procedure.close()
        work.procedure = procedure
        self._advance(key, work, None)

    def _advance(self, key: str, work: _Work, outcome: Outcome | None) -> None:
        if work.next is not None:
            if work.procedure is not None:
                work.procedure.close()
            work.procedure, work.next, outcome = work.next, None, None
        procedure = work.procedure
        while procedure is not None and work.procedure is procedure:  # a report may have led to another order
            try:
                step = procedure.send(outcome)
            except StopIteration:
                work.procedure = None
                return
            if isinstance(step, GroupReport):
                outcome = None
                self._report(step)
            elif isinstance(step, Task):
                work.busy = True
                self._runner.run(step, lambda result: self._done(key, work, result))
                return
            else:
                work.timer = self._loop.call_at(self._loop.now() + step.ns, lambda: self._resume(key, work))
                return

    def _done(self, key: str, work: _Work, outcome: Outcome) -> None:
        work.busy = False
        self._advance(key, work, outcome)

    def _resume(self, key: str, work: _Work) -> None:
        work.timer = None
        self._advance(key, work, None)
