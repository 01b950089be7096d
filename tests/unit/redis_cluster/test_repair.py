# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans that repair, replace, refuse and hand over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from redis_cluster.declare import Declaration
from redis_cluster.plan import Refused, plan_failover, plan_present, plan_spread
from redis_cluster.slots import SLOTS
from redis_cluster.steps import Promote, Replicate

Declare = Callable[..., Declaration]
World = Any


def test_a_dead_replica_at_the_same_address_is_replaced(world: World, declared: Declare) -> None:
    wanted = declared("aabbcc")
    world.populate(wanted)
    world.reconcile(wanted)
    victim = world.kill("10.0.0.2:7001")
    with pytest.raises(Refused, match="b1 does not answer: start it"):
        plan_present(wanted, world.picture(wanted))
    world.add("10.0.0.2", 7001, "b")
    world.reconcile(wanted)
    assert victim.id not in world.nodes


def test_newcomers_follow_before_anybody_changes_its_master(world: World, declared: Declare) -> None:
    wanted = declared("abcabc")
    world.populate(wanted)
    # a1 sits beside its own master a0; only an exchange puts that right.
    world.build(["10.0.0.1:7000", "10.0.0.1:7001"], ["10.0.0.2:7000", "10.0.0.3:7001"], ["10.0.0.3:7000"])
    plan = plan_present(wanted, world.picture(wanted))
    moved = [plan.names[step.node] for step in plan.steps if isinstance(step, Replicate)]
    assert moved[0] == "b1"
    world.reconcile(wanted)


def test_a_dead_machine_is_replaced_by_another(world: World, declared: Declare) -> None:
    first, then = declared("aabbcc"), declared("aabbdd")
    world.populate(first)
    world.reconcile(first)
    world.kill("10.0.0.3:7000")
    world.kill("10.0.0.3:7001")
    world.add("10.0.0.4", 7000, "d")
    world.add("10.0.0.4", 7001, "d")
    with pytest.raises(Refused, match="dead member that is not declared: allow"):
        plan_present(then, world.picture(then))
    world.reconcile(declared("aabbdd", allow=["remove"]))


def test_who_is_only_out_of_reach_is_not_forgotten(world: World, declared: Declare) -> None:
    wanted = declared("aabbcc")
    world.populate(wanted)
    world.reconcile(wanted)
    world.kill("10.0.0.2:7001", failed=False)
    less = declared("aabccc", allow=["remove"], masters=3)
    world.add("10.0.0.3", 7002, "c")
    with pytest.raises(Refused, match="other members still hear it"):
        plan_present(less, world.picture(less))


def test_lost_slots_are_given_out_empty_only_when_allowed(world: World, declared: Declare) -> None:
    wanted = declared("aabbcc")
    world.populate(wanted)
    world.reconcile(wanted)
    master = next(node for node in world.nodes.values() if node.slots)
    copy = next(node for node in world.nodes.values() if node.master == master.id)
    for node in (copy, master):
        world.kill(node.address)
    # Both died; the copy, whichever it was, had taken over before it died too.
    for node in (copy, master):
        world.add(*node.address.split(":")[:1], int(node.address.split(":")[1]), node.machine)
    with pytest.raises(Refused, match="lose_data"):
        plan_present(wanted, world.picture(wanted))
    world.reconcile(declared("aabbcc", allow=["lose_data"]), may_lose=True)


def test_a_master_that_nobody_could_vote_out_is_replaced_by_force_when_allowed(world: World, declared: Declare) -> None:
    wanted = declared("aabbcc")
    world.populate(wanted)
    world.reconcile(wanted)
    master = next(node for node in world.nodes.values() if node.slots)
    master.alive, master.failed = False, True
    world.add(*master.address.split(":")[:1], int(master.address.split(":")[1]), master.machine)
    with pytest.raises(Refused, match="takeover"):
        plan_present(wanted, world.picture(wanted))
    world.reconcile(declared("aabbcc", allow=["takeover"]), may_lose=True)


@pytest.mark.parametrize("stop_after", range(14))
def test_a_half_built_cluster_is_completed(world: World, declared: Declare, stop_after: int) -> None:
    wanted = declared("aabbcc")
    world.populate(wanted)
    for step in plan_present(wanted, world.picture(wanted)).steps[:stop_after]:
        world.apply(step)
    world.reconcile(wanted)


