# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``simulate``: the operator's own configuration on a virtual clock.

With ``--kill``, ``--stop`` or ``--freeze`` one fault is played and its predicted timeline printed; without, random
schedules of faults are played and checked, and the first that fails is printed in its smallest form.
"""

from __future__ import annotations

import argparse
import re
import sys
from random import Random
from typing import Any

from ..core.clock import MS, SECOND
from ..settings.diagnostics import Severity
from ..settings.load import CONFIG_DIRECTORY, load_directory
from ..settings.model import Configuration
from ..simulator.campaign import play, shrink, storm, timeline
from ..simulator.faults import Fault, Schedule, Step, cold_start
from ..simulator.oracle import Oracle, Violation
from ..simulator.world import World

OK, FAILED, USAGE, BAD_CONFIGURATION = 0, 1, 2, 6

_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s)?")


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "simulate",
        help="play faults on a virtual clock with your own configuration",
        description="Play faults on a virtual clock with your own configuration. Exit code 0 if nothing went wrong "
        "that must not, 1 if something did, 6 if the configuration has errors.",
    )
    parser.add_argument("--config-dir", default=CONFIG_DIRECTORY, metavar="DIR", help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed plays the same run")
    parser.add_argument("--schedules", type=int, default=100, metavar="N", help="how many random schedules to play")
    parser.add_argument("--wire", action="store_true", help="carry real datagrams (slower)")
    fault = parser.add_mutually_exclusive_group()
    fault.add_argument("--kill", metavar="NODE", help="power this node off and print what follows")
    fault.add_argument("--stop", metavar="NODE", help="stop this node cleanly and print what follows")
    fault.add_argument("--freeze", metavar="NODE", help="pause this node for three dead times and print what follows")
    parser.add_argument(
        "--at", type=_span, default=3 * SECOND, metavar="TIME", help="when, after all is up; default: 3s"
    )
    parser.add_argument("--loss", type=_percent, default=0, metavar="PERCENT", help="lost datagrams (e.g. 10%%)")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """0: nothing went wrong, 1: something did, 6: the configuration has errors."""
    configuration = _configuration(args.config_dir)
    if configuration is None:
        return BAD_CONFIGURATION
    for option, kind in (("kill", "power-off"), ("stop", "stop"), ("freeze", "freeze")):
        node = getattr(args, option)
        if node is not None:
            if node not in configuration.settings.nodes:
                _write(sys.stderr, f"{node} is not a node of ha.cf: {', '.join(configuration.settings.nodes)}")
                return USAGE
            pause = 3 * configuration.settings.deadtime_ms if kind == "freeze" else 0
            return _predict(configuration, Fault(kind, (node,), pause), args)
    return _campaign(configuration, args)


def _configuration(directory: str) -> Configuration | None:
    """Read the three files; the simulation is the same for every node, so the first one's eyes will do."""
    result = load_directory(directory, None, node_severity=Severity.WARNING)
    for diagnostic in result.errors():
        _write(sys.stderr, str(diagnostic))
    return result.configuration


def _predict(configuration: Configuration, fault: Fault, args: argparse.Namespace) -> int:
    """Cold start of everybody, the fault, and time to react."""
    settings = configuration.settings
    rng = Random(f"predict {args.seed}")
    oracle = Oracle(settings)
    world = World(configuration, rng, wire=args.wire, watcher=oracle)
    up = settings.initdead_ms * MS + 12 * SECOND
    schedule: Schedule = (
        *cold_start(settings.nodes, rng, settings.keepalive_ms * MS),
        Step(up, Fault("loss", (), args.loss)),
        Step(up + args.at, fault),
    )
    for step in schedule:
        world.at(step.at_ns, _strike(world, step.fault))
    violation = ""
    try:
        world.run_until(up + args.at + (settings.deadtime_ms * 5 + settings.keepalive_ms * 5) * MS + 5 * SECOND)
    except Violation as error:
        violation = str(error)
    _write(sys.stdout, timeline(line for line in world.lines if line.at_ns >= up or line.machine == "*"))
    for group in configuration.groups:
        moves = " -> ".join(oracle.moves.get(group.key, ())) or "nobody"
        now = ", ".join(world.holders(group.key)) or "nobody"
        _write(sys.stdout, f"{group.key}: {moves}; in the end on {now}")
    if violation:
        _write(sys.stdout, f"VIOLATION: {violation}")
    return FAILED if violation else OK


def _campaign(configuration: Configuration, args: argparse.Namespace) -> int:
    """Random schedules, each from its own seed."""
    events = 0
    for seed in range(args.seed, args.seed + args.schedules):
        outcome = play(storm(configuration, seed, wire=args.wire))
        events += outcome.events
        if outcome.violation is not None:
            smallest = shrink(outcome)
            _write(sys.stdout, f"seed {seed}: {smallest.violation}")
            _write(sys.stdout, "the smallest schedule that still fails:")
            for step in smallest.plan.schedule:
                _write(sys.stdout, f"{step.at_ns / SECOND:10.4f}  {step.fault}")
            _write(sys.stdout, "what happened:")
            _write(sys.stdout, timeline(smallest.lines))
            return FAILED
    _write(sys.stdout, f"{args.schedules} schedules, {events} events: all well")
    return OK


def _strike(world: World, fault: Fault) -> Any:
    return lambda: fault.strike(world)


def _span(text: str) -> int:
    found = _SPAN.fullmatch(text)
    if not found:
        raise argparse.ArgumentTypeError(f"not a time: {text} (e.g. 3s or 250ms)")
    return int(float(found[1]) * (MS if found[2] == "ms" else SECOND))


def _percent(text: str) -> int:
    number = text[:-1] if text.endswith("%") else text
    if not number.isdigit() or int(number) > 100:
        raise argparse.ArgumentTypeError(f"not a percentage: {text}")
    return int(number)


def _write(stream: Any, text: str) -> None:
    stream.write(text + "\n")
