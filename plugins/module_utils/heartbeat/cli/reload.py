# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``reload``: like SIGHUP, but waits and says what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..control.client import RUNTIME_DIRECTORY, NotRunning, ask
from .main import CONFIGURATION, DEGRADED, NOT_RUNNING, OK
from .output import say

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("reload", help="read the configuration anew; nothing that is still configured moves")
    parser.add_argument("--runtime-dir", default=RUNTIME_DIRECTORY, metavar="DIR", help="default: %(default)s")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """0 in force, 6 refused with every error on stderr, 3 not running."""
    try:
        answer = ask({"command": "reload"}, args.runtime_dir, timeout_s=30.0)
    except NotRunning as error:
        say(str(error), ok=False)
        return NOT_RUNNING
    except OSError as error:
        say(str(error), ok=False)
        return DEGRADED
    for line in answer.get("diagnostics", []):
        say(str(line), ok=False)
    say(str(answer.get("text", "")), ok=bool(answer.get("ok")))
    return OK if answer.get("ok") else CONFIGURATION
