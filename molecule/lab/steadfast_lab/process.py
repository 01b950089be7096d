# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes by pid, without mistaking a stranger for them: a pid counts only with its start time."""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path


def start_time(pid: int) -> int:
    """Return the start time of a process in clock ticks since boot (proc(5), field 22), 0 when there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0
    fields = text.rpartition(")")[2].split()
    return 0 if fields[0] in "ZX" else int(fields[19])


def is_alive(pid: int, started: int) -> bool:
    """Tell whether the very process is still there."""
    return pid > 0 and started > 0 and start_time(pid) == started


def kill(pid: int, started: int, number: signal.Signals, wait: float = 0.0) -> bool:
    """Send a signal to the very process; wait up to `wait` seconds for its end. Tells whether it has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except (ProcessLookupError, ValueError, OSError):
        return True
    try:
        if not is_alive(pid, started):
            return True
        signal.pidfd_send_signal(descriptor, number)
        if wait <= 0:
            return False
        return bool(select.select([descriptor], [], [], wait)[0])
    except ProcessLookupError:
        return True
    finally:
        os.close(descriptor)
