# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The second half of a plan: the declared number of masters, their slots by weight, their replicas elsewhere.

Order: leave masters that are to go, choose new ones, cover slots, attach replicas, move slots, and only then attach and
remove those who were needed until the last slot had left them. So no slot is ever without a master.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence

from .draft import Draft, Refused
from .model import Member
from .placement import Place, attach, deal, elect
from .slots import SLOTS, shares

__all__ = ["reshape"]

MANY_CHOICES = 2000
"""So many sets of new masters are compared; with more, they are chosen one by one."""


def reshape(draft: Draft, *, is_exact: bool) -> None:
    """Add the steps. ``is_exact``: move slots for any imbalance, not only beyond the threshold. Raises Refused."""
    if not draft.now.leaders() and not any(member.keys for member in draft.now.met()):
        leaders, follows = _first_shape(draft)
    else:
        leaders = _leaders(draft)
        follows = _follow(draft, leaders)
    counts = _wanted_slots(draft, leaders, follows)
    _cover(draft, leaders, counts)
    early = [node for node in follows if not _is_needed(draft, node, leaders)]
    _attach(draft, early, follows)
    _balance(draft, leaders, counts, is_exact)
    _attach(draft, [node for node in follows if node not in early], follows)
    _remove(draft)


def _is_needed(draft: Draft, node: str, leaders: Sequence[str]) -> bool:
    """Whether an instance serves slots, or is a copy of them, that have yet to be moved away."""
    member = draft.member(node)
    head = draft.now.members.get(member.master, member)
    return bool(head.slots) and head.id not in leaders


def _places(draft: Draft) -> list[Place]:
    """Declared instances in the order they were declared in."""
    found = (draft.now.by_instance(instance) for instance in draft.declared.instances)
    return [
        Place(member.id, member.machine, member.may_lead) for member in found if member is not None and member.is_alive
    ]


def _first_shape(draft: Draft) -> tuple[list[str], dict[str, str]]:
    """Masters and replicas of a cluster that serves nothing yet."""
    places = _places(draft)
    rank = {place.id: at for at, place in enumerate(places)}
    shards = deal(places, draft.declared.masters)
    chosen = elect(shards)
    leaders = sorted(chosen, key=rank.__getitem__)
    follows = {place.id: head for shard, head in zip(shards, chosen) for place in shard if place.id != head}
    for leader in leaders:
        if draft.member(leader).master:
            # A half-built cluster: a replica without data is to be a master.
            draft.detach(leader)
            draft.meet(_introducer(draft, leader), [leader])
    return leaders, {place.id: follows[place.id] for place in places if place.id in follows}


def _introducer(draft: Draft, node: str) -> str:
    others = [member for member in draft.now.met() if member.id != node and member.is_alive]
    return max(others, key=lambda member: (len(member.slots), member.name)).id


def _leaders(draft: Draft) -> list[str]:
    """Ids of the masters that are to serve the slots, in the order their instances are declared in."""
    wanted = draft.declared.masters
    kept = _kept_shards(draft)[:wanted]
    chosen = [_declared_head(draft, leader) for leader in kept]
    if len(chosen) < wanted:
        chosen += _new_leaders(draft, chosen, wanted - len(chosen))
    rank = {place.id: at for at, place in enumerate(_places(draft))}
    return sorted(chosen, key=rank.__getitem__)


def _kept_shards(draft: Draft) -> list[Member]:
    """Shards that could stay, those first that cost least to keep."""
    now = draft.now

    def worth(leader: Member) -> tuple[bool, int, int, str]:
        ours = sum(member.instance is not None for member in now.shard(leader))
        return leader.instance is None, -ours, -len(leader.slots), leader.name

    able = [
        leader
        for leader in now.leaders()
        if leader.instance is not None or any(member.may_lead for member in now.replicas_of(leader.id))
    ]
    return sorted(able, key=worth)


def _declared_head(draft: Draft, leader: Member) -> str:
    """The shard's master once it is a declared one: a replica takes over from one that is not."""
    if leader.instance is not None:
        return leader.id
    held = draft.now.masters_by_machine()
    heirs = [member for member in draft.now.replicas_of(leader.id) if member.may_lead]
    heir = min(heirs, key=lambda member: (not member.link_up, held.get(member.machine, 0), member.name))
    if not heir.link_up:
        raise Refused([f"{heir.name} is to take over from {leader.name}, but is not in sync with it yet"])
    draft.promote(heir.id)
    return heir.id


def _new_leaders(draft: Draft, leaders: Sequence[str], count: int) -> list[str]:
    """Choose more masters so that every master gets its replicas and no machine gets more masters than it must."""
    places = _places(draft)
    shard_of = {member.id: member.master for member in draft.now.met()}
    spare = _spare_replicas(draft, leaders)
    free = [
        place
        for place in places
        if place.may_lead
        and place.id not in leaders
        and (shard_of.get(place.id, "") not in leaders or place.id in spare)
    ]
    free.sort(key=lambda place: place.id in spare)
    if len(free) < count:
        raise Refused([f"{count} more master(s) are wanted, but only {len(free)} instance(s) are free to become one"])

    def cost(chosen: Sequence[Place]) -> tuple[int, int, int]:
        heads = [*leaders, *(place.id for place in chosen)]
        rest = [place for place in places if place.id not in heads]
        machines = {place.id: place.machine for place in places}
        _given, short = attach(
            {head: machines[head] for head in heads}, rest, shard_of, draft.declared.replicas, is_strict=True
        )
        held = Counter(machines[head] for head in heads)
        return len(short), max(held.values()), sum(place.id in spare for place in chosen)

    chosen: Sequence[Place]
    if math.comb(len(free), count) <= MANY_CHOICES:
        chosen = min(itertools.combinations(free, count), key=cost)
    else:
        chosen = []
        for _more in range(count):
            chosen = min(([*chosen, place] for place in free if place not in chosen), key=cost)
    for place in chosen:
        if draft.member(place.id).master:
            draft.detach(place.id)
            draft.meet(_introducer(draft, place.id), [place.id])
    return [place.id for place in chosen]


