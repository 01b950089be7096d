# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Differences between clocks, measured and with their uncertainty stated.

The method is NTP's (RFC 5905, section 8) reduced to its core: read the other clock between two
readings of our own. The other reading happened somewhere between ours, so the middle is off by
at most half the round trip. Of several exchanges the one with the shortest round trip is best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["SAME_CLOCK", "Exchange", "Offset", "best_offset"]


@dataclass(frozen=True)
class Exchange:
    """One reading of another host's clock between two of our own, wall clock, nanoseconds."""

    before_ns: int
    theirs_ns: int
    after_ns: int


@dataclass(frozen=True)
class Offset:
    """How far another host's clock is ahead of ours."""

    ns: int
    uncertainty_ns: int

    def to_ours(self, theirs_ns: int) -> int:
        """One of their times on our clock."""
        return theirs_ns - self.ns


SAME_CLOCK = Offset(0, 0)


def best_offset(exchanges: Sequence[Exchange], our_boot_id: str = "", their_boot_id: str = "") -> Offset:
    """The most certain offset the exchanges allow.

    Hosts that share a boot id share a kernel (containers), thus a clock: nothing to measure.
    Raises ValueError without any exchange.
    """
    if our_boot_id and our_boot_id == their_boot_id:
        return SAME_CLOCK
    if not exchanges:
        raise ValueError("no exchange of clocks to work an offset out of")
    best = min(exchanges, key=lambda exchange: exchange.after_ns - exchange.before_ns)
    middle_ns = (best.before_ns + best.after_ns) // 2
    return Offset(best.theirs_ns - middle_ns, (best.after_ns - best.before_ns + 1) // 2)
