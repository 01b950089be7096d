# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``migrate``: the configuration as variables for something bigger, and what becomes of every line. Changes nothing."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from ..migrate.fate import Conversion
from ..migrate.pacemaker import convert
from ..migrate.yaml_text import document
from ..settings.load import CONFIG_DIRECTORY, HA_CF, HARESOURCES
from ..settings.text import decode

OK, BAD_CONFIGURATION = 0, 6
TARGETS = {"pacemaker": convert}
SCHEMA_VERSION = 1


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "migrate",
        help="turn ha.cf and haresources into variables of another role",
        description="Print the configuration as variables of the role pacemaker, with the fate of every line: kept, "
        "mapped or dropped, and why. Reads two files and changes nothing. Exit code 6 if they are not valid.",
    )
    parser.add_argument("--to", required=True, choices=sorted(TARGETS), help="what to go to")
    parser.add_argument(
        "--config-dir", default=CONFIG_DIRECTORY, metavar="DIR", help="where the files are (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print variables and fates as one JSON object")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """0: converted, 6: the files are not valid."""
    texts = []
    for name in (HA_CF, HARESOURCES):
        path = os.path.join(args.config_dir, name)
        try:
            with open(path, "rb") as file:
                texts.append(decode(file.read()))
        except OSError as error:
            sys.stderr.write(f"{path}: error: {error.strerror}\n")
            return BAD_CONFIGURATION
    found = TARGETS[args.to](texts[0], texts[1])
    for diagnostic in found.diagnostics:
        sys.stderr.write(f"{os.path.join(args.config_dir, '')}{diagnostic}\n")
    if not found.variables:
        return BAD_CONFIGURATION
    sys.stdout.write(as_json(found) if args.json else as_yaml(found, args.to))
    return OK


def as_json(found: Conversion) -> str:
    """The conversion as JSON, schema version 1."""
    told = {
        "schema_version": SCHEMA_VERSION,
        "variables": found.variables,
        "fates": [fate.as_dict() for fate in found.fates],
    }
    return json.dumps(told, ensure_ascii=True) + "\n"


def as_yaml(found: Conversion, target: str) -> str:
    """The variables as a file to review, with the fates as comments above them."""
    comments = [
        f"Variables of the role {target}, made from ha.cf and haresources: to be reviewed before they are used.",
        "",
        "Heartbeat ran without fencing. A cluster that can't fence loses data when a node fails badly, so the role",
        "refuses to start without it: declare pacemaker_fence_devices (or say pacemaker_without_fencing, in words).",
        "",
    ]
    left = [fate for fate in found.fates if fate.is_open]
    if left:
        comments += ["Left to do:", *(f"  {fate.sentence()}" for fate in left), ""]
    comments += ["What became of every line:", *(f"  {fate.sentence()}" for fate in found.fates)]
    return document(found.variables, comments)
