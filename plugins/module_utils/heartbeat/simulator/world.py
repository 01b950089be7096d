# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster on a virtual clock: the real core, a simulated network, simulated machines, one seed.

Everything that will happen is in one heap, ordered by (ns, number of arrival); nothing else decides an order, so a
seed repeats exactly.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Callable

from ..core.clock import MS
from ..core.effects import (
    Announce,
    Answer,
    Effect,
    Effects,
    Exit,
    Level,
    Log,
    Send,
    StartGroup,
    StopGroup,
    StopServices,
)
from ..core.events import Command, Event, GroupReport, Heard, PingAnswered, Reloaded, Tick, Verb, Woke
from ..core.node import Node
from ..core.reasons import sentence
from ..settings.model import Configuration
from .courier import Parcel, PlainCourier, WireCourier
from .machine import Machine, Step, Timing
from .network import LINK, Network

_QUIET = (Level.DEBUG, Level.INFO)


@dataclass(frozen=True)
class Line:
    """One line of the timeline."""

    at_ns: int
    machine: str
    text: str


@dataclass
class Asked:
    """A command and its answers; ``orphaned`` when its daemon died before it could answer."""

    machine: str
    command: Command
    run: int
    answers: list[Answer] = field(default_factory=list)
    orphaned: bool = False


class Watcher:
    """What an observer of the world may want to know; the oracle overrides these."""

    def after(self, world: World) -> None:
        """Something has happened."""

    def heard(self, world: World, receiver: str, sender: str, sent_ns: int) -> None:
        """A status sent at ``sent_ns`` was taken in."""

    def announced(self, world: World, machine: Machine, key: str) -> None:
        """A machine tells the network where a group's addresses are."""

    def interrupted(self, world: World, machine: str) -> None:
        """A daemon died, froze, woke up or started."""


