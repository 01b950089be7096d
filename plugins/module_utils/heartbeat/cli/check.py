# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``check``: is the configuration valid? With the parser that the daemon starts with, so that both agree.

Works on any machine: interfaces and the node's name are only warned about unless ``--live`` asks for this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from ..settings.diagnostics import Severity
from ..settings.fingerprint import cluster_hash, configuration_hash
from ..settings.live import check_interfaces, check_live
from ..settings.load import CONFIG_DIRECTORY, LoadResult, load_directory, local_node_name
from ..settings.machine import Machine
from ..settings.this_machine import ThisMachine

#: exit codes; 6 as the C daemon's
OK, BAD_CONFIGURATION = 0, 6
SCHEMA_VERSION = 1


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "check",
        help="check ha.cf, authkeys and haresources",
        description="Check the three configuration files. Every error is on standard error, as file:line:column. "
        "Exit code 0 if they are valid, 6 if not.",
    )
    parser.add_argument(
        "--config-dir", default=CONFIG_DIRECTORY, metavar="DIR", help="where the files are (default: %(default)s)"
    )
    parser.add_argument(
        "--node-name",
        metavar="NAME",
        help="check for the node of this name, which must be in ha.cf (default: this machine's name, which may be "
        "missing there unless --live is given)",
    )
    parser.add_argument(
        "--live",
        action="store_true",
        help="the files are for this machine: its name, interfaces, services and addresses must fit",
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """0: valid, 6: not."""
    result = check(args.config_dir, args.node_name, live=args.live, machine=ThisMachine(args.config_dir))
    for diagnostic in result.diagnostics:
        _write(sys.stderr, str(diagnostic))
    if args.json:
        _write(sys.stdout, json.dumps(as_dict(result, args.config_dir), ensure_ascii=True))
    else:
        valid = result.configuration is not None
        _write(sys.stdout if valid else sys.stderr, summary(result, args.config_dir))
    return OK if result.configuration is not None else BAD_CONFIGURATION


def check(directory: str, node_name: str | None, *, live: bool, machine: Machine) -> LoadResult:
    """Load ``directory`` and compare it with ``machine``: strictly with ``live``, else with warnings only."""
    strict = live or node_name is not None
    result = load_directory(
        directory,
        node_name or local_node_name(directory),
        node_severity=Severity.ERROR if strict else Severity.WARNING,
    )
    if live:
        return check_live(result, machine, directory)
    return result.with_findings(check_interfaces(result, machine, Severity.WARNING))


def summary(result: LoadResult, directory: str) -> str:
    """The last line for people."""
    errors, warnings = len(result.errors()), len(result.warnings())
    said = _count(warnings, "warning")
    if result.configuration is None:
        return f"{directory}: {_count(errors, 'error')}, {said}; the configuration is not valid"
    settings = result.configuration.settings
    nodes, groups = _count(len(settings.nodes), "node"), _count(len(result.configuration.groups), "group")
    return f"{directory}: the configuration is valid ({nodes}, {groups}; {said})"


def as_dict(result: LoadResult, directory: str) -> dict[str, Any]:
    """The result as JSON values, schema version 1. The hashes are null when the configuration is not valid."""
    configuration = result.configuration
    return {
        "schema_version": SCHEMA_VERSION,
        "config_dir": os.path.abspath(directory),
        "ok": configuration is not None,
        "errors": len(result.errors()),
        "warnings": len(result.warnings()),
        "diagnostics": [item.as_dict() for item in result.diagnostics],
        "configuration_hash": configuration_hash(configuration) if configuration is not None else None,
        "cluster_hash": cluster_hash(configuration) if configuration is not None else None,
    }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _write(stream: Any, line: str) -> None:
    # a terminal without UTF-8 must not turn a finding about Chinese text into a traceback
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(line.encode(encoding, "backslashreplace").decode(encoding) + "\n")
