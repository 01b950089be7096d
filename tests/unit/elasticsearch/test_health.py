# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a cluster, from answers that a real one of 7.17 gave."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from elasticsearch.departure import EXCLUDED, excluded, flat, setting_change, shards_on, without
from elasticsearch.health import Expected, View, concerns, problems, view_of

RECORDED = Path(__file__).parent / "recorded"
THREE = Expected(["n1", "n2", "n3"], ["n1", "n2", "n3"], 3)


def recorded(name: str) -> View:
    answers = json.loads((RECORDED / f"{name}.json").read_text())
    return view_of("n1", answers["main"], answers["state"], answers["health"], answers["local"])


@pytest.fixture
def whole() -> list[View]:
    """The three of a cluster that is well."""
    one = recorded("whole")
    return [replace(one, name=name) for name in THREE.nodes]


def test_a_cluster_that_is_well_has_no_problems(whole: list[View]) -> None:
    assert problems(THREE, whole) == []
    assert concerns(whole) == []
    assert whole[0].voting == ["n1", "n2", "n3"]
    assert whole[0].version == "7.17.28"


def test_a_node_that_waits_for_a_cluster_has_no_master() -> None:
    waiting = recorded("waiting")
    assert (waiting.uuid, waiting.master) == ("", "")
    assert problems(Expected(["n1"], ["n1"], 1), [waiting]) == ["n1 has no master"]


def test_two_masters_are_seen(whole: list[View]) -> None:
    views = [whole[0], whole[1], replace(whole[2], master="n3")]
    assert "nodes follow different masters" in problems(THREE, views)[0]


def test_two_clusters_are_seen(whole: list[View]) -> None:
    assert "different clusters" in problems(THREE, [whole[0], whole[1], replace(whole[2], uuid="other")])[0]


def test_who_is_away_and_who_is_too_much_is_told(whole: list[View]) -> None:
    less = [replace(view, nodes=["n1", "n2", "stranger"]) for view in whole]
    assert problems(THREE, less) == ["not in the cluster: n3", "in the cluster, but nobody declared them: stranger"]
    assert problems(THREE, [replace(whole[0], error="refused", master=""), *whole[1:]]) == [
        "n1 does not answer: refused"
    ]


@pytest.mark.parametrize(
    ("status", "data_nodes", "is_well"),
    [("green", 3, True), ("yellow", 3, False), ("yellow", 1, True), ("red", 1, False)],
)
def test_yellow_is_well_only_where_green_is_impossible(
    whole: list[View], status: str, data_nodes: int, is_well: bool
) -> None:
    views = [replace(view, health={"status": status, "unassigned_shards": 2}) for view in whole]
    found = problems(replace(THREE, data_nodes=data_nodes), views)
    assert found == ([] if is_well else [f"the cluster is {status}: 2 shards unassigned, 0 on their way"])


def test_votes_that_are_missing_or_nobodys_are_told(whole: list[View]) -> None:
    fewer = [replace(view, voting=["n1", "n2"]) for view in whole]
    assert problems(THREE, fewer) == ["only 2 of 3 votes count for an election: n1, n2"]
    gone = [replace(view, voting=["n1", "n2", "n3", "SomeIdOfANodeThatLeft"]) for view in whole]
    assert "SomeIdOfANodeThatLeft" in problems(THREE, gone)[0]
    even = [replace(view, voting=["n1", "n2", "n3", "n4"], nodes=["n1", "n2", "n3", "n4"]) for view in whole]
    everybody = Expected(["n1", "n2", "n3", "n4"], ["n1", "n2", "n3", "n4"], 4)
    assert problems(everybody, even) == ["an even number of votes counts for an election: n1, n2, n3, n4"]
    silent = [replace(view, voting=[]) for view in whole]
    assert problems(THREE, silent) == ["n1 does not say whose votes count for an election"]
    assert problems(THREE, [replace(view, version="6.8.23") for view in silent]) == []
    four = Expected(["n1", "n2", "n3", "n4"], ["n1", "n2", "n3", "n4"], 4)
    assert problems(four, [replace(view, nodes=four.nodes) for view in whole]) == []


def test_nobody_answers(whole: list[View]) -> None:
    assert problems(THREE, []) == ["no node answers"]
    assert concerns([*whole, replace(whole[0], version="8.0.0")]) == ["nodes have different versions: 7.17.28, 8.0.0"]


def test_exclusions_are_added_to_and_taken_from_what_is_there() -> None:
    settings = flat({"persistent": {EXCLUDED: "a,b"}, "transient": {}})
    assert excluded(settings, ["b"]) is None
    assert excluded(settings, ["c"]) == "a,b,c"
    assert without(settings, ["a"]) == "b"
    assert without(settings, ["a", "b"]) == ""
    assert without(settings, ["c"]) is None
    assert setting_change(EXCLUDED, "")["persistent"] == {EXCLUDED: None}
    assert flat({"persistent": {"x": "1"}, "transient": {"x": "2"}}) == {"x": "2"}


def test_shards_are_counted_where_they_are_and_where_they_leave() -> None:
    rows: list[dict[str, Any]] = [
        {"node": "n1"},
        {"node": "n2 -> 192.0.2.1 AbC n1"},
        {"node": None},
    ]
    assert (shards_on(rows, ["n1"]), shards_on(rows, ["n2"]), shards_on(rows, ["n3"])) == (1, 1, 0)