class World:
    """``wire``: carry real datagrams. ``configuration``: the same on every machine."""

    def __init__(
        self,
        configuration: Configuration,
        rng: random.Random,
        *,
        wire: bool = False,
        timing: Timing | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self.configuration = configuration
        self.rng = rng
        self.now = 0
        self.network = Network(rng)
        self.machines = {
            name: Machine(name, configuration, rng, timing or Timing()) for name in configuration.settings.nodes
        }
        self.lines: list[Line] = []
        self.asked: list[Asked] = []
        self.events = 0
        self._wire = wire
        self._watcher = watcher or Watcher()
        self._heap: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._ticks: dict[str, int] = {}

    # --- time ---------------------------------------------------------------------------------------------

    def at(self, moment: int, action: Callable[[], None]) -> None:
        """Let something happen at a moment (ns, not in the past)."""
        self._count += 1
        heapq.heappush(self._heap, (max(moment, self.now), self._count, action))

    def run_until(self, moment: int) -> None:
        """Play everything up to a moment (ns), that moment included."""
        while self._heap and self._heap[0][0] <= moment:
            self.now, _number, action = heapq.heappop(self._heap)
            self.events += 1
            action()
            self._watcher.after(self)
        self.now = moment

    def note(self, machine: str, text: str) -> None:
        """A line of the timeline."""
        self.lines.append(Line(self.now, machine, text))

    # --- machines and daemons -----------------------------------------------------------------------------

    def boot(self, name: str) -> None:
        """Power on if need be, and start the daemon; harmless when it runs."""
        machine = self.machines[name]
        if machine.node is not None:
            return
        machine.powered = True
        machine.run += 1
        machine.generation += 1
        make: type[WireCourier] | type[PlainCourier] = WireCourier if self._wire else PlainCourier
        machine.courier = make(name, machine.generation, machine.configuration, self.rng)
        found = frozenset(machine.addresses)
        machine.node = Node(name, machine.configuration, found=found, now=self.now)
        self.note(name, "the daemon starts" + (" and finds leftover addresses" if found else ""))
        self._watcher.interrupted(self, name)
        self._apply(machine, machine.node.start(self.now))
        for ping in machine.configuration.settings.pings:
            self._ping(machine, machine.run, ping.name)

    def kill(self, name: str) -> None:
        """Kill -9: addresses and services stay as they are, scripts die."""
        machine = self.machines[name]
        for asked in self.asked:
            if asked.machine == name and asked.run == machine.run and not asked.answers:
                asked.orphaned = True
        machine.node = machine.courier = machine.frozen_since = None
        machine.backlog.clear()
        machine.reports.clear()
        machine.run += 1
        self._watcher.interrupted(self, name)

    def power_off(self, name: str) -> None:
        """Everything of the machine is gone at once."""
        self.kill(name)
        machine = self.machines[name]
        machine.powered = False
        machine.addresses.clear()
        machine.services.clear()

    def freeze(self, name: str) -> None:
        """SIGSTOP, or a paused virtual machine whose network still queues."""
        machine = self.machines[name]
        if machine.running():
            machine.frozen_since = self.now
            self._watcher.interrupted(self, name)

    def thaw(self, name: str) -> None:
        """SIGCONT: the gap is noticed first, then what has queued up is taken in."""
        machine = self.machines[name]
        if machine.node is None or machine.frozen_since is None:
            return
        gap, machine.frozen_since = self.now - machine.frozen_since, None
        self.note(name, f"runs again after {gap // MS} ms")
        self._watcher.interrupted(self, name)
        self.deliver(machine, Woke(gap // MS))
        backlog, machine.backlog = machine.backlog, []
        reports, machine.reports = machine.reports, []
        for parcel, link, sent in backlog:
            self._receive(machine, parcel, link, sent)
        for report in reports:
            self.deliver(machine, report)

    def ask(self, name: str, command: Command) -> None:
        """An operator asks the daemon of a machine; nothing happens when it does not run."""
        machine = self.machines[name]
        if machine.running():
            numbered = Command(command.verb, command.scope, command.key, len(self.asked) + 1)
            self.asked.append(Asked(name, numbered, machine.run))
            self.deliver(machine, numbered)

    def reload(self, name: str, configuration: Configuration) -> None:
        """A new configuration for one machine; a running daemon reads it now."""
        machine = self.machines[name]
        machine.configuration = configuration
        if machine.courier is not None:
            machine.courier.reconfigure(configuration)
        if machine.running():
            self.deliver(machine, Reloaded(configuration))

    def calm(self) -> bool:
        """Does every daemon run, and is none of them starting or ending?"""
        return all(
            machine.node is not None and machine.frozen_since is None and machine.node.ready()
            for machine in self.machines.values()
        )

    def holders(self, key: str) -> tuple[str, ...]:
        """The machines on which a group's addresses are configured."""
        return tuple(name for name, machine in self.machines.items() if key in machine.addresses)

    # --- events in, effects out ---------------------------------------------------------------------------

    def deliver(self, machine: Machine, event: Event) -> None:
        """Hand one event to a running daemon and carry out what it wants."""
        if machine.node is not None and machine.frozen_since is None:
            self._apply(machine, machine.node.handle(event, self.now))

    def _apply(self, machine: Machine, effects: Effects) -> None:
        for effect in effects:
            self._carry_out(machine, effect)
        if machine.node is not None:
            self._schedule(machine)

    def _carry_out(self, machine: Machine, effect: Effect) -> None:
        if isinstance(effect, Send) and machine.courier is not None:
            self._transmit(machine, machine.courier.send(effect.message, self.now))
        elif isinstance(effect, StartGroup):
            self._operate(machine, effect.key, machine.starting(effect.key))
        elif isinstance(effect, StopServices):
            self._operate(machine, effect.key, machine.stopping_services(effect.key))
        elif isinstance(effect, StopGroup):
            self._operate(machine, effect.key, machine.stopping(effect.key))
        elif isinstance(effect, Announce):
            self._watcher.announced(self, machine, effect.key)
        elif isinstance(effect, Log) and effect.level not in _QUIET:
            self.note(machine.name, sentence(effect.code, effect.facts))
        elif isinstance(effect, Answer):
            self._answered(machine, effect)
        elif isinstance(effect, Exit):
            self.note(machine.name, "the daemon ends")
            self.kill(machine.name)

    def _answered(self, machine: Machine, answer: Answer) -> None:
        self.note(machine.name, f"answers {'yes' if answer.ok else 'no'}: {answer.text}")
        if answer.request:
            self.asked[answer.request - 1].answers.append(answer)

    def _schedule(self, machine: Machine) -> None:
        """One tick at the earliest deadline of node and courier; a later schedule makes this one void."""
        moments = [machine.node.next_deadline() if machine.node else None]
        moments.append(machine.courier.next_deadline() if machine.courier else None)
        known = [moment for moment in moments if moment is not None]
        if not known:
            return
        self._ticks[machine.name] = ticket = self._ticks.get(machine.name, 0) + 1
        self.at(min(known), lambda: self._tick(machine, ticket))

    def _tick(self, machine: Machine, ticket: int) -> None:
        if self._ticks.get(machine.name) != ticket or machine.node is None or machine.frozen_since is not None:
            return
        if machine.courier is not None:
            self._transmit(machine, machine.courier.due(self.now, machine.node.statuses()))
        self.deliver(machine, Tick())

    # --- network ------------------------------------------------------------------------------------------

    def _transmit(self, machine: Machine, parcels: tuple[Parcel, ...]) -> None:
        for parcel in parcels:
            for other in self.machines.values():
                if other is not machine:
                    for delay in self.network.carry(machine.name, other.name):
                        self._travel(other, parcel, delay)

    def _travel(self, receiver: Machine, parcel: Parcel, delay: int) -> None:
        sent = self.now
        self.at(sent + delay, lambda: self._arrive(receiver, parcel, sent))

    def _arrive(self, receiver: Machine, parcel: Parcel, sent: int) -> None:
        if receiver.node is None:
            return
        if receiver.frozen_since is not None:
            receiver.backlog.append((parcel, LINK, sent))
        else:
            self._receive(receiver, parcel, LINK, sent)

    def _receive(self, receiver: Machine, parcel: Parcel, link: str, sent: int) -> None:
        if receiver.node is None or receiver.courier is None:
            return
        delivery = receiver.courier.receive(parcel, link, self.now, receiver.node.statuses())
        self._transmit(receiver, delivery.answers)
        for event in delivery.events:
            self.deliver(receiver, event)
            if isinstance(event, Heard) and event.message.kind == "status":
                self._watcher.heard(self, receiver.name, event.peer, sent)
        if receiver.node is not None:
            self._schedule(receiver)

    def _ping(self, machine: Machine, run: int, ping: str) -> None:
        """Echo requests at every keepalive, as long as this life of the daemon lasts."""
        if machine.run != run:
            return
        if (machine.name, ping) not in self.network.dark_pings:
            self.deliver(machine, PingAnswered(ping))
        keepalive = machine.configuration.settings.keepalive_ms * MS
        self.at(self.now + keepalive, lambda: self._ping(machine, run, ping))

    # --- the host -----------------------------------------------------------------------------------------

    def _operate(self, machine: Machine, key: str, steps: Iterator[Step]) -> None:
        """Play the steps of an operation one after the other, unless another one supersedes it or its daemon dies."""
        self._next_step(machine, key, machine.begin(key), machine.run, list(steps))

    def _next_step(self, machine: Machine, key: str, number: int, run: int, queue: list[Step]) -> None:
        if not queue:
            return
        (delay, change, stage), rest = queue[0], queue[1:]

        def done() -> None:
            if machine.operation.get(key) != number or machine.run != run:
                return
            if change is not None:
                self._change(machine, key, change)
            if stage is not None:
                self._report(machine, GroupReport(key, stage, "as simulated"))
            self._next_step(machine, key, number, run, rest)

        self.at(self.now + delay, done)

    def _change(self, machine: Machine, key: str, change: str) -> None:
        machine.change(key, change)
        if change == "+address":
            self.note(machine.name, f"{key}: address up")
            self._watcher.announced(self, machine, key)
        elif change == "-address":
            self.note(machine.name, f"{key}: address down")

    def _report(self, machine: Machine, report: GroupReport) -> None:
        if machine.frozen_since is not None:
            machine.reports.append(report)
        else:
            self.deliver(machine, report)


def shut_down(world: World, name: str) -> None:
    """Ask a daemon to hand over and end."""
    world.ask(name, Command(Verb.SHUTDOWN))
