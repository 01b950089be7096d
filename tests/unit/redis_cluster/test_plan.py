# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans, carried out on a cluster of dictionaries that refuses what Redis refuses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis_cluster.declare import Declaration, DeclarationError, declare
from redis_cluster.plan import Refused, plan_present
from redis_cluster.slots import SLOTS
from redis_cluster.steps import Move, Replicate

Declare = Callable[..., Declaration]
World = Any

TOPOLOGIES: list[tuple[str, dict[str, Any]]] = [
    ("abc", {"replicas": 0}),
    ("abcd", {"replicas": 0}),
    ("abcde", {"replicas": 0}),
    ("aabbcc", {}),
    ("abcabc", {}),
    ("abcdef", {}),
    ("aabbccdd", {}),
    ("aabbccddee", {}),
    ("aabbc", {"masters": 3, "replicas": 0}),
    ("aaabbb", {}),
    ("abab" * 2, {}),
    ("aaabbbccc", {"replicas": 2}),
    ("abcabcabc", {"replicas": 2}),
    ("abcdefghi", {"replicas": 2}),
    ("aaabbbcccddd", {"replicas": 2}),
    ("aaabbcdef", {"replicas": 2}),
    ("abcdabcdabcd", {"replicas": 3}),
    ("aaaaaa", {"needs_anti_affinity": False}),
    ("aaaaaaaa", {"needs_anti_affinity": False}),
    ("aaaabb", {"needs_anti_affinity": False}),
    ("aabbcca", {"masters": 3}),
    ("aabbccaabb", {"masters": 3}),
    ("aabbccdd", {"masters": 3}),
    ("abcABC", {}),
    ("aaAbbBccC", {"replicas": 2}),
    ("aAbBcC", {}),
    ("AbcdeF", {}),
    ("aaabc", {"masters": 3, "replicas": 0}),
    ("aaabccd", {"masters": 3}),
    ("abcdefghijkl", {}),
    ("aaaabbbbcccc", {}),
    ("aabbccddeeff" * 2, {}),
    ("abbbccccdddd", {}),
    ("aabbccddee", {"replicas": 2, "masters": 3}),
]


def test_there_are_enough_topologies() -> None:
    assert len(TOPOLOGIES) >= 30
    assert len({(letters, str(more)) for letters, more in TOPOLOGIES}) == len(TOPOLOGIES)


@pytest.mark.parametrize(("letters", "more"), TOPOLOGIES, ids=[f"{t[0]}-{t[1]}" for t in TOPOLOGIES])
def test_a_new_cluster_is_what_was_declared(
    world: World, declared: Declare, letters: str, more: dict[str, Any]
) -> None:
    wanted = declared(letters, **more)
    world.populate(wanted)
    world.reconcile(wanted)
    held = Counter(leader.machine for leader in world.picture(wanted).leaders())
    leading = {instance.machine for instance in wanted.instances if instance.may_lead}
    if len(leading) >= 3 and all(letters.lower().count(m) <= wanted.masters for m in leading):
        assert max(held.values()) * 2 < wanted.masters + 1, held
    counts = [len(leader.slots) for leader in world.picture(wanted).leaders()]
    assert max(counts) - min(counts) <= 1


@pytest.mark.parametrize(("letters", "more"), TOPOLOGIES, ids=[f"{t[0]}-{t[1]}" for t in TOPOLOGIES])
def test_after_any_single_failover_there_is_nothing_to_do(
    worlds: Callable[..., World], declared: Declare, letters: str, more: dict[str, Any]
) -> None:
    wanted = declared(letters, **more)
    world = worlds()
    world.populate(wanted)
    world.reconcile(wanted)
    for node in [node for node in world.nodes.values() if node.slots]:
        heir = next((other for other in world.nodes.values() if other.master == node.id), None)
        if heir is not None:
            world.hand_over(node, heir)
            plan = plan_present(wanted, world.picture(wanted))
            assert plan.steps == ()


@pytest.mark.parametrize("follows", [True, False])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("aabbcc", "aabbccab"),
        ("aabbcc", "aabbccdd"),
        ("aabbcc", "aabbccabca"),
        ("aabbcc", "aaabbbccc"),
        ("aabbccdd", "aabbcc"),
        ("aaabbbcc", "aabbcc"),
        ("aaaabbbb", "aaabbb"),
        ("abcdef", "abcdefgh"),
        ("aabbcc", "bbccdd"),
        ("aabbccddee", "aabbcc"),
        ("abcdefghij", "abcdef"),
    ],
)
def test_growing_shrinking_and_exchanging(
    worlds: Callable[..., World], declared: Declare, before: str, after: str, follows: bool
) -> None:
    world = worlds(follows_last_slot=follows)
    first, then = declared(before), declared(after, allow=["remove"])
    world.populate(first)
    world.reconcile(first)
    for leader in [node for node in world.nodes.values() if node.slots]:
        leader.keys = dict.fromkeys(leader.slots, 1)
    for node in world.nodes.values():
        if node.master:
            node.keys = dict(world.nodes[node.master].keys)
    present = {node.address for node in world.nodes.values()}
    for instance in then.instances:
        if instance.address not in present:
            world.add(instance.host, instance.port, instance.machine)
    world.reconcile(then)
    assert world.count_keys() == SLOTS


