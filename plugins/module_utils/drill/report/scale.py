# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time axis: which part of a run is worth looking at, and where its ticks belong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Window", "event_groups", "focus_window", "percent", "ticks", "whole_window"]

SHORTEST_US = 240_000
AFTERGLOW_US = 1_500_000
"""Decisions this long after the fault belong to it even where nothing was lost."""


@dataclass(frozen=True)
class Window:
    """The part of the run that is drawn."""

    begin_us: int
    end_us: int

    @property
    def us(self) -> int:
        """Its length, never zero."""
        return max(1, self.end_us - self.begin_us)

    def at(self, time_us: float) -> float:
        """Where a time lies, 0-1, cut off at the edges."""
        return min(1.0, max(0.0, (time_us - self.begin_us) / self.us))

    def holds(self, time_us: int) -> bool:
        """Whether a time lies inside."""
        return self.begin_us <= time_us <= self.end_us


def percent(share: float) -> str:
    """A share as CSS wants it."""
    return f"{share * 100:.3f}".rstrip("0").rstrip(".") + "%"


def whole_window(run: Mapping[str, Any]) -> Window:
    """The whole run."""
    return Window(run["span"]["begin_us"], run["span"]["end_us"])


def focus_window(run: Mapping[str, Any]) -> Window:
    """The fault and what it cost, with calm on both sides; no more than the run itself."""
    begin_us = end_us = 0
    for probe in run["probes"]:
        for outage in probe["outages"]:
            begin_us = min(begin_us, outage["begin_us"])
            end_us = max(end_us, outage["end_us"])
    for event in run["events"]:
        if 0 <= event["at_us"] <= max(AFTERGLOW_US, end_us):
            end_us = max(end_us, event["at_us"])
    length_us = max(end_us - begin_us, SHORTEST_US)
    whole = whole_window(run)
    window = Window(
        max(begin_us - length_us * 3 // 10, whole.begin_us),
        min(max(end_us + length_us * 4 // 10, begin_us + length_us), whole.end_us),
    )
    # A fault time outside the recording (a wrong clock) must not give an empty picture.
    return window if window.end_us > window.begin_us else whole


def ticks(window: Window, wanted: int = 7) -> list[tuple[int, str]]:
    """Round times on the axis with their labels, the fault at zero."""
    raw = window.us / wanted
    magnitude = 1
    while magnitude * 10 <= raw:
        magnitude *= 10
    step = max(1000, next(magnitude * factor for factor in (1, 2, 5, 10) if magnitude * factor >= raw))
    first = -(-window.begin_us // step) * step
    return [(at, _tick_label(at, step)) for at in range(first, window.end_us + 1, step)]


def _tick_label(at_us: int, step_us: int) -> str:
    if at_us == 0:
        return "0"
    sign = "+" if at_us > 0 else "−"
    if step_us >= 1_000_000:
        return f"{sign}{abs(at_us) // 1_000_000} s"
    return f"{sign}{abs(at_us) // 1000:,} ms".replace(",", "\u202f")


def event_groups(events: Sequence[Mapping[str, Any]], window: Window, apart: float) -> list[tuple[float, int, int]]:
    """Markers that do not overlap: (position 0-1, first event's index, last event's index).

    Events closer together than ``apart`` (a share of the width) share one marker.
    """
    groups: list[tuple[float, int, int]] = []
    for index, event in enumerate(events):
        if not window.holds(event["at_us"]):
            continue
        place = window.at(event["at_us"])
        if groups and place - groups[-1][0] < apart:
            groups[-1] = (groups[-1][0], groups[-1][1], index)
        else:
            groups.append((place, index, index))
    return groups
