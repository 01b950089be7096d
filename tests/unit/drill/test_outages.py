# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drill.model import Outcome, Sample
from drill.timeline.analysis import analyse
from drill.timeline.blind import Span, blind_spans, overlap_us
from drill.timeline.outages import find_outages
from drill.timeline.strip import latency_bins, state_segments

INTERVALS = st.sampled_from([4_000, 5_000, 10_000, 20_000])


def even(interval_us: int, length_us: int, gap: tuple[int, int], late_us: int = 0) -> list[Sample]:
    samples = []
    for seq in range(length_us // interval_us):
        at = seq * interval_us + (late_us if seq % 3 else 0)
        outcome = Outcome.TIMEOUT if gap[0] <= at < gap[1] else Outcome.OK
        samples.append(Sample(seq, at, at - seq * interval_us, outcome, 100))
    return samples


@given(INTERVALS, st.integers(100_000, 900_000), st.integers(0, 600_000), st.integers(0, 999))
def test_the_estimate_is_off_by_less_than_an_interval_and_the_lateness(
    interval_us: int, begin_us: int, gap_us: int, late_us: int
) -> None:
    samples = even(interval_us, 2_000_000, (begin_us, begin_us + gap_us), late_us)
    found = find_outages(samples, interval_us)
    measured = sum(outage.us for outage in found)
    assert abs(measured - gap_us) < interval_us + late_us + 1
    for outage in found:
        assert outage.at_least_us <= gap_us <= outage.at_most_us
        assert outage.at_least_us <= outage.us <= outage.at_most_us


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 50_000)), max_size=60))
def test_outages_are_apart_ordered_and_hold_all_that_was_lost(rows: list[tuple[bool, int]]) -> None:
    samples, at = [], 0
    for seq, (good, step) in enumerate(rows):
        at += step
        samples.append(Sample(seq, at, 0, Outcome.OK if good else Outcome.REFUSED, 1))
    found = find_outages(samples, 1000)
    assert sum(outage.lost for outage in found) == sum(not good for good, _ in rows)
    assert all(one.end_us <= two.begin_us for one, two in zip(found, found[1:]))
    assert all(outage.recovered for outage in found[:-1])
    assert find_outages(samples[::-1], 1000) == found


def test_nothing_lost_is_no_outage() -> None:
    assert find_outages(even(5_000, 100_000, (0, 0)), 5_000) == []


def test_a_service_that_does_not_come_back_is_said_to_be_away() -> None:
    (outage,) = find_outages(even(10_000, 100_000, (50_000, 10**9)), 10_000)
    assert (outage.recovered, outage.begin_us, outage.end_us, outage.lost) == (False, 50_000, 100_000, 5)


def test_a_service_that_never_answered_was_not_answered_before_either() -> None:
    (outage,) = find_outages(even(10_000, 50_000, (0, 30_000)), 10_000)
    assert (outage.answered_before, outage.us, outage.at_most_us) == (False, 30_000, 30_000)


def test_local_failures_are_neither_lost_nor_answered_but_blind() -> None:
    samples = even(10_000, 200_000, (0, 0))
    for index in range(5, 10):
        samples[index] = samples[index]._replace(outcome=Outcome.LOCAL)
    found = analyse(samples, 10_000)
    assert (found.lost, found.sent, found.outages) == (0, 15, [])
    assert found.blind == [Span(50_000, 100_000)]


def test_a_probe_that_was_not_run_is_blind_not_an_outage(
    samples_with_hole: Callable[[int, int], list[Sample]],
) -> None:
    found = analyse(samples_with_hole(300_000, 420_000), 5_000)
    assert (found.outage_us, found.lost) == (0, 0)
    assert found.blind_us == pytest.approx(120_000, abs=5_000)


def test_blindness_around_an_outage_widens_what_it_may_have_been() -> None:
    samples = [s for s in even(5_000, 1_000_000, (500_000, 600_000)) if not 400_000 <= s.sent_us < 550_000]
    (outage,) = find_outages(samples, 5_000, blind_spans(samples, 5_000))
    assert outage.us == 50_000
    assert outage.at_most_us == 600_000 - 395_000
    assert outage.blind_us == 150_000


def test_lateness_within_half_an_interval_is_not_blindness() -> None:
    samples = [
        Sample(0, 0, 0, Outcome.OK, 1),
        Sample(1, 7_400, 2_400, Outcome.OK, 1),
        Sample(2, 10_000, 0, Outcome.OK, 1),
    ]
    assert blind_spans(samples, 5_000) == []


