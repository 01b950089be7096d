# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first half of a plan: what has to be put right before the cluster can be given its declared shape.

Strangers are introduced, remains of other clusters reset, half-done moves ended, dead members replaced or forgotten.
Whatever could cost data happens only when it is allowed by name; otherwise the whole plan is refused.
"""

from __future__ import annotations

from .draft import Draft, Refused
from .model import Member, OpenSlot
from .slots import ranges_text

__all__ = ["repair"]


def repair(draft: Draft) -> None:
    """Add the steps. Raises Refused, before any step was added that depends on what is refused."""
    reasons = _objections(draft)
    if reasons:
        raise Refused(reasons)
    _bury(draft)
    _end_moves(draft)
    _introduce(draft)


def _objections(draft: Draft) -> list[str]:
    now = draft.now
    found = []
    for member in now.members.values():
        if member.instance is not None and not member.is_alive:
            if member.instance.is_down:
                found += _objections_to_burial(draft, member) if member.leads else []
                continue
            found.append(f"{member.name} does not answer: start it, or take it out of the declared nodes")
        elif (
            member.instance is None
            and member.is_alive
            and member.is_met
            and not draft.declared.may_remove(member.address)
        ):
            found.append(f"{member.name} is a member but is not declared: declare it, or allow: [remove] to drain it")
        elif member.instance is None and not member.is_alive:
            found += _objections_to_burial(draft, member)
    for nodes in now.stray.values():
        found += _objections_to_strays([now.members[node] for node in nodes], draft)
    for slot, nodes in sorted(now.keyed.items()):
        if len(nodes) > 1:
            names = " and ".join(now.members[node].name for node in nodes)
            found.append(
                f"nobody serves slot {slot}, and both {names} hold keys in it: redis-cli --cluster fix can decide"
            )
    return found


def _objections_to_burial(draft: Draft, member: Member) -> list[str]:
    allow = draft.declared.allow
    if not member.is_failed:
        return [f"{member.name} does not answer here, though other members still hear it: is the way to it blocked?"]
    if member.leads:
        heirs = [heir.name for heir in draft.now.replicas_of(member.id) if heir.may_lead]
        served = f"slots {ranges_text(member.slots)}"
        if heirs and "takeover" not in allow:
            return [
                f"{member.name} is dead and {heirs[0]} has not taken over {served}: the cluster cannot vote; "
                "allow: [takeover] promotes it without a vote"
            ]
        if not heirs and "lose_data" not in allow:
            return [
                f"{member.name} is dead and nobody has a copy of {served}: bring it back, "
                "or allow: [lose_data] to go on without what was in them"
            ]
        return []
    if member.is_replaced or draft.declared.may_remove(member.address):
        return []
    return [f"{member.name} is a dead member that is not declared: allow: [remove] makes the cluster forget it"]


def _objections_to_strays(members: list[Member], draft: Draft) -> list[str]:
    others = [member.name for member in members if member.instance is None]
    if others:
        ours = " and ".join(member.name for member in members if member.instance is not None)
        return [f"{ours} belong to another cluster, together with {others[0]}, which is not declared"]
    if "lose_data" in draft.declared.allow:
        return []
    return [
        f"{member.name} holds {member.keys} keys but does not belong to the cluster: empty it, "
        "or allow: [lose_data] to have it emptied"
        for member in members
        if member.keys and not member.is_met and member.instance is not None
    ]


def _bury(draft: Draft) -> None:
    """Replace dead masters by their replicas, forget dead members that nobody follows."""
    now = draft.now
    dead = [member for member in now.members.values() if not member.is_alive and member.instance is None]
    for member in sorted(dead, key=lambda member: not member.master):
        heirs = [heir for heir in now.replicas_of(member.id) if heir.may_lead]
        if member.leads and heirs:
            # The most complete copy: a replica whose link broke last has the least lag noted.
            draft.promote(min(heirs, key=lambda heir: (heir.lag, heir.name)).id, is_forced=True)
        elif not now.replicas_of(member.id):
            draft.forget(member.id)


def _end_moves(draft: Draft) -> None:
    for open_slot in draft.now.open_slots:
        owner = open_slot.owner
        if owner and (owner not in draft.now.members or not draft.member(owner).is_alive):
            # Its heir does not know of the move; whoever waits for it is told to stop waiting.
            draft.settle(open_slot.slot, "", "")
            continue
        for target in _targets(draft, open_slot):
            draft.settle(open_slot.slot, owner, target)
            owner = target if owner else ""


def _targets(draft: Draft, open_slot: OpenSlot) -> list[str]:
    """Where an open slot is to go: to everybody who expects it in turn, so that no key is left behind anywhere."""
    owner = open_slot.owner
    if not owner:
        return [""]
    able = [node for node in open_slot.importers if node != owner]
    receiver = open_slot.migrating_to
    if receiver and receiver not in able and receiver != owner:
        member = draft.now.members.get(receiver)
        if member is not None and member.is_alive and not member.master:
            able.append(receiver)
    able.sort(key=lambda node: (draft.member(node).instance is not None, node == receiver))
    return able or [owner]


def _introduce(draft: Draft) -> None:
    """Make one cluster of what is declared."""
    now = draft.now
    main = [member for member in now.members.values() if member.is_met and member.is_alive]
    outside = [
        member
        for member in now.members.values()
        if member.instance is not None and not member.is_met and member.is_alive
    ]
    covered = {slot for member in main for slot in member.slots}
    company = {node: len(group) - 1 for group in now.stray.values() for node in group}
    fresh: list[Member] = []
    for member in sorted(outside, key=lambda member: member.name):
        has_history = member.remembers > company.get(member.id, 0) or (member.remembers and not member.slots)
        if member.keys or member.master or member.slots & covered or has_history:
            draft.detach(member.id, flush=member.keys > 0)
        covered |= member.slots
        fresh.append(member)
    everybody = [*main, *fresh]
    if not covered and all(member.is_blank for member in everybody):
        for number, member in enumerate(sorted(everybody, key=lambda member: member.name), 1):
            draft.epoch(member.id, number)
    strangers = [node for node in now.strangers if node in now.members]
    if not fresh and not strangers:
        return
    # Whoever serves most introduces: it is the one that the others know.
    via = max(main or fresh, key=lambda member: (len(member.slots), member.instance is not None, member.remembers))
    draft.meet(via.id, dict.fromkeys([*strangers, *(member.id for member in fresh)]))
