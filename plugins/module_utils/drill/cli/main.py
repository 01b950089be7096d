# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's frame: sub-commands, exit codes, errors as one sentence.

Exit codes: 0 within budget or nothing to judge, 1 over budget, 2 wrong usage or unreadable
input, 3 inconclusive.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .. import __version__
from ..probe.rundir import RunError
from . import probe, report, respond

__all__ = ["main"]


def build_parser() -> argparse.ArgumentParser:
    """The whole grammar."""
    parser = argparse.ArgumentParser(prog="drill", description="Measure what a client sees while a cluster fails over.")
    parser.add_argument("--version", action="version", version=f"drill {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    probe.add_commands(commands)
    report.add_commands(commands)
    respond.add_commands(commands)
    return parser


def main(argv: Sequence[str]) -> int:
    """Run one command; returns its exit code."""
    arguments = build_parser().parse_args(argv)
    try:
        code: int = arguments.act(arguments)
    except (OSError, ValueError, RunError) as error:
        errors = getattr(error, "errors", None) or [str(error)]
        for line in errors:
            sys.stderr.write(f"drill: {line}\n")
        return 2
    return code
