# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Repetitions of the same drill side by side: every run a dot, the median and the budget as lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any, Optional

from ..timeline.statistics import percentile
from ..verdict.measures import show_us
from .scale import percent

__all__ = ["Repetitions", "render_distribution", "repetitions"]


@dataclass
class Repetitions:
    """The outages of one probe over all runs of one fault."""

    fault: str
    probe: str
    outages_us: list[int] = field(default_factory=list)
    budget_us: Optional[int] = None


def repetitions(report: Mapping[str, Any]) -> list[Repetitions]:
    """Every fault that was drilled more than once, by probe, in the report's order."""
    found: dict[tuple[str, str], Repetitions] = {}
    for run in report["runs"]:
        for row in run["verdicts"]:
            if row["measure"] == "outage_us" and row["value"] is not None:
                series = found.setdefault((run["title"], row["probe"]), Repetitions(run["title"], row["probe"]))
                series.outages_us.append(row["value"])
                series.budget_us = row["budget"]
    return [series for series in found.values() if len(series.outages_us) > 1]


def _spread(series: Repetitions, top: int) -> str:
    """Dots are placed on 3-97 % of the width, so that none is cut off."""

    def place(value: int) -> str:
        return percent(0.03 + 0.94 * value / top)

    dots = []
    for value in series.outages_us:
        over = series.budget_us is not None and value > series.budget_us
        dots.append(f'<i class="{"fail" if over else "pass"}" style="left:{place(value)}"></i>')
    budget = "" if series.budget_us is None else f'<u style="left:{place(series.budget_us)}"></u>'
    middle = f'<b style="left:{place(percentile(series.outages_us, 0.5))}"></b>'
    label = f"{series.fault}, {series.probe}: {_figures(series)}"
    return (
        f'<div class="track"><div class="spread" role="img" aria-label="{escape(label, quote=True)}">'
        f"{budget}{middle}{''.join(dots)}</div></div>"
    )


def _figures(series: Repetitions) -> str:
    values = series.outages_us
    return (
        f"n={len(values)}, median {show_us(percentile(values, 0.5))}, p95 {show_us(percentile(values, 0.95))}, "
        f"max {show_us(max(values))}"
    )


def render_distribution(report: Mapping[str, Any]) -> str:
    """The section, or nothing where no fault was repeated."""
    found = repetitions(report)
    parts = []
    for fault in dict.fromkeys(series.fault for series in found):
        rows = [series for series in found if series.fault == fault]
        top = max(1, *(max(*series.outages_us, series.budget_us or 0) for series in rows))
        parts.append(f"<h3>{escape(fault)}</h3>")
        for series in rows:
            parts.append(
                f'<div class="lane"><div class="name">{escape(series.probe)}</div>{_spread(series, top)}</div>'
                f'<div class="lane"><div class="name"></div><small>{_figures(series)}</small></div>'
            )
    if not parts:
        return ""
    return (
        '<section aria-labelledby="repetitions"><h2 id="repetitions">Repetitions</h2>'
        f'{"".join(parts)}<p class="why">Each dot is one run; the solid line is the median, the dashed one the budget.'
        "</p></section>"
    )