def test_growth_moves_no_more_slots_than_the_new_shard_gets(world: World, declared: Declare) -> None:
    world.populate(declared("aabbcc"))
    world.reconcile(declared("aabbcc"))
    wanted = declared("aaabbbcc")
    for address in ("10.0.0.1:7002", "10.0.0.2:7002"):
        world.add(*address.split(":")[:1], int(address.split(":")[1]))
    plan = plan_present(wanted, world.picture(wanted))
    moved = [step for step in plan.steps if isinstance(step, Move)]
    assert sum(len(step.slots) for step in moved) == SLOTS // 4
    assert {plan.names[step.target] for step in moved} <= {"a2", "b2"}
    # The new shard has its replica before it has anything to lose.
    kinds = [type(step) for step in plan.steps]
    assert kinds.index(Replicate) < kinds.index(Move)


def test_weights_are_shares_of_slots_and_a_failover_does_not_change_them(world: World) -> None:
    nodes = [
        {
            "name": f"{m}{p}",
            "host": f"10.0.0.{at}",
            "port": 7000 + p,
            "machine": m,
            "weight": 2.0 if m == "a" and p == 0 else 1,
        }
        for at, m in enumerate("abc", 1)
        for p in range(2)
    ]
    wanted = declare(nodes)
    world.populate(wanted)
    world.reconcile(wanted)
    sizes = sorted(len(node.slots) for node in world.nodes.values() if node.slots)
    assert sizes == [4096, 4096, 8192]
    heavy = next(node for node in world.nodes.values() if len(node.slots) == 8192)
    world.hand_over(heavy, next(node for node in world.nodes.values() if node.master == heavy.id))
    assert plan_present(wanted, world.picture(wanted)).steps == ()


def test_a_small_imbalance_is_left_alone_unless_balance_is_asked_for(world: World, declared: Declare) -> None:
    wanted = declared("aabbcc")
    world.populate(wanted)
    world.reconcile(wanted)
    leaders = [node for node in world.nodes.values() if node.slots]
    moved = set(sorted(leaders[0].slots)[:100])
    leaders[0].slots -= moved
    leaders[1].slots |= moved
    assert plan_present(wanted, world.picture(wanted)).steps == ()
    plan = plan_present(wanted, world.picture(wanted), is_exact=True)
    assert sum(len(step.slots) for step in plan.steps if isinstance(step, Move)) in (99, 100)
    world.reconcile(wanted, is_exact=True)


@st.composite
def journeys(draw: st.DrawFn) -> tuple[str, int, list[tuple[str, int]]]:
    """A first topology, and what it is to become: letters and replicas each."""
    replicas = draw(st.integers(0, 2))

    def topology() -> str:
        machines = "abcdef"[: draw(st.integers(max(2, replicas + 1), 6))]
        count = draw(st.integers(1, 3 if len(machines) > 2 else 5))
        extra = draw(st.lists(st.sampled_from(machines), max_size=3))
        return "".join(machines) * count + "".join(extra)

    return topology(), replicas, [(topology(), replicas) for _step in range(draw(st.integers(1, 2)))]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(journeys(), st.booleans(), st.randoms(use_true_random=False))
def test_every_journey_ends_as_declared_and_leaves_no_slot_uncovered(
    worlds: Callable[..., World], journey: Any, follows: bool, chance: Any
) -> None:
    letters, replicas, changes = journey
    world = worlds(follows_last_slot=follows)
    for wish, copies in [(letters, replicas), *changes]:
        nodes = rows(wish)
        try:
            wanted = declare(nodes, replicas=copies, allow=["remove"])
        except DeclarationError:
            continue
        present = {node.address for node in world.nodes.values()}
        for instance in wanted.instances:
            if instance.address not in present:
                world.add(instance.host, instance.port, instance.machine)
        try:
            world.reconcile(wanted)
        except Refused as refused:
            # Only where the masters that are there leave no room for replicas apart from them.
            if not all("on other machines" in reason or "another machine" in reason for reason in refused.reasons):
                raise
            return
        leaders = [node for node in world.nodes.values() if node.slots]
        for leader in leaders:
            leader.keys = dict.fromkeys(chance.sample(sorted(leader.slots), 20), 1)
            for node in world.nodes.values():
                if node.master == leader.id:
                    node.keys = dict(leader.keys)
        for leader in leaders:
            heirs = [node for node in world.nodes.values() if node.master == leader.id]
            if heirs and chance.random() < 0.3:
                world.hand_over(leader, chance.choice(heirs))


def rows(letters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for machine in letters:
        port = 7000 + sum(row["machine"] == machine for row in found)
        host = f"10.0.0.{ord(machine) - 96}"
        found.append({"name": f"{machine}{port - 7000}", "host": host, "port": port, "machine": machine})
    return found
