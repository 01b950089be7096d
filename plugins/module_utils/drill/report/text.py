# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as a plain table for a terminal: fault, probe, outage, budget, verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .words import headline, shown, verdict_word

__all__ = ["render_text", "table"]


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Aligned columns under a rule; the columns in ``right`` are right-aligned."""
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = [cell.rjust(widths[i]) if i in right else cell.ljust(widths[i]) for i, cell in enumerate(cells)]
        return "  ".join(padded).rstrip()

    return "\n".join([line(head), line(["─" * width for width in widths]), *(line(row) for row in rows)])


def render_text(report: Mapping[str, Any]) -> str:
    """The whole report; ends with a newline."""
    rows = []
    for run in report["runs"]:
        fault = run["title"]
        for row in run["verdicts"]:
            measure = "" if row["measure"] == "outage_us" else f" {row['measure'].rsplit('_us', 1)[0]}"
            rows.append(
                [
                    fault,
                    row["probe"] + measure,
                    shown(row["measure"], row["value"]),
                    shown(row["measure"], row["budget"]),
                    verdict_word(row["result"]),
                ]
            )
            fault = ""
    parts = [report["title"], ""]
    parts.append(table(["FAULT", "PROBE", "OUTAGE", "BUDGET", "VERDICT"], rows, right=(2, 3)))
    reasons = [
        f"  {run['title']}, {row['probe']}: {row['reason']}"
        for run in report["runs"]
        for row in run["verdicts"]
        if row["result"] in ("fail", "inconclusive")
    ]
    if reasons:
        parts += ["", "Why:", *reasons]
    comparison = report.get("comparison")
    if comparison:
        parts += ["", f"Against {comparison['with']}: {comparison['headline']}"]
    return "\n".join([*parts, "", headline(report), ""])
