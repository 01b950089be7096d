# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``drill report …`` and ``drill verdict``: build, render, judge and compare reports."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import Any

from ..events.clock import SAME_CLOCK
from ..events.event import Event
from ..events.interpret import INTERPRETERS, interpret
from ..events.journal import FORMATS
from ..probe.samples import read_recording_file
from ..report.build import Fault, RunInput, add_run, build_run, new_report
from ..report.compare import with_comparison
from ..report.files import RENDERINGS, load_if_there, load_report, write_report
from ..report.picture import render_picture
from ..report.text import render_text
from ..verdict.budget import parse_budgets
from ..verdict.judge import Result, exit_code

__all__ = ["add_commands"]


def add_commands(commands: Any) -> None:
    """Register ``drill report`` and ``drill verdict``."""
    parser = commands.add_parser("report", help="build and render reports")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="add a run to the report in a directory")
    add.add_argument("directory")
    add.add_argument("--samples", required=True, help="samples.jsonl or samples.jsonl.gz")
    add.add_argument("--title", required=True, help="what was done, e.g. 'Crash of the holder'")
    add.add_argument("--fault", required=True, metavar="KIND:TARGET", help="e.g. power_off:node1")
    add.add_argument("--at", required=True, type=float, metavar="SECONDS", help="when, wall clock, seconds since 1970")
    add.add_argument(
        "--budgets", default="{}", help='JSON, e.g. \'{"icmp": 650, "*": {"outage_ms": 800, "wrong": 0}}\''
    )
    add.add_argument("--log", action="append", default=[], metavar="NODE=FILE", help="log lines of a node")
    add.add_argument("--log-format", choices=sorted(FORMATS), default="journal")
    add.add_argument("--log-reader", choices=sorted(INTERPRETERS), default="key-value")
    add.add_argument("--report-title", default="Drill")
    add.add_argument("--about", default="{}", help="JSON object shown at the end of the report")
    add.set_defaults(act=_add)
    render = actions.add_parser("render", help="render a report.json")
    render.add_argument("report")
    for extension in RENDERINGS:
        render.add_argument(f"--{'junit' if extension == 'xml' else extension}", metavar="FILE")
    render.add_argument("--svg", metavar="FILE", help="picture of one run")
    render.add_argument("--run", help="id of the run for --svg (default: the one with the longest outage)")
    render.set_defaults(act=_render)
    compare = actions.add_parser("compare", help="compare a report with an earlier one")
    compare.add_argument("before")
    compare.add_argument("now")
    compare.add_argument("--write", action="store_true", help="keep the comparison in the newer report")
    compare.set_defaults(act=_compare)
    verdict = commands.add_parser("verdict", help="print a report's table; the exit code is its verdict")
    verdict.add_argument("report")
    verdict.set_defaults(act=_verdict)


def _add(arguments: argparse.Namespace) -> int:
    now_ns = time.time_ns()
    report = load_if_there(arguments.directory)
    if report is None:
        report = new_report(arguments.report_title, now_ns, json.loads(arguments.about))
    kind, _colon, target = arguments.fault.partition(":")
    at_ns = round(arguments.at * 1e9)
    recording = read_recording_file(arguments.samples)
    events = [Event(at_ns, target, kind, source="drill"), *_events(arguments)]
    run = build_run(
        RunInput(
            run_id=str(recording.header["run_id"]),
            title=arguments.title,
            fault=Fault(kind, target, at_ns),
            recording=recording,
            events=events,
            budgets=parse_budgets(json.loads(arguments.budgets)),
        )
    )
    report = add_run(report, run, now_ns)
    write_report(arguments.directory, report)
    sys.stdout.write(render_text(report))
    return exit_code(Result(run["verdict"]))


def _events(arguments: argparse.Namespace) -> list[Event]:
    lines = []
    nodes = {}
    for item in arguments.log:
        node, _sign, path = item.partition("=")
        with open(path, encoding="utf-8", errors="replace") as stream:
            lines += FORMATS[arguments.log_format](stream.read(), node)
        nodes[node] = SAME_CLOCK
    return interpret(lines, arguments.log_reader, nodes)


def _render(arguments: argparse.Namespace) -> int:
    report = load_report(arguments.report)
    written = False
    for extension, render in RENDERINGS.items():
        path = getattr(arguments, "junit" if extension == "xml" else extension)
        if path:
            _write(path, render(report))
            written = True
    if arguments.svg:
        runs = [run for run in report["runs"] if arguments.run in (None, run["id"])]
        if not runs:
            raise ValueError(f"no run {arguments.run!r} in {arguments.report}")
        # The most telling picture is the one where most was lost.
        chosen = max(runs, key=lambda run: max((p["measures"]["outage_us"] for p in run["probes"]), default=0))
        _write(arguments.svg, render_picture(chosen))
        written = True
    if not written:
        sys.stdout.write(render_text(report))
    return 0


def _write(path: str, text: str) -> None:
    directory = os.path.dirname(path)
    if directory:
        os.makedirs(directory, exist_ok=True)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def _compare(arguments: argparse.Namespace) -> int:
    report = with_comparison(load_report(arguments.now), load_report(arguments.before))
    comparison = report["comparison"]
    sys.stdout.write(comparison["headline"] + "\n")
    for change in comparison["changes"]:
        sys.stdout.write(f"  {change['fault']}, {change['probe']}: {change['text']}\n")
    if arguments.write:
        write_report(os.path.dirname(arguments.now) or ".", report)
    return 1 if any(change["verdict"] == "worse" for change in comparison["changes"]) else 0


def _verdict(arguments: argparse.Namespace) -> int:
    report = load_report(arguments.report)
    sys.stdout.write(render_text(report))
    return exit_code(Result(report["verdict"]))
