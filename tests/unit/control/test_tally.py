# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations and counts, worked out from the order of events as the daemon logs them."""

from __future__ import annotations

from typing import Any

from heartbeat.control.happenings import KINDS, Happening
from heartbeat.control.tally import BOUNDS_S, Histogram, Tally

SECOND = 1_000_000_000


class Story:
    """Tells a tally of events at given seconds."""

    def __init__(self) -> None:
        self.tally = Tally()

    def at(self, second: float, code: str, **facts: str) -> None:
        event = Happening(1, 0, "n1", "notice", code, KINDS[code], "", facts)
        self.tally.note(event, round(second * SECOND))

    def numbers(self, second: float) -> dict[str, Any]:
        return self.tally.snapshot(round(second * SECOND))

    def takeover(self, phase: str) -> tuple[int, float]:
        found = self.numbers(0)["takeover_s"][phase]
        return found["count"], round(found["sum"], 9)


def test_a_histogram_counts_each_value_once_and_cumulates() -> None:
    histogram = Histogram()
    for seconds in (0.0001, 0.3, 61):
        histogram.observe(seconds)
    found = histogram.as_dict()
    assert list(found["le"].values()) == [1] * 11 + [2] * 7 + [3]
    assert list(found["le"]) == [*(repr(bound) for bound in BOUNDS_S), "inf"]
    assert (found["count"], round(found["sum"], 6)) == (3, 61.3001)


def test_a_death_gives_detection_and_total() -> None:
    """IPv4: the addresses are up before the log says why."""
    story = Story()
    story.at(1, "addresses-up", group="g", add_us="70", ready_us="10", garp_us="20")
    story.at(1, "peer-dead", peer="n2", silent_ms="512", dead_ms="500")
    story.at(1, "peer-silent", group="g", peer="n2")
    assert story.takeover("detect") == (1, 0.512)
    assert story.takeover("add") == (1, 0.00008)
    assert story.takeover("garp") == (1, 0.00002)
    assert story.takeover("total") == (1, 0.5121)


def test_the_addresses_may_come_later_than_the_reason() -> None:
    """IPv6: the kernel takes its time."""
    story = Story()
    story.at(1, "peer-dead", peer="n2", silent_ms="512")
    story.at(1, "peer-silent", group="g", peer="n2")
    assert story.takeover("total") == (0, 0.0)
    story.at(1.2, "addresses-up", group="g", add_us="70", ready_us="200000", garp_us="20")
    assert story.takeover("total") == (1, 0.71209)


def test_a_planned_move_has_no_detection() -> None:
    story = Story()
    story.at(1, "addresses-up", group="g", add_us="70", garp_us="20")
    story.at(1, "handed", group="g", peer="n2")
    assert story.takeover("add") == (1, 0.00007)
    assert story.takeover("detect") == (0, 0.0)
    assert story.takeover("total") == (0, 0.0)


def test_halves_that_do_not_belong_together_count_as_none() -> None:
    story = Story()
    story.at(1, "addresses-up", group="g", add_us="70", garp_us="20")  # put back after somebody removed it
    story.at(60, "peer-dead", peer="n2", silent_ms="512")
    story.at(60, "peer-silent", group="g", peer="n2")
    assert story.takeover("add") == (0, 0.0)
    story.at(60.1, "addresses-up", group="g", add_us="90", garp_us="20")
    assert story.takeover("add") == (1, 0.00009)


def test_a_group_that_did_not_come_up_leaves_no_half_behind() -> None:
    story = Story()
    story.at(1, "nobody-holds", group="g")
    story.at(2, "group-start-failed", group="g", detail="no such device")
    story.at(3, "addresses-up", group="g", add_us="70", garp_us="20")
    assert story.takeover("add") == (0, 0.0)


def test_a_conflict_lasts_until_the_loser_has_released() -> None:
    story = Story()
    story.at(1, "conflict-won", group="g", peer="n2")
    story.at(1.5, "conflict-won", group="g", peer="n2")
    assert story.numbers(2)["conflict_s"] == 1.0
    story.at(3, "conflict-over", group="g", peer="n2")
    assert story.numbers(9)["conflict_s"] == 2.0


def test_a_lost_conflict_lasts_until_everything_is_down() -> None:
    story = Story()
    story.at(1, "conflict-lost", group="g", peer="n2")
    story.at(1.25, "group-stopped", group="g")
    story.at(9, "group-stopped", group="g")
    assert story.numbers(10)["conflict_s"] == 0.25


def test_a_conflict_ends_with_the_other_holder() -> None:
    story = Story()
    story.at(1, "conflict-won", group="g", peer="n2")
    story.at(1, "conflict-won", group="h", peer="n3")
    story.at(2, "peer-dead", peer="n2", silent_ms="500")
    assert story.numbers(3)["conflict_s"] == 1.0 + 2.0


def test_counts() -> None:
    story = Story()
    story.at(1, "late-heartbeat", peer="n2", silence_ms="700")
    story.at(2, "late-heartbeat", peer="n2", silence_ms="800")
    story.at(3, "woke", gap_ms="812")
    numbers = story.numbers(4)
    assert numbers["late_heartbeats"] == {"n2": 2}
    assert numbers["stalls"] == 1
    assert numbers["events"] == {"late-heartbeat": 2, "woke": 1}


def test_numbers_that_are_none_count_as_zero() -> None:
    story = Story()
    story.at(1, "addresses-up", group="g", add_us="?")
    story.at(1, "nobody-holds", group="g")
    assert story.takeover("add") == (1, 0.0)
