# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs: one schedule from one seed, many of them, and the smallest one that still fails."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random
from typing import Callable

from ..core.clock import MS, SECOND
from ..settings.model import Configuration
from .faults import EVERYTHING, PLANNED, Fault, Schedule, Step, calm, cold_start, random_schedule
from .machine import Timing
from .oracle import ANSWERS_NS, Oracle, Violation, liveness_bound_ns
from .world import Line, World


@dataclass(frozen=True)
class Plan:
    """Everything a run depends on. ``peace_ns``: from here on all works; ``lossless_from``: see the oracle."""

    seed: int
    configuration: Configuration
    schedule: Schedule
    peace_ns: int
    wire: bool = False
    lossless_from: int | None = None


@dataclass(frozen=True)
class Outcome:
    """``violation``: None when all went well. ``moves``: per group, the machines in the order they announced it."""

    plan: Plan
    violation: str | None
    lines: tuple[Line, ...]
    events: int
    moves: dict[str, list[str]]


def play(plan: Plan, timing: Timing | None = None) -> Outcome:
    """One run, to its end or to the first violation. A broken invariant or any other exception of the core counts as
    one."""
    oracle = Oracle(plan.configuration.settings, lossless_from=plan.lossless_from)
    world = World(plan.configuration, Random(plan.seed), wire=plan.wire, timing=timing, watcher=oracle)
    for step in (*plan.schedule, *calm(plan.configuration, plan.peace_ns)):
        world.at(step.at_ns, _strike(world, step.fault))
    violation = None
    try:
        world.run_until(plan.peace_ns)
        _settle(world, oracle, plan)
    except (Violation, AssertionError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        violation = f"{type(error).__name__}: {error}"
        world.note("*", violation)
    return Outcome(plan, violation, tuple(world.lines), world.events, oracle.moves)


def _settle(world: World, oracle: Oracle, plan: Plan) -> None:
    """Peace: daemons that end are started again; done as soon as all is well, at the latest at the bound. Answers may
    take longer."""
    settings = plan.configuration.settings
    end = plan.peace_ns + liveness_bound_ns(settings)
    while True:
        world.run_until(world.now + SECOND)
        for name in world.machines:
            world.boot(name)
        if world.calm() and not oracle.troubles(world):
            return
        late = world.now >= end
        if late and (oracle.unsettled(world) or world.now >= end + ANSWERS_NS):
            raise Violation("; ".join(oracle.troubles(world)) or "a daemon is still starting or ending")


def storm(configuration: Configuration, seed: int, *, wire: bool = False, faults: int = 12) -> Plan:
    """A cold start, then everything that can go wrong, then peace."""
    rng = Random(f"storm {seed}")
    settings = configuration.settings
    start = (settings.initdead_ms * MS) * 2
    duration = max(20 * settings.deadtime_ms * MS, 10 * SECOND)
    schedule = (
        *cold_start(settings.nodes, rng, settings.deadtime_ms * MS * 2),
        *random_schedule(configuration, rng, count=faults, start_ns=start // 2, duration_ns=duration, kinds=EVERYTHING),
    )
    peace = start + duration
    return Plan(seed, configuration, schedule, peace, wire)


def drill(configuration: Configuration, seed: int, *, wire: bool = False, operations: int = 8) -> Plan:
    """Planned operations only, with some loss: nothing may be lost."""
    rng = Random(f"drill {seed}")
    settings = configuration.settings
    start = (settings.initdead_ms * MS) * 2 + 12 * SECOND
    duration = max(30 * settings.deadtime_ms * MS, 15 * SECOND)
    schedule = (
        *cold_start(settings.nodes, rng, settings.keepalive_ms * MS),
        Step(start - SECOND, Fault("loss", (), rng.choice([0, 0, 5]))),
        *random_schedule(configuration, rng, count=operations, start_ns=start, duration_ns=duration, kinds=PLANNED),
    )
    peace = start + duration
    return Plan(seed, configuration, schedule, peace, wire, lossless_from=start)


def shrink(outcome: Outcome, tries: int = 200) -> Outcome:
    """Leave out steps, one after the other, as long as the run still fails; returns the smallest failing run found."""
    best = outcome
    changed = True
    while changed and tries > 0:
        changed = False
        for index in reversed(range(len(best.plan.schedule))):
            shorter = best.plan.schedule[:index] + best.plan.schedule[index + 1 :]
            tried = play(replace(best.plan, schedule=shorter))
            tries -= 1
            if tried.violation is not None:
                best, changed = tried, True
            if tries <= 0:
                break
    return best


def timeline(lines: Iterable[Line]) -> str:
    """Readable: seconds, machine, what happened."""
    rows = [(f"{line.at_ns / SECOND:10.4f}", line.machine, line.text) for line in lines]
    width = max((len(row[1]) for row in rows), default=0)
    return "\n".join(f"{at}  {machine:<{width}}  {text}" for at, machine, text in rows)


def _strike(world: World, fault: Fault) -> Callable[[], None]:
    return lambda: fault.strike(world)
