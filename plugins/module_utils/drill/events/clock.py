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

__all__ = ["SAME_CLOCK", "Exchange", "Identity", "Offset", "best_offset", "same_kernel"]


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


@dataclass(frozen=True)
class Identity:
    """What tells one running kernel from another.

    boot_id: /proc/sys/kernel/random/boot_id, "" if unknown. systemd gives containers a false one.
    counters: what the kernel has counted since boot (context switches, forks), from /proc/stat.
    """

    boot_id: str = ""
    counters: tuple[int, ...] = ()


def same_kernel(readings: Sequence[tuple[Identity, Identity, Identity]]) -> bool:
    """Whether they are we: each reading is (ours before, theirs, ours after).

    Counters that run by themselves on each kernel, and that lie between our own two readings every
    time, are our own. One exchange might be a coincidence, so it takes at least two.
    """
    if not readings:
        return False
    if all(ours.boot_id and ours.boot_id == theirs.boot_id for ours, theirs, _after in readings):
        return True
    return len(readings) > 1 and all(
        theirs.counters
        and len(before.counters) == len(theirs.counters) == len(after.counters)
        and all(low <= count <= high for low, count, high in zip(before.counters, theirs.counters, after.counters))
        for before, theirs, after in readings
    )


def best_offset(exchanges: Sequence[Exchange], one_kernel: bool = False) -> Offset:
    """The most certain offset the exchanges allow.

    Hosts that share a kernel (containers) share its clock: nothing to measure.
    Raises ValueError without any exchange.
    """
    if one_kernel:
        return SAME_CLOCK
    if not exchanges:
        raise ValueError("no exchange of clocks to work an offset out of")
    best = min(exchanges, key=lambda exchange: exchange.after_ns - exchange.before_ns)
    middle_ns = (best.before_ns + best.after_ns) // 2
    return Offset(best.theirs_ns - middle_ns, (best.after_ns - best.before_ns + 1) // 2)