@pytest.mark.parametrize("stop_after", range(12))
def test_an_interrupted_growth_is_completed(world: World, declared: Declare, stop_after: int) -> None:
    world.populate(declared("aabbcc"))
    world.reconcile(declared("aabbcc"))
    wanted = declared("aaabbbcc")
    world.add("10.0.0.1", 7002, "a")
    world.add("10.0.0.2", 7002, "b")
    for step in plan_present(wanted, world.picture(wanted)).steps[:stop_after]:
        world.apply(step)
    world.reconcile(wanted)


def test_instances_with_slots_but_strangers_to_each_other_are_joined(world: World, declared: Declare) -> None:
    wanted = declared("aabbcc")
    world.populate(wanted)
    for at, node in enumerate(list(world.nodes.values())[:3]):
        node.slots, node.epoch = set(range(SLOTS * at // 3, SLOTS * (at + 1) // 3)), at + 1
    world.reconcile(wanted)


def test_keys_on_an_instance_to_be_joined_are_not_thrown_away(world: World, declared: Declare) -> None:
    wanted = declared("aabbccd", masters=3)
    world.add("10.0.0.4", 7000, "d").keys = {5: 1}
    small = declared("aabbcc")
    world.populate(small)
    world.reconcile(small)
    with pytest.raises(Refused, match="d0 holds 1 keys but does not belong"):
        plan_present(wanted, world.picture(wanted))
    world.reconcile(declared("aabbccd", masters=3, allow=["lose_data"]), may_lose=True)


def test_members_of_another_cluster_are_not_taken_from_it(world: World, declared: Declare) -> None:
    other = declared("dddeee")
    world.populate(other)
    world.reconcile(other)
    wanted = declared("aabbccd", masters=3)
    for instance in wanted.instances[:6]:
        world.add(instance.host, instance.port, instance.machine)
    with pytest.raises(Refused, match="not declared"):
        plan_present(wanted, world.picture(wanted))
    # Nor when our own cluster is the bigger one.
    world.others = {node.id for node in world.nodes.values() if node.slots or node.master}
    world.was_whole = False
    small = declared("aabbcc")
    world.reconcile(small)
    for node in world.nodes.values():
        node.keys = dict.fromkeys(list(node.slots)[:9], 1)
    for node in world.nodes.values():
        if node.address.startswith(("10.0.0.4", "10.0.0.5")):
            node.keys = {}
    with pytest.raises(Refused, match="d0 belong to another cluster"):
        plan_present(wanted, world.picture(wanted))


def test_undeclared_members_are_not_drained_unless_allowed(world: World, declared: Declare) -> None:
    world.populate(declared("aabbccdd"))
    world.reconcile(declared("aabbccdd"))
    with pytest.raises(Refused) as caught:
        plan_present(declared("aabbcc"), world.picture(declared("aabbcc")))
    assert len(caught.value.reasons) == 2
    assert "is not declared: declare it, or allow: [remove]" in caught.value.reasons[0]


@pytest.mark.parametrize("receiver_knows", [True, False])
def test_a_slot_left_in_the_middle_of_its_move_is_moved_on(
    world: World, declared: Declare, receiver_knows: bool
) -> None:
    wanted = declared("aabbcc")
    world.populate(wanted)
    world.reconcile(wanted)
    one, two = [node for node in world.nodes.values() if node.slots][:2]
    slot = min(one.slots)
    one.migrating[slot] = two.id
    if receiver_knows:
        two.importing[slot] = one.id
    one.keys, two.keys = {slot: 1}, {slot: 2}
    world.reconcile(wanted)
    assert slot in two.slots
    assert two.keys[slot] == 3


def test_a_move_that_nobody_sends_is_completed_or_called_off(world: World, declared: Declare) -> None:
    wanted = declared("aabbcc")
    world.populate(wanted)
    world.reconcile(wanted)
    one, two = [node for node in world.nodes.values() if node.slots][:2]
    low, high = min(one.slots), max(one.slots)
    two.importing[low] = one.id
    one.migrating[high] = one.id
    world.reconcile(wanted)
    assert not two.importing
    assert not one.migrating
    assert high in one.slots


def test_slots_without_a_master_go_to_who_holds_their_keys(world: World, declared: Declare) -> None:
    wanted = declared("aabbcc")
    world.populate(wanted)
    world.reconcile(wanted)
    one, two = [node for node in world.nodes.values() if node.slots][:2]
    slot = min(one.slots)
    one.slots.discard(slot)
    two.keys[slot] = 4
    world.reconcile(wanted, may_lose=True)
    assert slot in two.slots
    one.keys[slot + 1] = two.keys[slot + 1] = 1
    one.slots.discard(slot + 1)
    with pytest.raises(Refused, match=r"both .* hold keys in it"):
        plan_present(wanted, world.picture(wanted))


def test_spread_restores_what_a_lost_machine_has_skewed(world: World, declared: Declare) -> None:
    wanted = declared("aabbcc")
    world.populate(wanted)
    world.reconcile(wanted)
    assert plan_spread(wanted, world.picture(wanted)).steps == ()
    for node in [node for node in world.nodes.values() if node.machine == "a" and node.slots]:
        world.hand_over(node, next(other for other in world.nodes.values() if other.master == node.id))
    assert plan_present(wanted, world.picture(wanted)).steps == ()
    plan = plan_spread(wanted, world.picture(wanted))
    assert [type(step) for step in plan.steps] == [Promote]
    world.run(plan)
    assert max(world.picture(wanted).masters_by_machine().values()) == 1


def test_a_machine_hands_over_what_it_leads_and_gets_it_back(world: World, declared: Declare) -> None:
    wanted = declared("aabbcc")
    world.populate(wanted)
    world.reconcile(wanted)
    plan = plan_failover(wanted, world.picture(wanted), ["a0", "a1"], to_master=False)
    assert len(plan.steps) == 1
    world.run(plan)
    assert "a" not in world.picture(wanted).masters_by_machine()
    assert plan_failover(wanted, world.picture(wanted), ["a0", "a1"], to_master=False).steps == ()
    world.run(plan_failover(wanted, world.picture(wanted), ["a0"], to_master=True))
    assert "a" in world.picture(wanted).masters_by_machine()
    with pytest.raises(Refused, match="no instance is named a00; did you mean a0"):
        plan_failover(wanted, world.picture(wanted), ["a00"], to_master=False)
    with pytest.raises(Refused, match="no instance is named elsewhere; there are a0, a1, b0"):
        plan_failover(wanted, world.picture(wanted), ["elsewhere"], to_master=False)


def test_a_replica_out_of_sync_does_not_take_over(world: World, declared: Declare) -> None:
    wanted = declared("aabbcc")
    world.populate(wanted)
    world.reconcile(wanted)
    for node in world.nodes.values():
        node.link = "down"
    leader = world.picture(wanted).leaders()[0]
    with pytest.raises(Refused, match="no replica in sync"):
        plan_failover(wanted, world.picture(wanted), [leader.name], to_master=False)


def test_check_mode_plans_with_what_is_not_there_yet(world: World, declared: Declare) -> None:
    wanted = declared("aabbcc")
    plan = plan_present(wanted, world.picture(wanted))
    assert any("give slots" in sentence for sentence in plan.sentences)
    assert sum("replica of" in sentence for sentence in plan.sentences) == 3


def test_a_machine_that_is_known_to_be_down_is_left_where_it_is(world: World, declared: Declare) -> None:
    wanted = declared("aabbcc")
    world.populate(wanted)
    world.reconcile(wanted)
    for node in [node for node in world.nodes.values() if node.machine == "c"]:
        world.kill(node.address)
    with pytest.raises(Refused) as caught:
        plan_present(wanted, world.picture(wanted))
    assert [reason.split(" does")[0] for reason in caught.value.reasons] == ["c0", "c1"]
    instances = tuple(replace(i, is_down=i.machine == "c") for i in wanted.instances)
    away = replace(wanted, instances=instances)
    plan = plan_present(away, world.picture(away))
    assert plan.steps == ()
    assert any("cannot have 1 replica(s) on other machines" in concern for concern in plan.concerns)


def test_only_who_is_named_as_leaving_is_drained(world: World, declared: Declare) -> None:
    world.populate(declared("aabbccdd"))
    world.reconcile(declared("aabbccdd"))
    half = declared("aabbcc", leaving=["10.0.0.4:7000"])
    with pytest.raises(Refused, match=r"10\.0\.0\.4:7001 is a member but is not declared") as caught:
        plan_present(half, world.picture(half))
    assert len(caught.value.reasons) == 1
    world.reconcile(declared("aabbcc", leaving=["10.0.0.4:7000", "10.0.0.4:7001"]))
