# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drill.verdict.budget import Budget, BudgetError, budget_for, parse_budgets
from drill.verdict.compare import compare, worst
from drill.verdict.judge import Evidence, Result, exit_code, judge, overall


def evidence(outage_us: int = 0, **more: Any) -> Evidence:
    given_: dict[str, Any] = {
        "measures": {"outage_us": outage_us, "errors": 3, "moves": 1},
        "sent": 1000,
        "ok": 900,
        "recovered": True,
        "interval_us": 5_000,
        "hidden_us": 0,
        **more,
    }
    return Evidence(**given_)


def outage_row(found: Evidence, budget: float) -> Any:
    return judge("vip", found, parse_budgets({"vip": budget})["vip"])[0]


def test_below_at_and_over_the_budget() -> None:
    below, at, over = (outage_row(evidence(value), 650) for value in (535_000, 650_000, 651_000))
    assert (below.result, at.result, over.result) == (Result.PASS, Result.PASS, Result.FAIL)
    assert below.reason == "outage 535 ms, 115 ms below the budget of 650 ms"
    assert at.reason == "outage 650 ms, exactly the budget"
    assert over.reason == "outage 651 ms, 1 ms over the budget of 650 ms"


def test_without_a_budget_it_is_only_measured() -> None:
    (row,) = judge("vip", evidence(1_000), Budget())
    assert (row.result, row.budget) == (Result.MEASURED, None)


def test_what_was_not_looked_at_cannot_pass() -> None:
    assert outage_row(evidence(sent=0, ok=0), 650).result is Result.INCONCLUSIVE


def test_what_never_answered_or_never_came_back_fails_whatever_the_budget() -> None:
    assert outage_row(evidence(10, ok=0), 10**6).result is Result.FAIL
    row = outage_row(evidence(10, recovered=False), 10**6)
    assert row.result is Result.FAIL
    assert "had not come back" in row.reason


def test_much_blindness_makes_a_pass_inconclusive_but_never_a_failure_a_pass() -> None:
    assert outage_row(evidence(500_000, hidden_us=100_000), 550).result is Result.PASS
    assert outage_row(evidence(500_000, hidden_us=101_000), 550).result is Result.INCONCLUSIVE
    assert outage_row(evidence(500_000, hidden_us=101_000), 5000).result is Result.PASS
    assert outage_row(evidence(600_000, hidden_us=900_000), 550).result is Result.FAIL


def test_counts_have_budgets_too() -> None:
    rows = judge("vip", evidence(), parse_budgets({"*": {"outage_ms": 0, "errors": 2, "moves": 1}})["*"])
    assert [(row.measure, row.result) for row in rows] == [
        ("outage_us", Result.PASS),
        ("errors", Result.FAIL),
        ("moves", Result.PASS),
    ]


def test_blind_time_hides_no_lost_write_and_no_lost_session() -> None:
    """A write that was not sent cannot be lost, and a session that is lost is missed by the next request."""
    zeros = {"lost_writes": 0, "lost_sessions": 0, "moves": 0}
    blind = evidence(hidden_us=900_000, measures={"outage_us": 0, **zeros})
    rows = judge("vip", blind, parse_budgets({"*": {"outage_ms": 5000, **zeros}})["*"])
    assert [(row.measure, row.result) for row in rows] == [
        ("outage_us", Result.PASS),
        ("lost_writes", Result.PASS),
        ("lost_sessions", Result.PASS),
        ("moves", Result.INCONCLUSIVE),
    ]


def test_a_budget_for_what_the_probe_cannot_measure_is_not_kept() -> None:
    rows = judge("vip", evidence(), parse_budgets({"*": {"lost_writes": 0}})["*"])
    assert rows[1].result is Result.INCONCLUSIVE


def test_budgets_by_name_then_kind_then_everything() -> None:
    budgets = parse_budgets({"vip": 1, "icmp": 2, "*": 3})
    limits = [budget_for(budgets, *key).limits["outage_us"] for key in (("vip", "icmp"), ("x", "icmp"), ("x", "tcp"))]
    assert limits == [1_000, 2_000, 3_000]
    assert budget_for({}, "x", "tcp") == Budget()


def test_every_mistake_in_budgets_is_named() -> None:
    with pytest.raises(BudgetError) as caught:
        parse_budgets({"a": {"outage": 5}, "b": "much", "c": -1})
    text = "\n".join(caught.value.errors)
    assert "did you mean 'outage_ms'?" in text
    assert "'much'" in text
    assert "negative" in text


@given(st.lists(st.sampled_from(list(Result))))
def test_the_whole_is_as_bad_as_its_worst_part(results: list[Result]) -> None:
    found = overall(results)
    if Result.FAIL in results:
        assert found is Result.FAIL
    elif Result.INCONCLUSIVE in results:
        assert found is Result.INCONCLUSIVE
    else:
        assert (found is Result.PASS) == (Result.PASS in results)


def test_exit_codes() -> None:
    assert [exit_code(r) for r in (Result.PASS, Result.MEASURED, Result.FAIL, Result.INCONCLUSIVE)] == [0, 0, 1, 3]


Make = Callable[..., dict[str, Any]]


def test_worse_by_so_much_than_last_time(make_run: Make, make_report: Make) -> None:
    before, now = make_report(make_run(gap_us=500_000)), make_report(make_run(gap_us=680_000))
    changes = {(c.probe, c.measure): c for c in compare(before, now)}
    change = changes["vip-icmp", "outage_us"]
    assert change.verdict == "worse"
    assert change.text == "outage worse by 180 ms (680 ms, was 500 ms)"
    assert worst(compare(before, now)) == "worse by 180 ms (Crash of the holder, vip-icmp)"
    assert worst(compare(now, before)) == "better by 180 ms (Crash of the holder, vip-icmp)"


def test_a_difference_within_the_interval_says_nothing(make_run: Make, make_report: Make) -> None:
    before, now = make_report(make_run(gap_us=500_000)), make_report(make_run(gap_us=505_000))
    assert {c.verdict for c in compare(before, now) if c.measure == "outage_us"} == {"same"}


def test_repetitions_are_compared_by_median_and_their_spread_is_noise(make_run: Make, make_report: Make) -> None:
    before = make_report(*(make_run(run_id=str(g), gap_us=g) for g in (400_000, 500_000, 600_000, 700_000)))
    now = make_report(make_run(gap_us=580_000))
    change = next(c for c in compare(before, now) if (c.probe, c.measure) == ("vip-icmp", "outage_us"))
    assert (change.before, change.now, change.verdict) == (500_000, 580_000, "same")


def test_faults_that_only_one_report_has_are_not_compared(make_run: Make, make_report: Make) -> None:
    assert compare(make_report(make_run(title="A")), make_report(make_run(title="B"))) == []
