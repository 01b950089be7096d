# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""This report against an earlier one: what got worse, and by how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

from ..timeline.statistics import median
from .measures import MEASURES, show_us

__all__ = ["Change", "compare"]

_COMPARED = ("outage_us", "errors", "lost_writes", "lost_protected_writes", "duplicates", "two_holders_us", "moves")


@dataclass(frozen=True)
class Change:
    """One measure of one probe under one fault, then and now (medians over repetitions)."""

    fault: str
    probe: str
    measure: str
    before: int
    now: int
    noise: int
    """Differences up to this size say nothing: the probes' intervals and the spread of repetitions."""

    @property
    def verdict(self) -> str:
        """One of "worse", "better", "same"."""
        difference = self.now - self.before
        if abs(difference) <= self.noise:
            return "same"
        return "worse" if difference > 0 else "better"

    @property
    def text(self) -> str:
        """The change as a sentence."""
        measure = MEASURES[self.measure]
        if self.verdict == "same":
            return f"{measure.label} as before ({measure.show(self.now)}, was {measure.show(self.before)})"
        by = measure.show(abs(self.now - self.before))
        return f"{measure.label} {self.verdict} by {by} ({measure.show(self.now)}, was {measure.show(self.before)})"

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "fault": self.fault,
            "probe": self.probe,
            "measure": self.measure,
            "before": self.before,
            "now": self.now,
            "noise": self.noise,
            "verdict": self.verdict,
            "text": self.text,
        }


@dataclass
class _Series:
    values: list[int]
    interval_us: int


def compare(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    """Changes for every fault (by title) and probe (by name) that both reports have."""
    earlier, later = _series(before), _series(now)
    changes = []
    for key, series in later.items():
        old: Optional[_Series] = earlier.get(key)
        if old is None:
            continue
        fault, probe, name = key
        # A count of lost attempts is as uncertain as the time they span.
        noise = max(series.interval_us, old.interval_us) if MEASURES[name].duration else 0
        if name == "errors":
            noise = 1
        if len(series.values) > 1 or len(old.values) > 1:
            noise = max(noise, _spread(series.values), _spread(old.values))
        changes.append(Change(fault, probe, name, median(old.values), median(series.values), noise))
    return changes


def _spread(values: list[int]) -> int:
    """Half the distance between the quartiles."""
    ordered = sorted(values)
    return (ordered[(3 * len(ordered)) // 4 if len(ordered) > 1 else 0] - ordered[len(ordered) // 4]) // 2


def _series(report: Mapping[str, Any]) -> dict[tuple[str, str, str], _Series]:
    found: dict[tuple[str, str, str], _Series] = {}
    for run in report["runs"]:
        for probe in run["probes"]:
            for name in _COMPARED:
                value = probe["measures"].get(name)
                if value is not None:
                    series = found.setdefault((run["title"], probe["name"], name), _Series([], probe["interval_us"]))
                    series.values.append(value)
    return found


def sentence(change: Change) -> str:
    """The change with its place: "crash of the holder, vip-icmp: outage worse by 180 ms (…)"."""
    return f"{change.fault}, {change.probe}: {change.text}"


def worst(changes: list[Change]) -> str:
    """The headline of a comparison."""
    slower = [c for c in changes if c.measure == "outage_us" and c.verdict == "worse"]
    if slower:
        change = max(slower, key=lambda c: c.now - c.before)
        return f"worse by {show_us(change.now - change.before)} ({change.fault}, {change.probe})"
    faster = [c for c in changes if c.measure == "outage_us" and c.verdict == "better"]
    if faster:
        change = min(faster, key=lambda c: c.now - c.before)
        return f"better by {show_us(change.before - change.now)} ({change.fault}, {change.probe})"
    return "no change beyond what the measurement can tell"
