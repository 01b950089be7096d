# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A timer that wakes a selector with nanosecond resolution.

epoll and poll round their timeouts up to whole milliseconds, which would make every probe
of a 5 ms pace up to one millisecond late. A timerfd (timerfd_create(2)) on CLOCK_MONOTONIC
with absolute deadlines does not. Python has it since 3.13; before, it comes through ctypes.
Where neither works the caller falls back to the selector's own timeout.
"""

from __future__ import annotations

import ctypes
import os
from typing import Any, Optional

__all__ = ["MonotonicTimer", "open_timer"]

CLOCK_MONOTONIC = 1
TFD_TIMER_ABSTIME = 1
TFD_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC


class _Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


class _Itimerspec(ctypes.Structure):
    _fields_ = [("interval", _Timespec), ("value", _Timespec)]


class MonotonicTimer:
    """One-shot timer; ``fileno()`` becomes readable at the deadline last set."""

    def __init__(self, libc: Any, descriptor: int) -> None:
        self._libc = libc
        self._descriptor = descriptor

    def fileno(self) -> int:
        """The descriptor to watch for reading."""
        return self._descriptor

    def arm(self, deadline_ns: int) -> None:
        """Fire at ``deadline_ns`` on CLOCK_MONOTONIC; a time in the past fires at once."""
        # A zero deadline would disarm the timer.
        deadline_ns = max(1, deadline_ns)
        spec = _Itimerspec(_Timespec(0, 0), _Timespec(*divmod(deadline_ns, 1_000_000_000)))
        if self._libc.timerfd_settime(self._descriptor, TFD_TIMER_ABSTIME, ctypes.byref(spec), None) != 0:
            raise OSError(ctypes.get_errno(), "timerfd_settime failed")

    def clear(self) -> None:
        """Take note of an expiry, so that the descriptor is no longer readable."""
        try:
            os.read(self._descriptor, 8)
        except BlockingIOError:
            pass

    def close(self) -> None:
        """Release the descriptor."""
        os.close(self._descriptor)


def open_timer() -> Optional[MonotonicTimer]:
    """A timer, or None where the platform has none."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        descriptor = libc.timerfd_create(CLOCK_MONOTONIC, TFD_FLAGS)
    except (OSError, AttributeError):
        return None
    return MonotonicTimer(libc, descriptor) if descriptor >= 0 else None