def test_overlap_counts_only_what_lies_inside() -> None:
    assert overlap_us([Span(0, 10), Span(20, 30)], 5, 25) == 10
    assert overlap_us([Span(0, 10)], 10, 20) == 0


def test_longest_silence_is_between_arrivals() -> None:
    samples = [
        Sample(0, 0, 0, Outcome.OK, 100),
        Sample(1, 5_000, 0, Outcome.OK, 90_000),
        Sample(2, 10_000, 0, Outcome.OK, 80_000),
    ]
    assert analyse(samples, 5_000).longest_silence_us == 90_000 - 100


def test_no_samples_at_all() -> None:
    found = analyse([], 5_000)
    assert (found.sent, found.availability, found.recovered, found.outage_us) == (0, 0.0, False, 0)


@given(INTERVALS, st.integers(100_000, 400_000), st.integers(0, 300_000))
def test_segments_touch_and_cover_the_run(interval_us: int, begin_us: int, gap_us: int) -> None:
    samples = even(interval_us, 1_000_000, (begin_us, begin_us + gap_us))
    segments = state_segments(samples, interval_us, [])
    assert segments[0][0] == 0
    assert segments[-1][1] == samples[-1].sent_us + interval_us
    assert all(one[1] == two[0] and one[2] != two[2] for one, two in zip(segments, segments[1:]))
    lost = sum(end - begin for begin, end, state in segments if state == "lost")
    assert lost == sum(outage.us for outage in find_outages(samples, interval_us))


def test_segments_show_blind_spans_as_such() -> None:
    samples = [s for s in even(5_000, 100_000, (0, 0)) if not 40_000 <= s.sent_us < 70_000]
    segments = state_segments(samples, 5_000, blind_spans(samples, 5_000))
    assert segments == [(0, 40_000, "ok"), (40_000, 70_000, "blind"), (70_000, 100_000, "ok")]


def test_latency_bins_keep_the_worst_and_leave_holes() -> None:
    samples = [Sample(0, 0, 0, Outcome.OK, 10), Sample(1, 1, 0, Outcome.OK, 30), Sample(2, 50, 0, Outcome.TIMEOUT, 99)]
    assert latency_bins(samples, 0, 100, 4) == [30, -1, -1, -1]


@pytest.fixture
def samples_with_hole() -> Callable[[int, int], list[Sample]]:
    def make(begin_us: int, end_us: int) -> list[Sample]:
        return [s for s in even(5_000, 1_000_000, (0, 0)) if not begin_us <= s.sent_us < end_us]

    return make


def test_blind_time_hides_what_lies_beside_an_outage_and_one_more_elsewhere() -> None:
    unseen = [(100_000, 150_000), (400_000, 550_000), (700_000, 780_000)]
    samples = [
        sample
        for sample in even(5_000, 1_000_000, (500_000, 600_000))
        if not any(begin <= sample.sent_us < end for begin, end in unseen)
    ]
    found = analyse(samples, 5_000)
    assert found.blind_us == 50_000 + 150_000 + 80_000
    assert found.hidden_us == 150_000 + 80_000


def waiting(seq: int, at_us: int, for_seq: int) -> Sample:
    return Sample(seq, at_us, 0, Outcome.TIMEOUT, 0, {"waits_for": for_seq})


def test_a_user_whose_answer_came_when_the_run_was_being_stopped_is_served_again() -> None:
    """The clicks that were due while he waited are late, and yet nothing is away any more."""
    asked = Sample(1, 100_000, 0, Outcome.OK, 350_000)
    samples = [Sample(0, 0, 0, Outcome.OK, 100), asked, waiting(2, 200_000, 1), waiting(3, 300_000, 1)]
    (outage,) = find_outages(samples, 100_000)
    assert (outage.recovered, outage.begin_us, outage.end_us, outage.lost) == (True, 200_000, 450_000, 2)


def test_a_user_who_never_got_his_answer_is_not() -> None:
    for last in (Outcome.PENDING, Outcome.TIMEOUT, Outcome.WRONG):
        asked = Sample(1, 100_000, 0, last, 350_000)
        samples = [Sample(0, 0, 0, Outcome.OK, 100), asked, waiting(2, 200_000, 1), waiting(3, 300_000, 1)]
        (outage,) = find_outages(samples, 100_000)
        assert not outage.recovered


def test_an_answer_of_before_says_nothing_of_a_request_that_was_refused_after_it() -> None:
    samples = [
        Sample(0, 0, 0, Outcome.OK, 500_000),
        waiting(1, 100_000, 0),
        Sample(2, 200_000, 0, Outcome.REFUSED, 100),
    ]
    (outage,) = find_outages(samples, 100_000)
    assert not outage.recovered
