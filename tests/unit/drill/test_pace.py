# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drill.probe.pace import Pace


def test_slots_keep_to_absolute_deadlines_however_late_each_was_taken() -> None:
    pace = Pace(1000, 10)
    taken = []
    for late in (0, 9, 3, 0):
        slot = pace.take(pace.due_ns + late)
        assert slot is not None
        taken.append((slot.seq, slot.late_ns, slot.skipped))
    assert taken == [(0, 0, 0), (1, 9, 0), (2, 3, 0), (3, 0, 0)]
    assert pace.due_ns == 1040


def test_nothing_is_due_before_its_time() -> None:
    pace = Pace(1000, 10)
    assert pace.take(999) is None
    assert pace.take(1000) is not None
    assert pace.take(1009) is None


def test_slots_that_passed_are_skipped_not_made_up_for() -> None:
    pace = Pace(0, 10)
    slot = pace.take(57)
    assert slot is not None
    assert (slot.seq, slot.late_ns, slot.skipped) == (5, 7, 5)
    assert pace.take(57) is None


@given(st.integers(1, 10_000), st.lists(st.integers(0, 50_000), max_size=60))
def test_never_faster_than_the_pace_and_never_adrift(interval: int, steps: list[int]) -> None:
    pace = Pace(0, interval)
    now = 0
    seen = []
    for step in steps:
        now += step
        slot = pace.take(now)
        if slot is not None:
            assert 0 <= slot.late_ns < interval
            assert slot.seq * interval + slot.late_ns == now
            seen.append(slot.seq)
        assert pace.take(now) is None
    assert seen == sorted(set(seen))


def test_an_interval_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        Pace(0, 0)
