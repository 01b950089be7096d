# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``version``: of this program, and with ``--daemon`` of the one that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import __version__
from ..control.client import RUNTIME_DIRECTORY, NotRunning, ask
from .main import DEGRADED, NOT_RUNNING, OK
from .output import say

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("version", help="print the version")
    parser.add_argument("--daemon", action="store_true", help="ask the running daemon instead")
    parser.add_argument("--runtime-dir", default=RUNTIME_DIRECTORY, metavar="DIR", help="default: %(default)s")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """Print it."""
    if not args.daemon:
        say(f"heartbeat (steadfast.ha) {__version__}")
        return OK
    try:
        say(str(ask({"command": "version"}, args.runtime_dir)["text"]))
    except NotRunning as error:
        say(str(error), ok=False)
        return NOT_RUNNING
    except OSError as error:
        say(str(error), ok=False)
        return DEGRADED
    return OK
