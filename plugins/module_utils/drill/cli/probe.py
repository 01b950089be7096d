# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``drill probe …``: run probes in the foreground, or detached as the Ansible module does."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

from ..probe.agent import SAMPLES, SPEC, run_in
from ..probe.follow import Follower
from ..probe.rundir import RunDirectory, default_base
from ..probe.spec import RunSpec, parse_run
from ..summary import summary_of, summary_table

__all__ = ["add_commands"]


def add_commands(commands: Any) -> None:
    """Register ``drill probe`` and what is below it."""
    parser = commands.add_parser("probe", help="run, start, watch, stop probes")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    run = actions.add_parser("run", help="probe in the foreground until the deadline or Ctrl-C")
    run.add_argument("spec", help="JSON file: {run_id, probes: […], max_seconds}")
    run.add_argument("--out", required=True, help="directory for the samples; made, must not hold a run")
    run.set_defaults(act=_run)
    start = actions.add_parser("start", help="probe detached from this terminal")
    start.add_argument("spec", help="JSON file: {run_id, probes: […], max_seconds}")
    start.set_defaults(act=_start)
    for name, act, told in (
        ("status", _status, "tell the state of a run as JSON"),
        ("steady", _steady, "wait until all probes are answered without a gap"),
        ("stop", _stop, "stop a run and pack its samples"),
        ("remove", _remove, "stop a run and delete it"),
    ):
        action = actions.add_parser(name, help=told)
        action.add_argument("run_id")
        action.set_defaults(act=act)
        if name == "steady":
            action.add_argument("--steady-ms", type=float, default=2000)
            action.add_argument("--timeout", type=float, default=60, help="seconds")
    for action in actions.choices.values():
        action.add_argument("--base", default=default_base(), help="directory of all runs (default: %(default)s)")
    summary = actions.add_parser("summary", help="what a samples file says")
    summary.add_argument("samples")
    summary.set_defaults(act=_summary)


def _load(path: str) -> RunSpec:
    with open(path, encoding="utf-8") as stream:
        return parse_run(json.load(stream))


def _run(arguments: argparse.Namespace) -> int:
    spec = _load(arguments.spec)
    os.makedirs(arguments.out, exist_ok=True)
    with open(os.path.join(arguments.out, SPEC), "x", encoding="utf-8") as stream:
        json.dump(spec.as_dict(), stream)
    run_in(arguments.out)
    path = os.path.join(arguments.out, SAMPLES)
    sys.stdout.write(_shown(path) + f"\nsamples: {path}\n")
    return 0


def _start(arguments: argparse.Namespace) -> int:
    spec = _load(arguments.spec)
    run = RunDirectory(arguments.base, spec.run_id)
    started = run.start(spec)
    sys.stdout.write(f"{'started' if started else 'already running'}: {run.path}\n")
    return 0


def _status(arguments: argparse.Namespace) -> int:
    sys.stdout.write(json.dumps(RunDirectory(arguments.base, arguments.run_id).state()) + "\n")
    return 0


def _steady(arguments: argparse.Namespace) -> int:
    run = RunDirectory(arguments.base, arguments.run_id)
    follower = Follower(run.samples_path())
    left = follower.wait(
        round(arguments.steady_ms * 1000), arguments.timeout, lambda: run.state()["state"] in ("starting", "running")
    )
    sys.stdout.write("steady\n" if not left else f"not steady: {', '.join(left)}\n")
    return 1 if left else 0


def _stop(arguments: argparse.Namespace) -> int:
    run = RunDirectory(arguments.base, arguments.run_id)
    run.stop()
    run.read_back()
    path = run.pack()
    sys.stdout.write(_shown(path) + f"\nsamples: {path}\n")
    return 0


def _remove(arguments: argparse.Namespace) -> int:
    removed = RunDirectory(arguments.base, arguments.run_id).remove()
    sys.stdout.write("removed\n" if removed else "there was none\n")
    return 0


def _summary(arguments: argparse.Namespace) -> int:
    sys.stdout.write(_shown(arguments.samples) + "\n")
    return 0


def _shown(path: str) -> str:
    return summary_table(summary_of(path))
