# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words that planners and the engine share: steps as plain data, plans, refusals.

A step must survive its maker: it is written to a file before the fault starts, and read by the program that heals when
everybody else is gone. So a step is a dictionary of JSON values, made by one of the functions here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

__all__ = ["Arguments", "Facts", "FaultError", "Kind", "Plan", "Refusal", "Step"]

Step = dict[str, Any]
Arguments = Mapping[str, Any]
Facts = Mapping[str, Any]
Question = tuple[str, ...]
"""Name of a question that ``look`` can answer, and what it is about."""

STEP_SECONDS = 60.0


class Refusal(ValueError):
    """The fault must not be started; every reason is a sentence in ``reasons``."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = list(reasons)


class FaultError(RuntimeError):
    """A step failed; the message names the step and what the machine said."""


@dataclass(frozen=True)
class Plan:
    """What a fault does, as data.

    words: one sentence without subject, as reports show it: "cuts both ways from 192.0.2.2".
    heal: idempotent, in order; empty when there is nothing to heal.
    check: each succeeds while the fault is in force; empty when that cannot be told.
    instant: the fault is in force from one instant between the two readings of the clock around ``start``.
    needs_delay: the answer could not reach the controller unless the fault starts after it was sent.
    ends: kinds and arguments of earlier faults on this machine that this one undoes, for example a stop by a start.
    """

    words: str
    start: tuple[Step, ...]
    heal: tuple[Step, ...] = ()
    check: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    shown: str = ""
    instant: bool = True
    needs_delay: str = ""
    ends: tuple[tuple[str, Mapping[str, Any]], ...] = ()


@dataclass(frozen=True)
class Kind:
    """One kind of fault.

    options: names of the arguments it uses, beside those that every kind has.
    needs: those of them without which it makes no sense.
    asks: what has to be known before it can be planned, by the name under which the planner finds the answer.
    takes_node: whether the cluster has to count its node as lost while it lasts.
    """

    name: str
    options: tuple[str, ...]
    plan: Callable[[Arguments, Facts], Plan]
    asks: Callable[[Arguments], Mapping[str, Question]] = field(default=lambda arguments: {})
    needs: tuple[str, ...] = ()
    takes_node: bool = True


def run(argv: Sequence[str], *, stdin: str = "", ok: Sequence[int] = (0,), seconds: float = STEP_SECONDS) -> Step:
    """Run a program; one of the exit codes ``ok`` is success, an empty list takes any."""
    return {"do": "run", "argv": list(argv), "stdin": stdin, "ok": list(ok), "seconds": seconds}


def hook(argv: Sequence[str], environment: Mapping[str, str], seconds: float) -> Step:
    """Run an operator's hook, which may print the instant of the fault as JSON ``{"t0": …}``."""
    return {"do": "hook", "argv": list(argv), "environment": dict(environment), "seconds": seconds}


def send_signal(processes: Sequence[Mapping[str, Any]], name: str, *, may_be_gone: bool = False) -> Step:
    """Signal processes, each given by ``pid`` and ``started``, so that no later one of the same pid is hit."""
    who = [{"pid": process["pid"], "started": process["started"]} for process in processes]
    return {"do": "signal", "processes": who, "name": name, "may_be_gone": may_be_gone}


def in_state(processes: Sequence[Mapping[str, Any]], states: str) -> Step:
    """Succeed when every process is in one of the states of proc(5), for example ``T``, or ``-`` for gone."""
    who = [{"pid": process["pid"], "started": process["started"]} for process in processes]
    return {"do": "in_state", "processes": who, "states": states}


def write(path: str, text: str, *, may_be_gone: bool = False) -> Step:
    """Write into a file of the kernel, in place, or make a small file; ``may_be_gone``: its folder need not exist."""
    return {"do": "write", "path": path, "text": text, "may_be_gone": may_be_gone}


def reads(path: str, text: str) -> Step:
    """Succeed when the file has this text, apart from white space around it."""
    return {"do": "reads", "path": path, "text": text}


def remove(path: str) -> Step:
    """Remove a file that may be gone already."""
    return {"do": "remove", "path": path}


def fill(path: str, size: int, reserve: int) -> Step:
    """Make a file of at most ``size`` bytes that leaves ``reserve`` bytes free on its filesystem."""
    return {"do": "fill", "path": path, "size": size, "reserve": reserve}


def shift_clock(milliseconds: int) -> Step:
    """Set the machine's clock so much ahead, or back."""
    return {"do": "shift_clock", "milliseconds": milliseconds}


def restore_clock(wall_ns: int, boot_ns: int) -> Step:
    """Set the machine's clock to what it would be now, had nobody touched it since these two readings."""
    return {"do": "restore_clock", "wall_ns": wall_ns, "boot_ns": boot_ns}


def spawn(argv: Sequence[str], note: str) -> Step:
    """Start a process group of its own that outlives us, noted in a file."""
    return {"do": "spawn", "argv": list(argv), "note": note}


def end(note: str) -> Step:
    """Kill the process group of that note, if it is still the same."""
    return {"do": "end", "note": note}


def alive(note: str) -> Step:
    """Succeed while the process group of that note lives."""
    return {"do": "alive", "note": note}


def unit_name(text: str) -> str:
    """The unit as systemd writes it: a bare name is a service."""
    return text if "." in text else f"{text}.service"
