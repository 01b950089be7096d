#!/usr/bin/env python3
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs make targets one after another, begins no further one after the first that fails, and sums up.

Usage: ``stages.py TARGET... [--beside TARGET... -- TARGET...]``. Those between ``--beside`` and ``--`` run, one after
another as well, beside those that follow and at the lowest priority: they only compute, and take what the others leave
idle. What each of them says is printed when it is over.
The last line printed is ``N passed, N failed``, counting targets; the exit code is 0 only if every one passed.
Standard library only: it also runs the stage that makes the virtual environment.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Optional


@dataclass(frozen=True)
class Outcome:
    """One stage: its make target, how it ended ("passed", "failed" or "not run") and how long it took in seconds."""

    target: str
    verdict: str
    seconds: float


class Lane:
    """Targets that run one after another."""

    def __init__(self, targets: Sequence[str], priority: int = 0) -> None:
        self.targets = targets
        self.priority = priority
        self.outcomes: list[Outcome] = []
        self.running: Optional[subprocess.Popen[bytes]] = None

    @property
    def failed(self) -> bool:
        """Whether one of its targets has failed."""
        return any(outcome.verdict == "failed" for outcome in self.outcomes)

    def run(self, is_over: Callable[[], bool], own_output: bool = False) -> None:
        """Run the targets, until one fails or `is_over` says that no further one shall begin."""
        for target in self.targets:
            if self.failed or is_over():
                self.outcomes.append(Outcome(target, "not run", 0.0))
            elif own_output:
                with tempfile.TemporaryFile() as said:
                    self._run(target, said)
                    said.seek(0)
                    words = [f"\n=== {target}, beside\n".encode(), said.read(), f"=== end of {target}\n\n".encode()]
                    sys.stdout.buffer.write(b"".join(words))
                    sys.stdout.flush()
            else:
                print(f"\n=== {target} ({self.targets.index(target) + 1}/{len(self.targets)})", flush=True)
                self._run(target, None)

    def _run(self, target: str, output: Optional[IO[bytes]]) -> None:
        started = time.monotonic()
        command = ["nice", "-n", str(self.priority), "make", "--no-print-directory", target]
        errors = None if output is None else subprocess.STDOUT
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors) as self.running:
            code = self.running.wait()
        self.outcomes.append(Outcome(target, "failed" if code else "passed", time.monotonic() - started))

    def pass_on(self, number: int, _frame: object = None) -> None:
        """Hand a signal to the target that runs, which may have to clean up the lab behind itself."""
        if self.running:
            self.running.send_signal(number)


@contextmanager
def _signals(*lanes: Lane) -> Iterator[None]:
    """SIGINT reaches the targets as well as us (same process group), SIGTERM is handed on; the summary comes anyway."""

    def forward(number: int, _frame: object) -> None:
        for lane in lanes:
            lane.pass_on(number)

    previous = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
        signal.SIGTERM: signal.signal(signal.SIGTERM, forward),
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def run_all(first: Sequence[str], beside: Sequence[str] = (), then: Sequence[str] = ()) -> list[Outcome]:
    """Run `first`, then `then` with `beside` beside it; after a failure in either no further target begins."""
    ahead, quiet, main_lane = Lane(first), Lane(beside, priority=19), Lane(then)
    with _signals(ahead, quiet, main_lane):
        ahead.run(is_over=lambda: False)
        thread = threading.Thread(target=quiet.run, args=(lambda: ahead.failed or main_lane.failed, True))
        thread.start()
        main_lane.run(is_over=lambda: ahead.failed or quiet.failed)
        thread.join()
    return ahead.outcomes + quiet.outcomes + main_lane.outcomes


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    """Return the table of targets, some of which ran together, and, as its last line, ``N passed, N failed``."""
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


def parse(words: Sequence[str]) -> Optional[tuple[list[str], list[str], list[str]]]:
    """Return the targets that come first, those beside, and those that follow; None where the words make no sense."""
    first, _, rest = " ".join(words).partition("--beside")
    beside, dashes, then = rest.partition(" -- ")
    found = first.split(), beside.split(), then.split()
    if not first.split() or (rest and not (dashes and found[1] and found[2])):
        return None
    return None if any(target.startswith("-") for part in found for target in part) else found


def main(words: Sequence[str]) -> int:
    """Run the stages named on the command line; 2 when they make no sense."""
    plan = parse(words)
    if plan is None:
        print("usage: stages.py TARGET... [--beside TARGET... -- TARGET...]", file=sys.stderr)
        return 2
    # A stage's own make must not inherit the outer one's flags: -n or -k would change what a stage means.
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        os.environ.pop(name, None)
    started = time.monotonic()
    outcomes = run_all(*plan)
    print(summary(outcomes, time.monotonic() - started), flush=True)
    return 0 if all(outcome.verdict == "passed" for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
