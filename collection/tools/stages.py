#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs make targets one after another, stops at the first that fails, and sums up.

Usage: ``stages.py TARGET...``. ``one+two`` runs the two side by side; what the second says is printed when it is over.
The last line printed is ``N passed, N failed``, counting targets; the exit code is 0 only if every one passed.
Standard library only: it also runs the stage that makes the virtual environment.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True)
class Outcome:
    """One stage: its make target, how it ended ("passed", "failed" or "not run") and how long it took in seconds."""

    target: str
    verdict: str
    seconds: float


def _ends(running: dict[str, subprocess.Popen[bytes]]) -> dict[str, float]:
    """Wait for all of them; return when each ended.

    SIGINT and SIGTERM reach make as well as us (same process group, or forwarded); we wait for it, so that a stage
    can clean up the lab behind itself before the summary is printed.
    """

    def forward(number: int, _frame: object) -> None:
        for process in running.values():
            process.send_signal(number)

    ended: dict[str, float] = {}
    previous = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
        signal.SIGTERM: signal.signal(signal.SIGTERM, forward),
    }
    try:
        while len(ended) < len(running):
            for target, process in running.items():
                if target not in ended and process.poll() is not None:
                    ended[target] = time.monotonic()
            time.sleep(0.05)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return ended


def run_stage(targets: Sequence[str]) -> list[Outcome]:
    """Run ``make TARGET`` for each, side by side. The first one's output comes as it is made, the others' after it."""
    started = time.monotonic()
    with ExitStack() as open_files:
        running: dict[str, subprocess.Popen[bytes]] = {}
        said: dict[str, IO[bytes]] = {}
        for target in targets:
            if running:
                said[target] = open_files.enter_context(tempfile.TemporaryFile())
            running[target] = subprocess.Popen(
                ["make", "--no-print-directory", target],
                stdin=subprocess.DEVNULL,
                stdout=said.get(target),
                stderr=subprocess.STDOUT if target in said else None,
            )
        ended = _ends(running)
        for target, file in said.items():
            file.seek(0)
            print(f"\n=== {target}, side by side with {targets[0]}", flush=True)
            sys.stdout.buffer.write(file.read())
            sys.stdout.flush()
    return [
        Outcome(target, "passed" if process.returncode == 0 else "failed", ended[target] - started)
        for target, process in running.items()
    ]


def run_all(stages: list[str]) -> list[Outcome]:
    """Run the stages in order; those after the first failure are reported as not run."""
    outcomes: list[Outcome] = []
    for number, stage in enumerate(stages, 1):
        targets = stage.split("+")
        if any(outcome.verdict == "failed" for outcome in outcomes):
            outcomes += [Outcome(target, "not run", 0.0) for target in targets]
            continue
        print(f"\n=== {' and '.join(targets)} ({number}/{len(stages)})", flush=True)
        outcomes += run_stage(targets)
    return outcomes


def summary(outcomes: list[Outcome], seconds: float) -> str:
    """Return the table of targets, which took so long together, and, as its last line, ``N passed, N failed``."""
    width = max(len(outcome.target) for outcome in outcomes)
    lines = ["", f"{'stage':<{width}}  {'result':<8}  seconds"]
    for outcome in outcomes:
        taken = "-" if outcome.verdict == "not run" else f"{outcome.seconds:.1f}"
        lines.append(f"{outcome.target:<{width}}  {outcome.verdict:<8}  {taken:>7}")
    lines.append(f"{'total':<{width}}  {'':<8}  {seconds:>7.1f}")
    passed = sum(outcome.verdict == "passed" for outcome in outcomes)
    failed = sum(outcome.verdict == "failed" for outcome in outcomes)
    lines += ["", f"{passed} passed, {failed} failed"]
    return "\n".join(lines)


def main(targets: list[str]) -> int:
    """Run the stages named on the command line; 2 when there are none."""
    if not targets:
        print("usage: stages.py TARGET[+TARGET]...", file=sys.stderr)
        return 2
    # A stage's own make must not inherit the outer one's flags: -n or -k would change what a stage means.
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        os.environ.pop(name, None)
    started = time.monotonic()
    outcomes = run_all(targets)
    print(summary(outcomes, time.monotonic() - started), flush=True)
    return 0 if all(outcome.verdict == "passed" for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
