# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who shares a shard with whom, and who leads it.

Anti-affinity is a matter of shards, not of roles: when all instances of a shard are on different machines, it holds
whoever leads. So a failover never breaks it, and a re-run after one finds nothing to do.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple, Optional

__all__ = ["Place", "attach", "deal", "elect", "fair_limit"]


Fits = Callable[[str, str, Collection[str]], bool]
"""Whether a leader (first) may have an instance (second) as a replica, once it has lost some (third)."""


class Place(NamedTuple):
    """An instance, as far as its placement goes."""

    id: str
    machine: str
    may_lead: bool = True


def deal(places: Sequence[Place], shards: int) -> list[list[Place]]:
    """Deal instances out to shards like cards, machine by machine.

    Every shard gets instances of as many different machines as there can be: a machine that has no more instances than
    there are shards never gives two to one. Instances beyond that come last. Every shard gets one that may lead, when
    there are enough of them.
    """
    by_machine: dict[str, list[Place]] = {}
    for place in places:
        by_machine.setdefault(place.machine, []).append(place)
    first: list[Place] = []
    spare: list[Place] = []
    for group in sorted(by_machine.values(), key=len, reverse=True):
        group.sort(key=lambda place: not place.may_lead)
        first += group[:shards]
        spare += group[shards:]
    hands: list[list[Place]] = [[] for _shard in range(shards)]
    for at, place in enumerate(first):
        hands[at % shards].append(place)
    for place in spare:
        min(hands, key=len).append(place)
    _share_leaders(hands)
    return hands


def _share_leaders(hands: list[list[Place]]) -> None:
    """Swap instances until every hand has one that may lead, without putting two of a machine together anew."""
    for poor in hands:
        if any(place.may_lead for place in poor):
            continue
        for rich in hands:
            if sum(place.may_lead for place in rich) > 1 and _swap(poor, rich):
                break


def _swap(poor: list[Place], rich: list[Place]) -> bool:
    def pairs(hand: list[Place]) -> int:
        return len(hand) - len({place.machine for place in hand})

    worst = pairs(poor) + pairs(rich)
    for give in rich:
        for take in poor:
            poor_now = [give if place is take else place for place in poor]
            rich_now = [take if place is give else place for place in rich]
            if give.may_lead and pairs(poor_now) + pairs(rich_now) <= worst:
                poor[:], rich[:] = poor_now, rich_now
                return True
    return False


def fair_limit(shards: int, machines: int) -> int:
    """How many masters a machine holds at most when they are spread evenly."""
    return math.ceil(shards / max(1, machines))


def elect(
    shards: Sequence[Sequence[Place]], current: Sequence[Optional[str]] = (), limit: Optional[int] = None
) -> list[str]:
    """Choose a leader for each shard so that no machine has more than its share, changing as few as possible.

    ``current`` holds the ids of present leaders by shard, None for a shard without. Returns ids by shard. Starts from
    the limit given (or the fairest possible) and raises it until there is a way. Raises ValueError for a shard in
    which nobody may lead.
    """
    for at, shard in enumerate(shards):
        if not any(place.may_lead for place in shard) and not (at < len(current) and current[at]):
            raise ValueError(f"shard {at + 1} has no instance that may lead it")
    machines = {place.machine for shard in shards for place in shard if place.may_lead}
    start = limit or fair_limit(len(shards), len(machines))
    found = None
    for bound in range(start, len(shards) + 1):
        found = found or _elect_within(shards, current, bound)
    return found or []


def _elect_within(
    shards: Sequence[Sequence[Place]], current: Sequence[Optional[str]], bound: int
) -> Optional[list[str]]:
    """Leaders with at most ``bound`` on any machine, or None: a matching of shards to machines by augmenting paths."""
    chosen: dict[int, Place] = {}
    held: dict[str, list[int]] = {}
    for at, shard in enumerate(shards):
        now = next((place for place in shard if at < len(current) and place.id == current[at]), None)
        if now is not None and len(held.get(now.machine, ())) < bound:
            chosen[at] = now
            held.setdefault(now.machine, []).append(at)

    def place_shard(at: int, tried: set[str]) -> bool:
        present = current[at] if at < len(current) else None
        able = [place for place in shards[at] if place.may_lead or place.id == present]
        # Machines with room first, so that leaders are only asked to move when nothing else helps.
        for place in sorted(able, key=lambda place: len(held.get(place.machine, ()))):
            if place.machine in tried:
                continue
            if len(held.get(place.machine, ())) < bound:
                _seat(at, place)
                return True
        for place in able:
            if place.machine in tried:
                continue
            tried.add(place.machine)
            for other in list(held.get(place.machine, ())):
                held[place.machine].remove(other)
                if place_shard(other, tried):
                    _seat(at, place)
                    return True
                held[place.machine].append(other)
        return False

    def _seat(at: int, place: Place) -> None:
        chosen[at] = place
        held.setdefault(place.machine, []).append(at)

    for at in range(len(shards)):
        if at not in chosen and not place_shard(at, set()):
            return None
    return [chosen[at].id for at in range(len(shards))]


