# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans: the way from what is to what was declared. Pure functions; nothing here touches a cluster."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from .declare import Declaration, reservations
from .draft import Draft, Plan, Refused
from .model import Member, Picture
from .placement import Place, elect, fair_limit
from .repair import repair
from .reshape import reshape

__all__ = ["Plan", "Refused", "plan_failover", "plan_present", "plan_spread"]


def plan_present(declared: Declaration, picture: Picture, *, is_exact: bool = False) -> Plan:
    """Everything that leads to the declared state; no steps when the cluster is in it.

    Who leads a shard is not part of the declared state: after a failover there is nothing to do. With ``is_exact``
    slots are balanced to the last one. Raises Refused.
    """
    draft = Draft(declared, picture)
    repair(draft)
    reshape(draft, is_exact=is_exact)
    draft.concerns += reservations(declared)
    return draft.plan()


def plan_spread(declared: Declaration, picture: Picture) -> Plan:
    """Planned failovers after which no machine leads more shards than its share. Raises Refused."""
    draft = Draft(declared, picture)
    _need_whole_shards(draft, draft.now.leaders())
    leaders = draft.now.leaders()
    shards = [
        [
            Place(member.id, member.machine, member.may_lead and (member.link_up or not member.master))
            for member in draft.now.shard(leader)
            if member.is_alive
        ]
        for leader in leaders
    ]
    chosen = elect(shards, [leader.id for leader in leaders], fair_limit(len(leaders), len(declared.machines)))
    for leader, head in zip(leaders, chosen):
        if head != leader.id:
            draft.promote(head)
    return draft.plan()


def plan_failover(declared: Declaration, picture: Picture, targets: Sequence[str], *, to_master: bool) -> Plan:
    """Make every target a master, or every target a replica. Nothing to do for those that are. Raises Refused."""
    draft = Draft(declared, picture)
    wanted = [_named(draft, target) for target in targets]
    for member in wanted:
        if not member.is_alive or not member.is_met:
            raise Refused([f"{member.name} does not answer, or is not in the cluster"])
        if to_master and member.master:
            if not member.link_up:
                raise Refused([f"{member.name} is not in sync with its master"])
            draft.promote(member.id)
        elif not to_master and member.leads:
            draft.promote(_heir(draft, member, {other.id for other in wanted}).id)
    return draft.plan()


def _named(draft: Draft, name: str) -> Member:
    for member in draft.now.members.values():
        if member.name == name:
            return member
    names = [member.name for member in draft.now.members.values()]
    near = difflib.get_close_matches(name, names, 1)
    meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(names))}"
    raise Refused([f"no instance is named {name}; {meant}"])


def _heir(draft: Draft, leader: Member, leaving: set[str]) -> Member:
    """The best replica to take over: in sync, not about to hand over itself, on the machine that leads least."""
    held = draft.now.masters_by_machine()
    able = [member for member in draft.now.replicas_of(leader.id) if member.is_alive and member.link_up]
    able = [member for member in able if member.id not in leaving and member.may_lead]
    if not able:
        raise Refused([f"{leader.name} has no replica in sync that could take its place"])
    return min(able, key=lambda member: (held.get(member.machine, 0), member.lag, member.name))


def _need_whole_shards(draft: Draft, leaders: Sequence[Member]) -> None:
    reasons = [f"{leader.name} does not answer" for leader in leaders if not leader.is_alive]
    if not leaders:
        reasons.append("there is no cluster yet: nobody serves a slot")
    if reasons:
        raise Refused(reasons)
