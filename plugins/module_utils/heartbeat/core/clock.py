# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time as the core knows it: integers of nanoseconds on somebody else's monotonic clock."""

from __future__ import annotations

from collections.abc import Iterable

#: One millisecond, one second, in ns.
MS = 1_000_000
SECOND = 1_000 * MS


def to_ms(span_ns: int) -> int:
    """Nanoseconds as whole milliseconds, rounded down."""
    return span_ns // MS


def earliest(moments: Iterable[int | None]) -> int | None:
    """The first of several moments, of which some may never come (None)."""
    known = [moment for moment in moments if moment is not None]
    return min(known) if known else None
