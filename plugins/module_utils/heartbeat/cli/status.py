# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``status``: who holds what, who is heard, and since when - at a glance, as JSON, or again and again."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING, Any

from ..control.client import RUNTIME_DIRECTORY, NotRunning, ask
from .main import CONFLICT, DEGRADED, NOT_RUNNING, OK
from .output import say

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_ALIVE = ("active",)
_BAD_STATES = ("failed", "stuck")


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "status",
        help="show who holds what",
        description="Exit code 0: every group has its one holder and every peer is active; 1: not so; 3: not running;"
        " 4: two nodes hold one group.",
    )
    parser.add_argument("--json", action="store_true", help="print the reply as it is (schema_version 1), one object")
    parser.add_argument("--watch", nargs="?", type=float, const=1.0, metavar="SECONDS", help="repeat, every second")
    parser.add_argument("--runtime-dir", default=RUNTIME_DIRECTORY, metavar="DIR", help="default: %(default)s")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print once, or until interrupted; returns the last exit code."""
    while True:
        code = _once(args)
        if args.watch is None:
            return code
        time.sleep(max(0.1, args.watch))


def _once(args: argparse.Namespace) -> int:
    clear = "\x1b[H\x1b[J" if args.watch is not None and not args.json and sys.stdout.isatty() else ""
    try:
        report = ask({"command": "status"}, args.runtime_dir)
    except NotRunning as error:
        if args.json:
            say(json.dumps({"schema_version": 1, "state": "stopped"}))
        else:
            say(f"{clear}{error}", ok=False)
        return NOT_RUNNING
    except OSError as error:
        say(str(error), ok=False)
        return DEGRADED
    say(json.dumps(report) if args.json else clear + table(report))
    return judge(report)


def judge(report: dict[str, Any]) -> int:
    """The exit code that a report deserves."""
    groups = report["groups"]
    if any(len(group.get("holders", ())) > 1 for group in groups):
        return CONFLICT
    held = all(group["holder"] is not None and group["state"] not in _BAD_STATES for group in groups)
    healthy = held and report["state"] == "active" and all(peer["state"] in _ALIVE for peer in report["peers"])
    return OK if healthy else DEGRADED


def table(report: dict[str, Any]) -> str:
    """The report for people."""
    head = (
        f"{report['node']}: {report['state']}, up {_span(report['uptime_ms'])}, generation {report['generation']},"
        f" dialect {report['dialect']}, resources {report['rscstatus']}, version {report['version']}"
    )
    groups = [
        (
            group["key"],
            group["holder"] or "nobody",
            group["state"],
            _span(group["since_ms"]),
            group["preferred"],
            ", ".join(group["addresses"]),
        )
        for group in report["groups"]
    ]
    peers = [
        (
            peer["name"],
            peer["state"],
            _heard(peer["last_heard_ms"]),
            f"{peer['dead_ms']} ms",
            " ".join(f"{link['name']}:{link['state']}" for link in peer["links"]) or "-",
            peer["dialect"],
        )
        for peer in report["peers"]
    ]
    peers += [(ping["name"], ping["state"], "-", "-", "ping node", "-") for ping in report["pings"]]
    parts = [
        head,
        _columns(("GROUP", "HOLDER", "STATE HERE", "SINCE", "PREFERRED", "ADDRESSES"), groups),
        _columns(("PEER", "STATE", "HEARD", "DEAD AFTER", "LINKS", "DIALECT"), peers),
    ]
    move = report.get("last_move")
    if move:
        parts.append(f"last move, {_span(move['ago_ms'])} ago: {move['why']} [{move['code']}]")
    parts += [f"warning: {text}" for text in report.get("warnings", [])]
    return "\n\n".join(parts)


def _columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines: list[Sequence[str]] = [heads, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in lines)


def _heard(last_heard_ms: Any) -> str:
    return "never" if last_heard_ms is None else f"{last_heard_ms} ms ago"


def _span(milliseconds: int) -> str:
    seconds = milliseconds // 1000
    if seconds < 60:
        return f"{milliseconds / 1000:.1f} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    if seconds < 86400:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 86400} d {seconds % 86400 // 3600} h"