def _spare_replicas(draft: Draft, leaders: Sequence[str]) -> set[str]:
    """Replicas that their shard can do without."""
    found: set[str] = set()
    for leader in leaders:
        ours = [member for member in draft.now.replicas_of(leader) if member.instance is not None]
        found |= {member.id for member in ours[draft.declared.replicas :]}
    return found


def _follow(draft: Draft, leaders: Sequence[str]) -> dict[str, str]:
    """Whose replica everybody else is to be. Raises Refused where it cannot be done."""
    places = _places(draft)
    machines = {place.id: place.machine for place in places}
    rest = [place for place in places if place.id not in leaders]
    strict = draft.declared.needs_anti_affinity
    follows, short = attach(
        {leader: machines[leader] for leader in leaders},
        rest,
        {place.id: draft.member(place.id).master for place in rest},
        draft.declared.replicas,
        is_strict=strict,
    )
    reasons = [
        f"{draft.names[leader]} cannot have {draft.declared.replicas} replica(s) on other machines than its own"
        for leader in short
    ]
    reasons += [
        f"{draft.names[place.id]} finds no master on another machine to be the replica of"
        for place in rest
        if place.id not in follows
    ]
    if any(instance.is_down for instance in draft.declared.instances):
        # Whoever is away is missed here; it comes back to its place.
        draft.concerns += reasons
    elif reasons and strict:
        raise Refused(reasons)
    return {place.id: follows[place.id] for place in rest if place.id in follows}


def _wanted_slots(draft: Draft, leaders: Sequence[str], follows: Mapping[str, str]) -> dict[str, int]:
    """Number of slots that each master is to serve: a shard has the weight of its heaviest instance, whoever leads."""
    weight = dict.fromkeys(leaders, 0.0)
    for member in draft.now.members.values():
        head = follows.get(member.id, member.id)
        if head in weight and member.instance is not None:
            weight[head] = max(weight[head], member.instance.weight)
    has = {at: len(draft.member(leader).slots) for at, leader in enumerate(leaders)}
    return dict(zip(leaders, shares([weight[leader] for leader in leaders], has)))


def _cover(draft: Draft, leaders: Sequence[str], counts: Mapping[str, int]) -> None:
    """Give out slots that nobody serves: to who holds keys in them, else to who has too few."""
    left = draft.now.uncovered(range(SLOTS))
    given: dict[str, set[int]] = {leader: set() for leader in leaders}
    for slot, holders in draft.now.keyed.items():
        if slot in left:
            given.setdefault(holders[0], set()).add(slot)
            left.discard(slot)
    order = sorted(left)
    for at, leader in enumerate(leaders):
        lacking = max(0, counts[leader] - len(draft.member(leader).slots) - len(given[leader]))
        if at == len(leaders) - 1:
            lacking = len(order)
        given[leader] |= set(order[:lacking])
        order = order[lacking:]
    for node, slots in given.items():
        draft.assign(node, slots)


def _attach(draft: Draft, nodes: Sequence[str], follows: Mapping[str, str]) -> None:
    """Make replicas of instances; those that are nobody's first, so that nobody is without one meanwhile."""
    for node in sorted(nodes, key=lambda node: bool(draft.member(node).master)):
        if draft.member(node).master != follows[node]:
            draft.replicate(node, follows[node])


def _balance(draft: Draft, leaders: Sequence[str], counts: Mapping[str, int], is_exact: bool) -> None:
    has = {leader: len(draft.member(leader).slots) for leader in leaders}
    leaving = [member for member in draft.now.leaders() if member.id not in counts]
    off = max(abs(has[leader] - counts[leader]) / max(1, counts[leader]) * 100 for leader in leaders)
    if not leaving and not (is_exact and off) and off <= draft.declared.threshold:
        return
    sources = [member.id for member in sorted(leaving, key=lambda member: member.name)]
    sources += [leader for leader in leaders if has[leader] > counts[leader]]
    wants = {leader: counts[leader] - has[leader] for leader in leaders if has[leader] < counts[leader]}
    for source in sources:
        spare = len(draft.member(source).slots) - counts.get(source, 0)
        for target, wanted in list(wants.items()):
            amount = min(spare, wanted)
            if amount > 0:
                # From the upper end, in one piece where there is one.
                draft.move(source, target, sorted(draft.member(source).slots)[-amount:])
                spare -= amount
                wants[target] -= amount


def _remove(draft: Draft) -> None:
    """Let go of members that are not declared: replicas first, nobody forgets a master it follows."""
    now = draft.now
    leaving = [member for member in now.members.values() if member.instance is None and member.is_met]
    for member in sorted(leaving, key=lambda member: (not member.master, member.name)):
        is_alive = member.is_alive
        draft.forget(member.id)
        if is_alive:
            draft.detach(member.id, flush=True, is_last=True)
