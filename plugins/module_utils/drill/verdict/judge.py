# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict: each measure against its budget, each with a sentence that says why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Optional

from .budget import Budget
from .measures import MEASURES, Measure, show_us

__all__ = ["Evidence", "Result", "Row", "judge", "overall"]


class Result(str, Enum):
    """What a comparison can come to."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    """Within budget as far as it was seen, but too much was not seen."""
    MEASURED = "measured"
    """No budget was set."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Evidence:
    """What is known of one probe's run."""

    measures: Mapping[str, int]
    sent: int
    ok: int
    recovered: bool
    interval_us: int
    hidden_us: int
    """How much outage may lie where the probe did not look."""


@dataclass(frozen=True)
class Row:
    """One line of the verdict."""

    probe: str
    measure: str
    value: Optional[int]
    budget: Optional[int]
    result: Result
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "probe": self.probe,
            "measure": self.measure,
            "value": self.value,
            "budget": self.budget,
            "result": self.result.value,
            "reason": self.reason,
        }


def judge(probe: str, evidence: Evidence, budget: Budget) -> list[Row]:
    """One row per budgeted measure, the outage always among them and first."""
    limits = dict(budget.limits)
    rows = [_outage(probe, evidence, limits.pop("outage_us", None), budget)]
    for name, limit in limits.items():
        rows.append(_row(probe, MEASURES[name], limit, evidence, budget))
    return rows


def overall(results: Iterable[Result]) -> Result:
    """The worst of all; "measured" only where nothing was budgeted at all."""
    found = set(results)
    for result in (Result.FAIL, Result.INCONCLUSIVE, Result.PASS):
        if result in found:
            return result
    return Result.MEASURED


def _outage(probe: str, evidence: Evidence, limit: Optional[int], budget: Budget) -> Row:
    measure = MEASURES["outage_us"]
    value = evidence.measures.get("outage_us", 0)
    if not evidence.sent:
        return Row(probe, measure.name, None, limit, Result.INCONCLUSIVE, "not one attempt was made: nothing is known")
    if not evidence.ok:
        return Row(probe, measure.name, value, limit, Result.FAIL, "the service never answered during this run")
    if not evidence.recovered:
        said = f"the service was away for {show_us(value)} and had not come back when the run ended"
        return Row(probe, measure.name, value, limit, Result.FAIL, said)
    return _row(probe, measure, limit, evidence, budget)


def _row(probe: str, measure: Measure, limit: Optional[int], evidence: Evidence, budget: Budget) -> Row:
    value = evidence.measures.get(measure.name)
    if value is None:
        said = f"{measure.label}: this probe does not measure that"
        return Row(probe, measure.name, None, limit, Result.INCONCLUSIVE, said)
    shown = measure.show(value)
    if limit is None:
        return Row(probe, measure.name, value, None, Result.MEASURED, f"{measure.label} {shown}, no budget set")
    if value > limit:
        said = f"{measure.label} {shown}, {measure.show(value - limit)} over the budget of {measure.show(limit)}"
        return Row(probe, measure.name, value, limit, Result.FAIL, said)
    if evidence.hidden_us > budget.blind_us and _could_hide(measure, value, limit, evidence):
        said = (
            f"{measure.label} {shown} as far as seen, but the probe itself was not run for up to "
            f"{show_us(evidence.hidden_us)} at a time: that could hide more than the budget of {measure.show(limit)}"
        )
        return Row(probe, measure.name, value, limit, Result.INCONCLUSIVE, said)
    return Row(probe, measure.name, value, limit, Result.PASS, _within(measure, value, limit, evidence))


def _could_hide(measure: Measure, value: int, limit: int, evidence: Evidence) -> bool:
    if measure.whole:
        return False
    hidden = evidence.hidden_us if measure.duration else evidence.hidden_us // max(1, evidence.interval_us)
    return value + hidden > limit


def _within(measure: Measure, value: int, limit: int, evidence: Evidence) -> str:
    if measure.name == "outage_us" and value == 0:
        return f"no attempt was lost (one every {show_us(evidence.interval_us)}); budget {measure.show(limit)}"
    if value == limit:
        return f"{measure.label} {measure.show(value)}, exactly the budget"
    below = measure.show(limit - value)
    return f"{measure.label} {measure.show(value)}, {below} below the budget of {measure.show(limit)}"


def exit_code(result: Result) -> int:
    """For programs: 0 within budget (or none set), 1 over budget, 3 inconclusive."""
    return {Result.FAIL: 1, Result.INCONCLUSIVE: 3}.get(result, 0)


def results_of(rows: Sequence[Row]) -> list[Result]:
    """The results alone."""
    return [row.result for row in rows]
