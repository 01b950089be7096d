# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one clock of decisions: monotonic nanoseconds that also count while the machine is suspended.

A node that slept must find out how long (its hold may have passed to the peer meanwhile), so CLOCK_BOOTTIME
is used, not CLOCK_MONOTONIC, which stands still during a suspend. The wall clock never decides anything.
"""

from __future__ import annotations

import time

MS = 1_000_000  # nanoseconds in a millisecond
SECOND = 1_000_000_000


def now_ns() -> int:
    """Nanoseconds since boot, suspended time included."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def wall_s() -> int:
    """Unix time in seconds, only for the ``ts`` field of messages and for logs."""
    return int(time.time())
