# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes a fault is about: a unit's main process, all of a unit, or those a pattern finds, bounded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .model import Arguments, Facts, Question, Refusal, unit_name
from .service import require_running

__all__ = ["OPTIONS", "asks", "chosen", "described"]

OPTIONS = ("unit", "pattern", "processes", "limit")


def asks(arguments: Arguments) -> Mapping[str, Question]:
    """Ask for the unit, or for what the pattern finds; Refusal unless exactly one of them is given."""
    unit, pattern = str(arguments.get("unit") or ""), str(arguments.get("pattern") or "")
    if bool(unit) == bool(pattern):
        raise Refusal("Name the processes by unit or by pattern, one of the two.")
    if unit:
        return {"unit": ("unit", unit_name(unit))}
    try:
        re.compile(pattern)
    except re.error as error:
        raise Refusal(f"pattern {pattern!r} is not a regular expression: {error}.") from None
    return {"found": ("processes", pattern)}


def chosen(arguments: Arguments, facts: Facts) -> Sequence[Mapping[str, Any]]:
    """The processes; raises Refusal when there is none, or more than ``limit`` by a pattern."""
    if arguments.get("unit"):
        unit = unit_name(arguments["unit"])
        require_running(unit, facts)
        if arguments.get("processes") == "all":
            every: Sequence[Mapping[str, Any]] = facts["unit"]["all"]
            return _some(every, f"{unit} has no process.")
        main = facts["unit"]["main"]
        return _some([main] if main else [], f"{unit} has no main process; try processes: all.")
    found, limit = facts["found"], int(arguments.get("limit") or 1)
    pattern = arguments["pattern"]
    if len(found) > limit:
        shown = ", ".join(f"{process['pid']} {process['command'][:40]}" for process in found[:8])
        raise Refusal(
            f"pattern {pattern!r} finds {len(found)} processes, limit allows {limit}: {shown}. "
            "Make the pattern narrower, or raise the limit."
        )
    return _some(found, f"pattern {pattern!r} finds no process.")


def _some(processes: Sequence[Mapping[str, Any]], otherwise: str) -> Sequence[Mapping[str, Any]]:
    if not processes:
        raise Refusal(otherwise)
    if any(process["pid"] == 1 for process in processes):
        raise Refusal("Process 1 is among them; to take the whole node, use power_off or reboot.")
    return processes


def described(arguments: Arguments, processes: Sequence[Mapping[str, Any]]) -> str:
    """The processes in a few words."""
    if arguments.get("unit"):
        unit = unit_name(arguments["unit"])
        if arguments.get("processes") == "all":
            return f"all {len(processes)} processes of {unit}"
        return f"the main process of {unit} ({processes[0]['pid']})"
    pids = ", ".join(str(process["pid"]) for process in processes[:8])
    return f"{len(processes)} process{'es' if len(processes) > 1 else ''} like {arguments['pattern']!r} ({pids})"
