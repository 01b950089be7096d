# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drill.model import Outcome, Sample
from drill.timeline.analysis import analyse
from drill.timeline.holders import find_holdings, moves, two_holders_us
from drill.timeline.statistics import median, percentile
from drill.verdict.measures import measures_of, show_us


@given(st.lists(st.integers(-1000, 1000), min_size=1), st.floats(0, 1))
def test_a_percentile_is_a_measured_value_that_enough_do_not_exceed(values: list[int], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    # The share is taken to a hundredth of a percent.
    assert sum(value <= found for value in values) >= (share - 0.00006) * len(values)


def test_percentiles_of_twenty() -> None:
    values = list(range(1, 21))
    assert (percentile(values, 0.95), median(values), percentile(values, 1)) == (19, 10, 20)
    assert percentile([], 0.5) == 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        percentile(values, 95)


def answer(seq: int, who: str | None, outcome: Outcome = Outcome.OK, **more: object) -> Sample:
    return Sample(seq, seq * 10, 0, outcome, 1, {"who": who, **more} if who else None)


def test_holders_in_order_with_their_moves() -> None:
    rows = [answer(0, "n1"), answer(1, "n1"), answer(2, None), answer(3, "n2"), answer(4, "n1")]
    found = find_holdings(rows)
    assert [(h.who, h.begin_us, h.end_us, h.answers) for h in found] == [
        ("n1", 0, 10, 2),
        ("n2", 30, 30, 1),
        ("n1", 40, 40, 1),
    ]
    assert moves(found) == 2
    assert moves([]) == 0


def test_a_wrong_answer_holds_nothing() -> None:
    assert find_holdings([answer(0, "n1", Outcome.WRONG)]) == []


def test_two_holders_count_by_attempt() -> None:
    rows = [answer(0, "n1"), answer(1, "n1", also=["n2"]), answer(2, "n1", also=["n2"])]
    assert two_holders_us(rows, 10) == 20


def test_what_stood_before_the_fault_is_not_counted_as_its_doing() -> None:
    split = {"also": ["n2"], "entry": "n2"}
    rows = [answer(0, "n1", **split), answer(1, "n1", **split), answer(2, "n1", **split), answer(3, "n1")]
    assert (analyse(rows, 10).two_holders_us, analyse(rows, 10).stale_us) == (30, 30)
    since = analyse(rows, 10, fault_us=20)
    assert (since.two_holders_us, since.stale_us) == (10, 10)


def test_a_lost_session_is_counted_for_who_has_one() -> None:
    rows = [answer(0, "n1"), answer(1, "n2", Outcome.WRONG, lost_session=True), answer(2, "n2", Outcome.WRONG)]
    found = analyse(rows, 10)
    assert {name: measures_of(found, "session")[name] for name in ("wrong", "lost_sessions")} == {
        "wrong": 2,
        "lost_sessions": 1,
    }
    assert "lost_sessions" not in measures_of(found, "http")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 ms"),
        (400, "0.4 ms"),
        (1_000, "1 ms"),
        (9_940, "9.9 ms"),
        (12_345, "12 ms"),
        (1_234_567, "1\u202f235 ms"),
        (12_340_000, "12.3 s"),
        (-5_000, "−5 ms"),
    ],
)
def test_durations_in_the_units_people_think_in(value: int, text: str) -> None:
    assert show_us(value) == text
