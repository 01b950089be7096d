# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``standby`` and ``takeover``: planned moves, answered when they are under way or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..control.client import RUNTIME_DIRECTORY, NotRunning, ask
from ..control.protocol import SCOPES
from .main import DEGRADED, NOT_RUNNING, OK
from .output import say

if TYPE_CHECKING:
    import argparse

_WHAT = "all, local (this node's own groups), foreign (the peer's), failback (foreign), or a group by its key"


def add_parser(subparsers: Any) -> None:
    """Register both commands."""
    texts = {
        "standby": "give groups to the peer",
        "takeover": "get groups from the peer",
    }
    for name, text in texts.items():
        parser = subparsers.add_parser(name, help=text, description=f"{text.capitalize()}: {_WHAT}.")
        parser.add_argument("what", nargs="?", default="all", metavar="WHAT", help=f"{_WHAT}; default: all")
        parser.add_argument("--runtime-dir", default=RUNTIME_DIRECTORY, metavar="DIR", help="default: %(default)s")
        parser.add_argument("--timeout", type=float, default=90.0, metavar="SECONDS", help="default: %(default)s")
        parser.set_defaults(func=run, command=name)


def run(args: argparse.Namespace) -> int:
    """0 done, 1 refused, 3 not running."""
    request: dict[str, Any] = {"command": args.command}
    if args.what in SCOPES and args.what != "group":
        request["scope"] = args.what
    else:
        request.update(scope="group", key=args.what)
    try:
        answer = ask(request, args.runtime_dir, args.timeout)
    except NotRunning as error:
        say(str(error), ok=False)
        return NOT_RUNNING
    except OSError as error:
        say(str(error), ok=False)
        return DEGRADED
    say(str(answer.get("text", "")), ok=bool(answer.get("ok")))
    return OK if answer.get("ok") else DEGRADED
