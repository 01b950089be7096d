# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order nodes are changed, and who may leave."""

from __future__ import annotations

import pytest
from elasticsearch.members import Member
from elasticsearch.rolling import departures, longest_election_ms, order


def test_new_nodes_first_and_the_elected_master_last() -> None:
    assert order(["a", "b", "c", "d"], {"a": True, "b": True, "c": True}, "a") == ["d", "b", "c", "a"]


@pytest.mark.parametrize(
    ("leaving", "replicas", "words"),
    [
        (["host3"], 1, None),
        (["host9"], 1, "'host9' is no member"),
        (["host2", "host3"], 0, "2 of 3 nodes that may vote"),
        (["host1", "host2", "host3"], 0, "nobody who may vote would stay"),
        (["host3"], 2, "2 data nodes would stay, but there are indices with 2 replicas, which need 3"),
    ],
)
def test_who_may_leave(three: list[Member], leaving: list[str], replicas: int, words: str | None) -> None:
    found = departures(leaving, three, replicas)
    assert (any(words in sentence for sentence in found)) if words else found == []


def test_the_longest_time_without_a_master_follows_from_the_settings() -> None:
    assert longest_election_ms(500, 1500, 2, 2000) == 9000
    assert longest_election_ms(500, 1500, 2, 500) == 9000
    assert longest_election_ms(1000, 10000, 3, 30000) == 66000
