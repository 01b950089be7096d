# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``explain``: why a group came here or left - the rule, and what the daemon had seen just before and did after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..control.client import RUNTIME_DIRECTORY, NotRunning, ask
from .events import line
from .main import DEGRADED, NOT_RUNNING, OK
from .output import say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

#: Kinds that are the decision about a group itself.
MOVES = ("taken", "given", "released", "kept", "conflict")
#: What lies this far from the decision belongs to its story (ms).
BEFORE_MS, AFTER_MS = 10_000, 5_000


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "explain",
        help="why the last move happened",
        description="Explain the last decision about a group, or the event of a number that 'events' shows.",
    )
    parser.add_argument("group", nargs="?", metavar="GROUP", help="only decisions about this group")
    parser.add_argument("--event", type=int, metavar="N", help="explain this event instead")
    parser.add_argument("--runtime-dir", default=RUNTIME_DIRECTORY, metavar="DIR", help="default: %(default)s")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """0 explained, 1 nothing to explain, 3 the daemon does not run."""
    try:
        events = ask({"command": "events"}, args.runtime_dir)["events"]
    except NotRunning as error:
        say(str(error), ok=False)
        return NOT_RUNNING
    except OSError as error:
        say(str(error), ok=False)
        return DEGRADED
    index = find(events, args.group, args.event)
    if index is None:
        say("there is no such event in the daemon's memory; the journal reaches further back", ok=False)
        return DEGRADED
    say(story(events, index))
    return OK


def find(events: Sequence[dict[str, Any]], group: str | None, number: int | None) -> int | None:
    """The index of the event in question: by its number, else the last decision (about the group)."""
    for index in range(len(events) - 1, -1, -1):
        event = events[index]
        if number is not None:
            if event["number"] == number:
                return index
        elif event["kind"] in MOVES and group in (None, event["group"]):
            return index
    return None


def story(events: Sequence[dict[str, Any]], index: int) -> str:
    """The decision as a sentence, its facts, and the events around it."""
    event = events[index]
    facts = ", ".join(f"{name}={value}" for name, value in sorted(event["facts"].items()) if value)
    around = [
        f"{'>' if other is event else ' '} {line(other)}"
        for other in events
        if -BEFORE_MS <= other["unix_ms"] - event["unix_ms"] <= AFTER_MS
    ]
    return "\n".join([f"{event['why']} [{event['event']}]", f"decided by {event['node']}; {facts}", "", *around])
