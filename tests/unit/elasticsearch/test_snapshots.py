# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which snapshot a restore drill takes, and what it objects to."""

from __future__ import annotations

from elasticsearch.snapshots import choose, failures, restore_request, shortfalls

ROWS = [
    {"snapshot": "monday", "state": "SUCCESS", "start_time_in_millis": 100},
    {"snapshot": "tuesday", "state": "SUCCESS", "start_time_in_millis": 200},
    {"snapshot": "wednesday", "state": "PARTIAL", "start_time_in_millis": 300},
]


def test_the_newest_whole_snapshot_is_taken() -> None:
    assert choose(ROWS, "") == ROWS[1]
    assert choose(ROWS, "monday") == ROWS[0]


def test_a_partial_one_is_none() -> None:
    assert choose(ROWS, "wednesday") is None
    assert choose([], "") is None


def test_nothing_is_restored_over_a_living_index() -> None:
    body = restore_request(["*", "-.*"], "drill-7-")
    assert body["rename_replacement"] == "drill-7-$1"
    assert body["include_aliases"] is False
    assert body["include_global_state"] is False


def test_shards_that_failed_are_told() -> None:
    assert failures({"snapshot": {"state": "SUCCESS", "shards": {"total": 3, "failed": 0}}}) == []
    # the answer of a restore has no state
    assert failures({"snapshot": {"shards": {"total": 3, "failed": 1}}}) == ["1 of 3 shards failed"]
    told = {"snapshot": {"state": "PARTIAL", "failures": [{"index": "logs", "shard_id": 2, "reason": "no disk"}]}}
    assert failures(told) == ["logs[2]: no disk"]
    assert failures({"snapshot": {"state": "FAILED"}}) == ["it is FAILED"]


def test_an_index_that_came_back_empty_is_a_shortfall_and_one_that_has_grown_is_not() -> None:
    counts: dict[str, dict[str, int | None]] = {
        "a": {"restored": 0, "living": 5},
        "b": {"restored": 3, "living": 5},
        "c": {"restored": 0, "living": 0},
        "gone": {"restored": 0, "living": None},
    }
    assert shortfalls(counts) == ["a came back without a document, the living one has 5"]
