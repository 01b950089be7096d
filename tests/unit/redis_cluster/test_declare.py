# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from redis_cluster.declare import DeclarationError, declare, reservations
from redis_cluster.placement import Place, attach, deal, elect


def refused(nodes: list[dict[str, Any]], **more: Any) -> str:
    with pytest.raises(DeclarationError) as caught:
        declare(nodes, **more)
    return "\n".join(caught.value.reasons)


def nodes(*machines: str) -> list[dict[str, Any]]:
    return [{"host": "192.0.2.1", "port": 7000 + at, "machine": machine} for at, machine in enumerate(machines)]


def test_fewer_than_three_masters_are_refused() -> None:
    assert "make 2 master(s); a cluster needs at least 3" in refused(nodes("a", "b", "c", "d"))
    assert "at least 3" in refused(nodes("a", "b", "c", "d", "e"), masters=2)
    assert "at least 3" in refused([])


def test_an_even_number_of_masters_is_only_worth_a_warning() -> None:
    found = declare(nodes(*"aabbccdd"))
    assert reservations(found) == ["4 masters are an even number: they survive no more losses than 3 would"]
    assert reservations(declare(nodes(*"aabbcc"))) == []


def test_one_machine_is_refused_unless_it_is_meant() -> None:
    assert "cannot be kept on different machines (a: 6)" in refused(nodes(*"aaaaaa"))
    found = declare(nodes(*"aaaaaa"), needs_anti_affinity=False)
    assert [text.split(":")[0] for text in reservations(found)] == [
        "1 machine(s) cannot keep a majority of masters when the wrong one is lost",
        "3 masters and their 1 replica(s) each cannot be kept on different machines",
    ]


def test_more_instances_on_a_machine_than_shards_do_not_help() -> None:
    assert "cannot be kept" in refused(nodes(*"aaaabb"))
    assert declare(nodes(*"aaabbb")).masters == 3


def test_every_mistake_is_named_at_once() -> None:
    rows = [
        {"host": "node1.example", "port": 7000},
        {"host": "192.0.2.1", "port": 60000},
        {"host": "192.0.2.1", "port": 7000, "weight": 0},
        {"host": "192.0.2.2", "port": 7000, "name": "x"},
        {"host": "192.0.2.2", "port": 7000, "name": "x"},
    ]
    text = refused(rows)
    assert "nodes[0]: host must be an IP address, not 'node1.example'" in text
    assert "nodes[1]: port 60000 leaves no room for the bus port" in text
    assert "nodes[2]: weight must be above 0, not 0" in text
    assert "two instances are named x" in text
    assert "two instances have the address 192.0.2.2:7000" in text


def test_too_few_instances_and_too_few_leaders() -> None:
    assert "3 masters with 2 replica(s) each need 9 instances, 6 are declared" in refused(
        nodes(*"aabbcc"), masters=3, replicas=2
    )
    rows = nodes(*"aabbcc")
    for row in rows[:4]:
        row["role"] = "replica"
    assert "3 masters are declared, but only 2 instances may be one" in refused(rows)


def test_nobody_is_declared_and_leaving() -> None:
    assert "192.0.2.1:7000 is declared as a node and as leaving" in refused(
        nodes(*"aabbcc"), leaving=["192.0.2.1:7000"]
    )


def test_hands_are_of_different_machines() -> None:
    places = [Place(f"{machine}{at}", machine) for machine in "aaabbbcccd" for at in range(1)]
    places = [Place(str(at), place.machine) for at, place in enumerate(places)]
    for hand in deal(places, 3):
        assert len({place.machine for place in hand}) == len(hand)


def test_leaders_stay_where_they_are_when_that_is_fair() -> None:
    shards = [[Place("a0", "a"), Place("b1", "b")], [Place("b0", "b"), Place("a1", "a")]]
    assert elect(shards, ["b1", "a1"]) == ["b1", "a1"]
    assert sorted(elect(shards, ["a0", "a1"])) in (["a0", "b0"], ["a1", "b1"])


def test_replicas_are_exchanged_only_as_far_as_needed() -> None:
    leaders = {"a0": "a", "b0": "b", "c0": "c"}
    places = [Place("a1", "a"), Place("b1", "b"), Place("c1", "c")]
    # a1 sits beside its own master; one exchange puts that right and leaves the third alone.
    follows, short = attach(leaders, places, {"a1": "a0", "b1": "c0", "c1": "b0"}, 1, is_strict=True)
    assert short == []
    assert sum(follows[node] != now for node, now in {"a1": "a0", "b1": "c0", "c1": "b0"}.items()) == 2


def test_a_master_without_a_possible_replica_is_named() -> None:
    _follows, short = attach({"a0": "a", "a1": "a"}, [Place("a2", "a"), Place("b0", "b")], {}, 1, is_strict=True)
    assert len(short) == 1
