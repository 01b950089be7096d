# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong, and what operators do meanwhile: each a small value that can be printed, repeated and left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Callable

from ..core.clock import MS
from ..core.events import Command, Verb
from ..settings.model import Configuration
from .machine import Scripts
from .world import World


@dataclass(frozen=True)
class Fault:
    """``kind`` is a name of :data:`KINDS`; ``nodes`` whom it hits (in order), ``value`` how much (ms, percent),
    ``word`` what else it needs (a scope, a group, a ping node)."""

    kind: str
    nodes: tuple[str, ...] = ()
    value: int = 0
    word: str = ""

    def __str__(self) -> str:
        parts = [self.kind, " ".join(self.nodes), str(self.value) if self.value else "", self.word]
        return " ".join(part for part in parts if part)

    def strike(self, world: World) -> None:
        """Let it happen now."""
        world.note("*", str(self))
        KINDS[self.kind](world, self)


@dataclass(frozen=True)
class Step:
    """A fault and its moment (ns)."""

    at_ns: int
    fault: Fault


Schedule = tuple[Step, ...]


def _cut(world: World, fault: Fault) -> None:
    world.network.cut.add((fault.nodes[0], fault.nodes[1]))


def _isolate(world: World, fault: Fault) -> None:
    for other in world.machines:
        for node in fault.nodes:
            if other not in fault.nodes:
                world.network.cut |= {(node, other), (other, node)}


def _freeze(world: World, fault: Fault) -> None:
    name = fault.nodes[0]
    world.freeze(name)
    world.at(world.now + fault.value * MS, lambda: world.thaw(name))


def _ask(verb: Verb) -> Callable[[World, Fault], None]:
    def ask(world: World, fault: Fault) -> None:
        key = fault.word if any(group.key == fault.word for group in world.configuration.groups) else None
        scope = "group" if key else fault.word or "all"
        world.ask(fault.nodes[0], Command(verb, scope, key))

    return ask


def _scripts(**changes: bool) -> Callable[[World, Fault], None]:
    def change(world: World, fault: Fault) -> None:
        world.machines[fault.nodes[0]].scripts[fault.word] = Scripts(extra_ns=fault.value * MS, **changes)

    return change


def _ping(lost: bool) -> Callable[[World, Fault], None]:
    def change(world: World, fault: Fault) -> None:
        pairs = {(node, fault.word) for node in fault.nodes}
        if lost:
            world.network.dark_pings |= pairs
        else:
            world.network.dark_pings -= pairs

    return change


def _loss(world: World, fault: Fault) -> None:
    world.network.loss = fault.value


def _duplicates(world: World, fault: Fault) -> None:
    world.network.duplicates = fault.value


def _delay(world: World, fault: Fault) -> None:
    world.network.delay = (MS // 10, max(fault.value * MS, 4 * MS // 10))


def _heal(world: World, fault: Fault) -> None:
    del fault
    world.network.heal()


def _boot(world: World, fault: Fault) -> None:
    world.boot(fault.nodes[0])


def _kill(world: World, fault: Fault) -> None:
    world.kill(fault.nodes[0])


def _power_off(world: World, fault: Fault) -> None:
    world.power_off(fault.nodes[0])


#: name -> what it does. The vocabulary is that of Jepsen and of the pacemaker CTS.
KINDS: dict[str, Callable[[World, Fault], None]] = {
    "boot": _boot,
    "kill": _kill,
    "power-off": _power_off,
    "freeze": _freeze,
    "stop": _ask(Verb.SHUTDOWN),
    "standby": _ask(Verb.STANDBY),
    "takeover": _ask(Verb.TAKEOVER),
    "cut": _cut,
    "isolate": _isolate,
    "heal": _heal,
    "loss": _loss,
    "duplicates": _duplicates,
    "delay": _delay,
    "ping-lost": _ping(True),
    "ping-back": _ping(False),
    "start-fails": _scripts(start_fails=True),
    "stop-fails": _scripts(stop_fails=True),
    "scripts-slow": _scripts(),
    "scripts-work": _scripts(),
}

#: Kinds of which a schedule of planned operations is made: none of them may cost a single packet.
PLANNED = ("standby", "takeover")
#: Kinds that are drawn for a schedule of everything, the usual ones more often.
EVERYTHING = (
    *("boot", "boot", "boot", "kill", "power-off", "freeze", "stop", "standby", "takeover"),
    *("cut", "isolate", "heal", "heal", "heal", "loss", "duplicates", "delay"),
    *("ping-lost", "ping-back", "start-fails", "stop-fails", "scripts-slow", "scripts-work"),
)


def cold_start(nodes: Sequence[str], rng: Random, spread_ns: int) -> Schedule:
    """Everybody is started within a span (ns)."""
    return tuple(Step(rng.randrange(spread_ns + 1), Fault("boot", (node,))) for node in nodes)


def random_schedule(
    configuration: Configuration,
    rng: Random,
    *,
    count: int,
    start_ns: int,
    duration_ns: int,
    kinds: Sequence[str] = EVERYTHING,
) -> Schedule:
    """``count`` faults at random moments of [start, start + duration], in order of time."""
    moments = sorted(start_ns + rng.randrange(duration_ns) for _moment in range(count))
    return tuple(Step(moment, _draw(configuration, rng, rng.choice(kinds))) for moment in moments)


def calm(configuration: Configuration, at_ns: int) -> Schedule:
    """Everything works again: from here the cluster has to settle."""
    nodes = configuration.settings.nodes
    steps = [Step(at_ns, Fault("heal"))]
    steps += [
        Step(at_ns, Fault("scripts-work", (node,), 0, group.key)) for node in nodes for group in configuration.groups
    ]
    return tuple(steps)


def _draw(configuration: Configuration, rng: Random, kind: str) -> Fault:
    nodes, groups = list(configuration.settings.nodes), [group.key for group in configuration.groups]
    pings = [ping.name for ping in configuration.settings.pings]
    node = rng.choice(nodes)
    dead = configuration.settings.deadtime_ms
    if kind == "cut":
        return Fault(kind, tuple(rng.sample(nodes, 2)))
    if kind == "freeze":
        return Fault(kind, (node,), rng.choice([dead // 4, dead, 2 * dead, 5 * dead]))
    if kind == "loss":
        return Fault(kind, (), rng.choice([0, 5, 10, 30, 60]))
    if kind == "duplicates":
        return Fault(kind, (), rng.choice([0, 20, 50]))
    if kind == "delay":
        return Fault(kind, (), rng.choice([0, 5, dead // 4]))
    if kind in ("standby", "takeover"):
        return Fault(kind, (node,), 0, rng.choice(["all", "local", "foreign", "failback", *groups]))
    if kind in ("start-fails", "stop-fails", "scripts-work"):
        return Fault(kind, (node,), 0, rng.choice(groups))
    if kind == "scripts-slow":
        return Fault(kind, (node,), rng.choice([500, 3000]), rng.choice(groups))
    if kind.startswith("ping-") and pings:
        return Fault(kind, tuple(rng.sample(nodes, rng.randint(1, len(nodes)))), 0, rng.choice(pings))
    if kind == "heal" or kind.startswith("ping-"):
        return Fault("heal")
    return Fault(kind, (node,))
