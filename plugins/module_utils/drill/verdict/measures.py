# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be measured and budgeted: one table of names, units and words.

Measures travel as integers: microseconds for durations, plain counts otherwise. Operators write
budgets in milliseconds, so a duration ``outage_us`` has the budget key ``outage_ms``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..timeline.accounting import Account
from ..timeline.analysis import ProbeAnalysis

__all__ = ["MEASURES", "Measure", "measures_of", "measures_of_writes", "show_us"]


@dataclass(frozen=True)
class Measure:
    """One measurable thing."""

    name: str
    budget_key: str
    label: str
    duration: bool
    worse: str
    """What it is called when there is more of it: "longer", "more"."""
    whole: bool = False
    """Blind time hides none. A write that was not sent in time is not missing; a session that is lost is missed by the
    next request."""

    def show(self, value: int) -> str:
        """The value with its unit, for people."""
        return show_us(value) if self.duration else f"{value:,}".replace(",", "\u202f")

    def from_budget(self, value: float) -> int:
        """A budget as the operator wrote it, in the measure's own unit."""
        return round(value * 1000) if self.duration else round(value)


def show_us(value: int) -> str:
    """A duration in the unit people think in: 0 ms, 0.4 ms, 12 ms, 1 234 ms, 12.3 s."""
    if value == 0:
        return "0 ms"
    sign, size = ("−", -value) if value < 0 else ("", value)
    if size < 10_000:
        return f"{sign}{size / 1000:.1f} ms".replace(".0 ms", " ms")
    if size < 10_000_000:
        return f"{sign}{round(size / 1000):,} ms".replace(",", "\u202f")
    return f"{sign}{size / 1_000_000:.1f} s"


_ROWS = (
    Measure("outage_us", "outage_ms", "outage", True, "longer"),
    Measure("longest_outage_us", "longest_outage_ms", "longest outage", True, "longer"),
    Measure("errors", "errors", "attempts lost", False, "more"),
    Measure("wrong", "wrong", "wrong answers", False, "more"),
    Measure("broken_streams", "broken_streams", "broken streams", False, "more"),
    Measure("lost_sessions", "lost_sessions", "sessions lost", False, "more", whole=True),
    Measure("lost_writes", "lost_writes", "acknowledged writes lost", False, "more", whole=True),
    Measure("lost_protected_writes", "lost_protected_writes", "protected writes lost", False, "more", whole=True),
    Measure("duplicates", "duplicates", "writes that are there twice", False, "more", whole=True),
    Measure("unpromised_writes", "unpromised_writes", "writes kept without acknowledgement", False, "more", whole=True),
    Measure("two_holders_us", "two_holders_ms", "time with two holders", True, "longer"),
    Measure("stale_us", "stale_ms", "time with a stale neighbour entry", True, "longer"),
    Measure("moves", "moves", "moves", False, "more"),
    Measure("latency_p99_us", "latency_p99_ms", "latency, 99th percentile", True, "slower"),
    Measure("silence_us", "silence_ms", "longest time between two answers", True, "longer"),
)

MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in _ROWS}


def measures_of_writes(found: Account) -> dict[str, int]:
    """The measures of a probe whose writes have been read back."""
    kept = {} if found.protected is None else {"lost_protected_writes": len(found.lost_protected)}
    return {
        **kept,
        "lost_writes": len(found.lost),
        "duplicates": len(found.duplicates),
        "unpromised_writes": len(found.unpromised),
    }


def measures_of(analysis: ProbeAnalysis, kind: str = "") -> dict[str, int]:
    """The measures a probe of this kind has. Those that need more than samples add theirs later."""
    found = {
        "outage_us": analysis.outage_us,
        "longest_outage_us": analysis.longest_outage_us,
        "errors": analysis.lost,
        "wrong": analysis.outcomes.get("wrong", 0),
        "latency_p99_us": analysis.latency["p99"],
        "silence_us": analysis.longest_silence_us,
    }
    if analysis.holdings:
        found["moves"] = analysis.moves
        found["two_holders_us"] = analysis.two_holders_us
    if kind == "stream":
        found["broken_streams"] = analysis.breaks
    if kind == "session":
        found["lost_sessions"] = analysis.lost_sessions
    if kind == "neighbour":
        found["stale_us"] = analysis.stale_us
    return found
