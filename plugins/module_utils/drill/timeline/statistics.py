# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counting: percentiles and shares that mean the same everywhere in a report."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["median", "percentile", "summary"]


def percentile(values: Sequence[int], share: float) -> int:
    """The nearest-rank percentile: the smallest value that ``share`` (0-1) of all do not exceed.

    Always a value that was measured, never one computed between two. 0 for no values.
    Raises ValueError for a share outside 0-1.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a share of {share} is not between 0 and 1")
    if not values:
        return 0
    ordered = sorted(values)
    # Ceiling division on integers: 0.95 * 20 is 19.000000000000004 in floating point.
    rank = -(-len(ordered) * round(share * 10_000) // 10_000)
    return ordered[max(0, rank - 1)]


def median(values: Sequence[int]) -> int:
    """The 50th percentile by nearest rank."""
    return percentile(values, 0.5)


def summary(values: Sequence[int]) -> dict[str, int]:
    """What a report shows of a distribution."""
    return {
        "p50": percentile(values, 0.5),
        "p95": percentile(values, 0.95),
        "p99": percentile(values, 0.99),
        "max": max(values, default=0),
    }