def attach(
    leaders: Mapping[str, str], places: Sequence[Place], present: Mapping[str, str], least: int, *, is_strict: bool
) -> tuple[dict[str, str], list[str]]:
    """Decide whose replica every other instance is.

    leaders: id of each master to its machine. places: all instances that are not masters. present: whose replica each
    of them is now. least: replicas that each master needs, on machines of their own.

    Returns (id of each instance to id of its master, masters that cannot have enough). Present assignments stay unless
    they break a rule or somebody else needs the instance; then as few as possible change. With ``is_strict`` an
    instance whose every choice shares its machine is left out; without, rules are bent in the end.
    """
    machine = {place.id: place.machine for place in places}
    given: dict[str, list[str]] = {leader: [] for leader in leaders}

    def fits(leader: str, node: str, without: Collection[str] = ()) -> bool:
        taken = {machine[other] for other in given[leader] if other not in without}
        return machine[node] != leaders[leader] and machine[node] not in taken

    for place in places:
        leader = present.get(place.id, "")
        if leader in given and len(given[leader]) < least and fits(leader, place.id, ()):
            given[leader].append(place.id)
    for leader in sorted(given, key=lambda leader: len(given[leader])):
        while len(given[leader]) < least and _augment(leader, given, [place.id for place in places], present, fits):
            pass
    short = [leader for leader, nodes in given.items() if len(nodes) < least]
    left = [place for place in places if not any(place.id in nodes for nodes in given.values())]
    if not is_strict:
        # Rules are bent for masters in need: who follows them already stays with them, then others come.
        for is_theirs in (True, False):
            for place in list(left):
                needy = [leader for leader in short if len(given[leader]) < least]
                needy = [leader for leader in needy if not is_theirs or present.get(place.id) == leader]
                if needy:
                    given[min(needy, key=lambda leader: len(given[leader]))].append(place.id)
                    left.remove(place)
    for place in left:
        now = present.get(place.id, "")
        apart = [leader for leader in given if leaders[leader] != place.machine] or ([] if is_strict else list(given))
        if apart or now in given:
            best = min(apart or [now], key=lambda leader: (not fits(leader, place.id, ()), len(given[leader])))
            # One that nobody needs stays where it is, even beside its master: moving it would copy data for nothing.
            given[now if now in given else best].append(place.id)
    result = {node: leader for leader, nodes in given.items() for node in nodes}
    return result, [leader for leader in short if len(given[leader]) < least]


def _augment(
    needy: str,
    given: dict[str, list[str]],
    nodes: Sequence[str],
    present: Mapping[str, str],
    fits: Fits,
) -> bool:
    """Give one more replica to ``needy`` along the shortest chain of exchanges; False when there is none."""
    owner = {node: leader for leader, held in given.items() for node in held}
    came: dict[str, tuple[str, str]] = {}
    queue = deque([needy])
    while queue:
        leader = queue.popleft()
        # What this leader gave away on the way here is gone from it.
        lost = came[leader][1] if leader in came else ""
        free = [node for node in nodes if node not in owner and fits(leader, node, (lost,))]
        if free:
            # Its own first, then whoever has none, before somebody's spare one.
            node = min(free, key=lambda node: (present.get(node, "") != leader, bool(present.get(node, ""))))
            while True:
                given[leader].append(node)
                if leader == needy:
                    return True
                previous, node = came[leader]
                given[leader].remove(node)
                leader = previous
        for node, other in owner.items():
            if other not in came and other not in (needy, leader) and fits(leader, node, (lost,)):
                came[other] = (leader, node)
                queue.append(other)
    return False
