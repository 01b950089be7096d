# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line. On a node ``hbctl`` is this program too.

Exit codes: 0 fine, 1 degraded or refused, 2 usage, 3 not running, 4 conflict (two holders), 6 configuration error.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys

OK, DEGRADED, USAGE, NOT_RUNNING, CONFLICT, CONFIGURATION = 0, 1, 2, 3, 4, 6

#: command -> module of this package. Only the module of the command in hand is imported: ``status`` must be quick.
COMMANDS = {
    "run": "run",
    "check": "check",
    "status": "status",
    "standby": "switch",
    "takeover": "switch",
    "reload": "reload",
    "explain": "explain",
    "events": "events",
    "notify": "events",
    "metrics": "metrics",
    "decode": "decode",
    "migrate": "migrate",
    "simulate": "simulate",
    "version": "version",
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    wanted = COMMANDS.get(arguments[0]) if arguments else None
    modules = [wanted] if wanted else list(dict.fromkeys(COMMANDS.values()))
    program = os.path.basename(sys.argv[0]) if sys.argv else "heartbeat"
    parser = argparse.ArgumentParser(
        prog="heartbeat" if program in ("__main__.py", "heartbeat.pyz") else program,
        description="A heartbeat and VIP-failover daemon that reads ha.cf, authkeys and haresources.",
        epilog="Exit codes: 0 fine, 1 degraded or refused, 2 usage, 3 not running, 4 conflict, 6 configuration error.",
    )
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name in modules:
        importlib.import_module(f".{name}", __package__).add_parser(subparsers)
    args = parser.parse_args(arguments)
    if not hasattr(args, "func"):
        parser.print_help(sys.stderr)
        return USAGE
    try:
        return int(args.func(args))
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return OK
    except KeyboardInterrupt:
        return OK
