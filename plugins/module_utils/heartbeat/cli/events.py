# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``events``: what happened lately, and what happens; ``notify``: an event that only tries the hooks."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..control.client import RUNTIME_DIRECTORY, NotRunning, ask, follow
from .main import DEGRADED, NOT_RUNNING, OK
from .output import say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator


def add_parser(subparsers: Any) -> None:
    """Register both commands."""
    parser = subparsers.add_parser(
        "events",
        help="what happened lately, and why",
        description="Print the last events (at most 256) that the running daemon remembers, oldest first.",
    )
    parser.add_argument("--follow", action="store_true", help="go on with new events until interrupted")
    parser.add_argument("--json", action="store_true", help="one JSON object per line (schema_version 1)")
    parser.add_argument("--runtime-dir", default=RUNTIME_DIRECTORY, metavar="DIR", help="default: %(default)s")
    parser.set_defaults(func=run)
    parser = subparsers.add_parser(
        "notify", help="try the notification hooks", description="Make a test event, of which every hook is told."
    )
    parser.add_argument("--runtime-dir", default=RUNTIME_DIRECTORY, metavar="DIR", help="default: %(default)s")
    parser.set_defaults(func=test)


def run(args: argparse.Namespace) -> int:
    """0 printed, 3 the daemon does not run, or ended while it was followed."""
    try:
        for event in _events(args):
            say(json.dumps(event) if args.json else line(event))
    except NotRunning as error:
        say(str(error), ok=False)
        return NOT_RUNNING
    except (OSError, ValueError) as error:
        say(str(error), ok=False)
        return DEGRADED
    return NOT_RUNNING if args.follow else OK


def test(args: argparse.Namespace) -> int:
    """0 made, 3 the daemon does not run."""
    try:
        answer = ask({"command": "notify"}, args.runtime_dir)
    except NotRunning as error:
        say(str(error), ok=False)
        return NOT_RUNNING
    except OSError as error:
        say(str(error), ok=False)
        return DEGRADED
    say(str(answer.get("text", "")), ok=bool(answer.get("ok")))
    return OK if answer.get("ok") else DEGRADED


def line(event: dict[str, Any]) -> str:
    """One event for people, in local time."""
    when = datetime.fromtimestamp(event["unix_ms"] / 1000, tz=timezone.utc).astimezone()
    stamp = when.strftime("%Y-%m-%d %H:%M:%S.") + f"{event['unix_ms'] % 1000:03d}"
    return f"{stamp}  {event['number']:>5}  {event['kind']:<9}  {event['why']} [{event['event']}]"


def _events(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    if not args.follow:
        yield from ask({"command": "events"}, args.runtime_dir)["events"]
        return
    stream = follow(args.runtime_dir)
    for reply in stream:
        yield from reply["events"]
        break
    yield from stream
