# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drill.report.scale import Window, event_groups, focus_window, ticks

Make = Callable[..., dict[str, Any]]


@given(st.integers(-(10**8), 10**6), st.integers(2_000, 10**8))
def test_ticks_are_round_few_and_inside(begin_us: int, length_us: int) -> None:
    window = Window(begin_us, begin_us + length_us)
    marks = ticks(window)
    assert len(marks) <= 9
    assert all(window.holds(at) for at, _ in marks)
    steps = {two[0] - one[0] for one, two in zip(marks, marks[1:])}
    assert len(steps) <= 1
    assert len({label for _, label in marks}) == len(marks)


@pytest.mark.parametrize(
    ("window", "labels"),
    [
        (Window(-100_000, 600_000), ["−100 ms", "0", "+100 ms", "+200 ms", "+300 ms", "+400 ms", "+500 ms", "+600 ms"]),
        (Window(0, 6_000), ["0", "+1 ms", "+2 ms", "+3 ms", "+4 ms", "+5 ms", "+6 ms"]),
        (Window(-1_000_000, 12_000_000), ["0", "+2 s", "+4 s", "+6 s", "+8 s", "+10 s", "+12 s"]),
    ],
)
def test_tick_labels(window: Window, labels: list[str]) -> None:
    assert [label for _, label in ticks(window)] == labels


def test_the_focus_holds_the_fault_and_its_outage_with_calm_around(make_run: Make) -> None:
    window = focus_window(make_run(gap_us=500_000))
    assert window == Window(-150_000, 700_000)


def test_without_an_outage_the_focus_is_short_and_never_beyond_the_run(make_run: Make) -> None:
    run = make_run(gap_us=0)
    assert focus_window(run).us < 500_000
    run["span"] = {"begin_us": -10, "end_us": 20}
    assert focus_window(run) == Window(-10, 20)


def test_a_fault_outside_the_recording_shows_the_whole_run(make_run: Make) -> None:
    run = make_run(gap_us=0)
    run["span"] = {"begin_us": 5_000_000, "end_us": 9_000_000}
    assert focus_window(run) == Window(5_000_000, 9_000_000)


def test_markers_that_would_overlap_share_one() -> None:
    events = [{"at_us": at} for at in (-50, 0, 10, 11, 50, 200)]
    assert event_groups(events, Window(0, 100), 0.05) == [(0.0, 1, 1), (0.1, 2, 3), (0.5, 4, 4)]
