# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether there is a cluster, decided from what nodes and their disks say."""

from __future__ import annotations

import pytest
from elasticsearch.formation import Look, decide, look_of, lost
from elasticsearch.members import Member

EMPTY = [Look("es1"), Look("es2"), Look("es3")]


def test_bare_nodes_form_a_cluster_of_all_who_may_vote(three: list[Member]) -> None:
    members = [*three, Member("host4", "es4", ("data",), "192.0.2.4:9300")]
    found = decide([*EMPTY, Look("es4")], members)
    assert (found.exists, found.initial, found.refusals) == (False, ("es1", "es2", "es3"), ())


def test_a_cluster_that_answers_is_joined(three: list[Member]) -> None:
    found = decide([Look("es1", "uuid", "a", True, 7), *EMPTY[1:]], three)
    assert (found.exists, found.uuid, found.initial) == (True, "uuid", ())


def test_a_cluster_that_is_down_is_known_by_its_disks(three: list[Member]) -> None:
    found = decide([Look("es1", "", "a", True, 7), Look("es2"), Look("es3")], three)
    assert (found.exists, found.initial, found.refusals) == (True, (), ())


def test_nodes_that_only_waited_for_each_other_form_it_after_all(three: list[Member]) -> None:
    waited = [Look(name, "", name, True, 0) for name in ("es1", "es2", "es3")]
    assert decide(waited, three).initial == ("es1", "es2", "es3")


def test_data_that_cannot_be_read_counts_as_a_cluster(three: list[Member]) -> None:
    assert decide([Look("es1", has_data=True), *EMPTY[1:]], three).exists


def test_no_cluster_is_formed_without_somebody_who_may_vote_in_it(three: list[Member]) -> None:
    found = decide(EMPTY[:2], three)
    assert "es3: may vote, and is not here" in found.refusals[0]


def test_a_copied_machine_is_told_by_its_node_id(three: list[Member]) -> None:
    looks = [Look("es1", "uuid", "a", True, 7), Look("es2", "uuid", "b", True, 7), Look("es3", "", "a", True, 7)]
    assert "es1 and es3 have the same node id, a" in decide(looks, three).refusals[0]
    assert decide(looks, three, ["es3"]).refusals == ()


def test_nodes_of_two_clusters_are_not_joined(three: list[Member]) -> None:
    looks = [Look("es1", "one", "a", True, 7), Look("es2", "one", "b", True, 7), Look("es3", "two", "c", True, 7)]
    assert "es1 (a), es2 (b): one; es3 (c): two" in decide(looks, three).refusals[0]
    assert decide(looks, three, ["es3"]).refusals == ()


def test_a_node_without_a_cluster_has_no_uuid() -> None:
    found = look_of("es1", {"cluster_uuid": "_na_", "has_data": True, "identity": {"node_id": "x", "version": 0}})
    assert found == Look("es1", "", "x", True, 0)
    assert not found.belongs


STOPPED = {"host1": Look("es1", "uuid", "a", True, 7), "host3": Look("es3", "", "a", True, 7)}


@pytest.mark.parametrize(
    ("words", "host"),
    [
        ("lose the data of host3, a", "host3"),
        # they were said once, and another node has begun there since
        ("lose the data of host3, b", None),
        # it is in the cluster
        ("lose the data of host1, a", None),
        ("", None),
    ],
)
def test_words_fit_the_data_that_lies_there_now_and_no_member(words: str, host: str | None) -> None:
    assert lost(words, STOPPED, "uuid") == (host, [])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("lose the data of hots3, a", "hots3 is no member that is here, did you mean 'host3'?"),
        ("lose the data of host3", "'lose the data of host3, a'"),
    ],
)
def test_words_that_fit_nobody_are_told(words: str, told: str) -> None:
    host, mistakes = lost(words, STOPPED, "uuid")
    assert host is None
    assert told in mistakes[0]


def test_data_that_cannot_be_read_is_lost_by_another_word() -> None:
    assert lost("lose the data of host3, unknown", {"host3": Look("es3", has_data=True)}) == ("host3", [])
