#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs make targets one after another, stops at the first that fails, and sums up.

Usage: ``stages.py TARGET...``. The last line printed is ``N passed, N failed``, counting stages; the exit code is 0
only if every stage passed. Standard library only: it also runs the stage that makes the virtual environment.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """One stage: its make target, how it ended ("passed", "failed" or "not run") and how long it took in seconds."""

    target: str
    verdict: str
    seconds: float


def run_stage(target: str) -> Outcome:
    """Run ``make TARGET`` with its output passed through.

    SIGINT and SIGTERM reach make as well as us (same process group, or forwarded); we wait for it, so that a stage
    can clean up the lab behind itself before the summary is printed.
    """
    started = time.monotonic()
    with subprocess.Popen(["make", "--no-print-directory", target], stdin=subprocess.DEVNULL) as process:
        previous = {
            signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
            signal.SIGTERM: signal.signal(signal.SIGTERM, lambda number, _frame: process.send_signal(number)),
        }
        try:
            code = process.wait()
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
    return Outcome(target, "passed" if code == 0 else "failed", time.monotonic() - started)


def run_all(targets: list[str]) -> list[Outcome]:
    """Run the stages in order; those after the first failure are reported as not run."""
    outcomes: list[Outcome] = []
    for number, target in enumerate(targets, 1):
        if any(outcome.verdict == "failed" for outcome in outcomes):
            outcomes.append(Outcome(target, "not run", 0.0))
            continue
        print(f"\n=== {target} ({number}/{len(targets)})", flush=True)
        outcomes.append(run_stage(target))
    return outcomes


def summary(outcomes: list[Outcome]) -> str:
    """Return the table of stages and, as its last line, ``N passed, N failed``."""
    width = max(len(outcome.target) for outcome in outcomes)
    lines = ["", f"{'stage':<{width}}  {'result':<8}  seconds"]
    for outcome in outcomes:
        seconds = "-" if outcome.verdict == "not run" else f"{outcome.seconds:.1f}"
        lines.append(f"{outcome.target:<{width}}  {outcome.verdict:<8}  {seconds:>7}")
    lines.append(f"{'total':<{width}}  {'':<8}  {sum(outcome.seconds for outcome in outcomes):>7.1f}")
    passed = sum(outcome.verdict == "passed" for outcome in outcomes)
    failed = sum(outcome.verdict == "failed" for outcome in outcomes)
    lines += ["", f"{passed} passed, {failed} failed"]
    return "\n".join(lines)


def main(targets: list[str]) -> int:
    """Run the stages named on the command line; 2 when there are none."""
    if not targets:
        print("usage: stages.py TARGET...", file=sys.stderr)
        return 2
    # A stage's own make must not inherit the outer one's flags: -n or -k would change what a stage means.
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        os.environ.pop(name, None)
    outcomes = run_all(targets)
    print(summary(outcomes), flush=True)
    return 0 if all(outcome.verdict == "passed" for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
