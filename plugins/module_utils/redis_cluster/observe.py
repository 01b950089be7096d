# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Merges what every instance says into one picture of the cluster.

What an instance says about itself counts; what others say counts only for those that do not answer. Which cluster is
the cluster when instances disagree: the group that serves most slots, then the one with most keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Optional

from .model import Member, OpenSlot, Picture, View
from .parse import NodeLine

__all__ = ["observe"]

NOT_YET = frozenset({"handshake", "noaddr"})


def observe(views: Sequence[View], keyed: Optional[Mapping[int, tuple[str, ...]]] = None) -> Picture:
    """Merge the views. ``keyed``: for slots that nobody serves, who holds keys in them."""
    spoken = {view.myself.id: view for view in views if not view.error}
    main, stray = _groups(spoken)
    members = {node: _living(view, node in main) for node, view in spoken.items()}
    members.update(_silent(views, spoken, main))
    by_address = {member.address: member for member in members.values() if member.instance is not None}
    return Picture(
        members=members,
        open_slots=_open_slots(spoken, main),
        stray=stray,
        keyed=dict(keyed or {}),
        strangers=_strangers(spoken, main),
        disagreements=_disagreements(spoken, main, members),
        absent=tuple(
            view.declared for view in views if view.error and view.declared and view.address not in by_address
        ),
    )


def _groups(spoken: Mapping[str, View]) -> tuple[set[str], dict[str, tuple[str, ...]]]:
    """(ids of the cluster, other groups by their first member's name)."""
    knows = {
        node: {line.id for line in view.nodes if not line.flags & NOT_YET and line.id in spoken}
        for node, view in spoken.items()
    }
    left, groups = set(spoken), []
    while left:
        group, todo = set(), [min(left)]
        while todo:
            node = todo.pop()
            if node not in group:
                group.add(node)
                todo += knows[node] | {other for other in spoken if node in knows[other]}
        groups.append(group)
        left -= group

    def weight(group: set[str]) -> tuple[int, int, int]:
        served = sum(len(spoken[node].myself.slots) for node in group)
        return served, sum(spoken[node].keys for node in group), len(group)

    groups.sort(key=weight, reverse=True)
    if not groups:
        return set(), {}
    return groups[0], {min(spoken[node].name for node in group): tuple(sorted(group)) for group in groups[1:]}


def _living(view: View, is_in: bool) -> Member:
    line = view.myself
    link = view.info.get("master_link_status", "")
    behind = 0
    if line.is_replica and link == "up":
        # As the replica itself counts; what is on its way to it only its master knows.
        behind = max(0, int(view.info.get("master_repl_offset", 0)) - int(view.info.get("slave_repl_offset", 0)))
    return Member(
        id=line.id,
        name=view.name,
        machine=view.declared.machine if view.declared else view.address.rpartition(":")[0],
        address=view.address,
        instance=view.declared,
        master=line.master,
        slots=set(line.slots) if not line.is_replica else set(),
        keys=view.keys,
        is_met=is_in,
        is_blank=len(view.nodes) == 1 and view.cluster.get("cluster_current_epoch", "0") == "0",
        remembers=len(view.nodes) - 1,
        link_up=link == "up" if line.is_replica else True,
        lag=behind,
    )


def _silent(views: Iterable[View], spoken: Mapping[str, View], main: set[str]) -> dict[str, Member]:
    """Members that did not answer, as the others describe them."""
    declared = {view.address: view for view in views if view.error}
    speaking_at = {view.address for view in spoken.values()}
    told: dict[str, list[NodeLine]] = {}
    for node in main:
        for line in spoken[node].nodes:
            if line.id not in spoken and "handshake" not in line.flags:
                told.setdefault(line.id, []).append(line)
    found = {}
    for node, lines in told.items():
        line = max(lines, key=lambda line: line.epoch)
        view = declared.get(line.address)
        instance = view.declared if view else None
        # Members that find somebody else at an address take it from the one that they knew there.
        has_heir = line.address in speaking_at or "noaddr" in line.flags
        found[node] = Member(
            id=node,
            name=view.name if view else f"{line.address if line.host else 'the former instance'} ({node[:8]})",
            machine=instance.machine if instance else line.host,
            address=line.address,
            instance=instance,
            master=line.master,
            slots=set(line.slots),
            is_alive=False,
            is_replaced=has_heir,
            is_failed=any("fail" in each.flags or "noaddr" in each.flags for each in lines),
            link_up=False,
        )
    return found


def _open_slots(spoken: Mapping[str, View], main: set[str]) -> tuple[OpenSlot, ...]:
    owner: dict[int, str] = {}
    leaving: dict[int, str] = {}
    arriving: dict[int, list[str]] = {}
    for node in sorted(main, key=lambda node: spoken[node].myself.epoch):
        line = spoken[node].myself
        if line.is_replica:
            # Valkey 8 shows replicas what their master is in the middle of; it is the master's to end.
            continue
        # The highest epoch comes last and wins, as it does in the cluster.
        owner.update(dict.fromkeys(line.slots, node))
        leaving.update(line.migrating)
        for slot, _source in line.importing:
            arriving.setdefault(slot, []).append(node)
    for view in (spoken[node] for node in main):
        for line in view.nodes:
            if line.id not in spoken:
                for slot in line.slots & (set(leaving) | set(arriving)):
                    owner.setdefault(slot, line.id)
    return tuple(
        OpenSlot(slot, owner.get(slot, ""), leaving.get(slot, ""), tuple(arriving.get(slot, ())))
        for slot in sorted(set(leaving) | set(arriving))
    )


def _strangers(spoken: Mapping[str, View], main: set[str]) -> tuple[str, ...]:
    """Members of the cluster that some other member has not met."""
    known = {node: {line.id for line in spoken[node].nodes if not line.flags & NOT_YET} for node in main}
    return tuple(sorted(node for node in main if any(node not in known[other] for other in main)))


def _disagreements(spoken: Mapping[str, View], main: set[str], members: Mapping[str, Member]) -> tuple[str, ...]:
    """Who sees a living master's slots, or a living replica's master, otherwise than they do themselves."""
    found = []
    for node in sorted(main):
        lines = {line.id: line for line in spoken[node].nodes}
        for other in sorted(main - {node}):
            line, member = lines.get(other), members[other]
            if line is None or line.flags & NOT_YET:
                found.append(f"{members[node].name} does not know {member.name}")
            elif set(line.slots) != member.slots and not member.master:
                found.append(f"{members[node].name} sees other slots on {member.name} than {member.name} itself")
            elif line.master != member.master:
                found.append(f"{members[node].name} sees another role of {member.name} than {member.name} itself")
    return tuple(found)
