# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that probes: detached on the client host, or in the foreground for people.

It lives in a run directory (see ``rundir``), writes its samples there, and ends by itself: at
the run's deadline, on SIGTERM, when the file is full – and by the kernel's alarm should its own
loop ever fail to end.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

from .priority import raise_priority
from .runner import Runner
from .spec import parse_run

__all__ = ["SAMPLES", "SPEC", "STATE", "main", "run_in", "write_state"]

SPEC = "spec.json"
SAMPLES = "samples.jsonl"
STATE = "state.json"
ALARM_GRACE_SECONDS = 15


def write_state(directory: str, **values: Any) -> None:
    """Replace the state file in one step, so that a reader never sees half of it."""
    path = os.path.join(directory, STATE)
    with open(f"{path}.new", "w", encoding="utf-8") as stream:
        json.dump(values, stream)
    os.replace(f"{path}.new", path)


def run_in(directory: str) -> str:
    """Run the specification that lies in ``directory``; returns why the run ended.

    Raises OSError, ValueError (SpecError included); the state file names the error then.
    """
    pid = os.getpid()
    try:
        with open(os.path.join(directory, SPEC), encoding="utf-8") as stream:
            spec = parse_run(json.load(stream))
        # Default action on purpose: the last resort must not depend on this program's health.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, spec.max_seconds + ALARM_GRACE_SECONDS)
        with open(os.path.join(directory, SAMPLES), "wb") as stream:
            runner = Runner(
                spec,
                stream,
                started=lambda: write_state(directory, state="running", pid=pid, since_ns=time.time_ns()),
                scheduling=raise_priority(),
            )
            runner.install_signals()
            reason = runner.run()
    except Exception as error:
        write_state(directory, state="failed", pid=pid, error=f"{type(error).__name__}: {error}")
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    write_state(directory, state="ended", pid=pid, reason=reason)
    return reason


def main(argv: Sequence[str]) -> int:
    """Entry point of the packed program: its one argument is the run directory."""
    if len(argv) != 1:
        sys.stderr.write("usage: probe.pyz RUN_DIRECTORY\n")
        return 2
    run_in(argv[0])
    return 0
