# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Being run in time on a busy client host – and never at its expense.

A probe that waits for the processor measures the processor. Real-time scheduling (sched(7)) puts it
before ordinary work; it needs little time and sleeps in between. Should it ever fail to sleep, a
limit takes the privilege away again (RLIMIT_RTTIME, setrlimit(2)). Without the right to any of
this the probe runs as it is, and its lateness is measured as always.
"""

from __future__ import annotations

import os
import resource
import signal
from typing import Any

__all__ = ["raise_priority"]

LOWEST_PRIORITY = 1
NICE = -10
WITHOUT_SLEEP_US = 500_000


def raise_priority() -> str:
    """Ask for what there is; returns what was granted: "real-time", "nice" or "normal"."""
    try:
        # Children, of command probes for example, are ordinary again.
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(LOWEST_PRIORITY))
    except OSError:
        return _nice()
    try:
        _soft, hard = resource.getrlimit(resource.RLIMIT_RTTIME)
        soft = WITHOUT_SLEEP_US if hard == resource.RLIM_INFINITY else min(WITHOUT_SLEEP_US, hard)
        signal.signal(signal.SIGXCPU, _lower)
        resource.setrlimit(resource.RLIMIT_RTTIME, (soft, hard))
    except (OSError, ValueError):
        # Without the safety catch no weapon.
        _lower()
        return _nice()
    return "real-time"


def _nice() -> str:
    try:
        os.nice(NICE)
    except OSError:
        return "normal"
    return "nice"


def _lower(*_signal: Any) -> None:
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
