# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a cluster, as sentences; none when it is as it was declared and well."""

from __future__ import annotations

from collections.abc import Sequence

from .declare import Declaration, reservations
from .model import Member, Picture, View
from .slots import SLOTS, ranges_text

__all__ = ["concerns", "majority_machine", "problems", "restart_order", "shards", "uneven"]

MACHINES_FOR_MAJORITY = 3
"""With fewer machines some machine always has half of the masters."""


def problems(declared: Declaration, picture: Picture, views: Sequence[View]) -> list[str]:
    """Everything that keeps the cluster from being whole; who leads where is told by ``uneven``."""
    away = {instance.address for instance in declared.instances if instance.is_down}
    found = [view.error for view in views if view.error and view.address not in away]
    living = [view for view in views if not view.error]
    found += [
        f"{view.name} says cluster_state:{view.cluster.get('cluster_state', '?')}"
        for view in living
        if view.cluster.get("cluster_state") != "ok"
    ]
    missing = picture.uncovered(range(SLOTS))
    if missing:
        found.append(f"{len(missing)} slots have no master: {ranges_text(missing)}")
    found += [f"slot {open_slot.slot} is in the middle of a move" for open_slot in picture.open_slots]
    found += picture.disagreements
    for group in picture.stray.values():
        found.append(f"{', '.join(picture.members[node].name for node in group)} not in the cluster")
    found += _failing(picture, living, away)
    found += _members(declared, picture, away)
    return list(dict.fromkeys(found))


def uneven(declared: Declaration, picture: Picture) -> list[str]:
    """Whether a machine leads so many shards that the others could not outvote its loss."""
    machine = majority_machine(declared, picture)
    if not machine:
        return []
    count = picture.masters_by_machine()[machine]
    return [
        f"{machine} holds {count} of {len(picture.leaders())} masters: its loss would stop the cluster "
        "(state: spread hands some over)"
    ]


def _failing(picture: Picture, living: Sequence[View], away: set[str]) -> list[str]:
    found = []
    for view in living:
        for line in view.nodes:
            if line.is_failing and line.address not in away:
                name = picture.members[line.id].name if line.id in picture.members else line.address
                word = "dead" if "fail" in line.flags else "out of reach"
                found.append(f"{view.name} takes {name} for {word}")
    return found


def _members(declared: Declaration, picture: Picture, away: set[str]) -> list[str]:
    found = [f"{member.name} is a member but is not declared" for member in picture.met() if member.instance is None]
    leaders = [leader for leader in picture.leaders() if leader.is_alive]
    if picture.leaders() and len(picture.leaders()) != declared.masters:
        found.append(f"{len(picture.leaders())} masters serve slots, {declared.masters} are declared")
    for leader in leaders:
        replicas = [member for member in picture.replicas_of(leader.id) if member.is_alive]
        for member in replicas:
            if not member.link_up:
                found.append(f"{member.name} is not in sync with its master {leader.name}")
        if not away:
            found += _too_few(declared, leader, replicas)
    idle = [member for member in picture.met() if member.is_alive and not member.master and not member.slots]
    return found + [f"{member.name} has no slots and is nobody's replica" for member in idle if picture.leaders()]


def _too_few(declared: Declaration, leader: Member, replicas: Sequence[Member]) -> list[str]:
    good = [member for member in replicas if member.link_up]
    if declared.needs_anti_affinity:
        apart = {member.machine for member in good} - {leader.machine}
        if len(apart) < declared.replicas:
            return [f"{leader.name} has {len(apart)} replica(s) on other machines, {declared.replicas} are declared"]
    elif len(good) < declared.replicas:
        return [f"{leader.name} has {len(good)} replica(s), {declared.replicas} are declared"]
    return []


def concerns(declared: Declaration, picture: Picture) -> list[str]:
    """What is worth knowing, though nothing is wrong."""
    found = reservations(declared)
    found += [f"{instance.name} is declared as down" for instance in declared.instances if instance.is_down]
    for leader in picture.leaders():
        if leader.instance is not None and not leader.instance.may_lead:
            found.append(f"{leader.name} leads, although it is declared as a replica")
    return found


def majority_machine(declared: Declaration, picture: Picture) -> str:
    """The machine whose loss would take the majority of masters along; empty when there is none."""
    if len(declared.machines) < MACHINES_FOR_MAJORITY:
        return ""
    held = picture.masters_by_machine()
    total = sum(held.values())
    return next((machine for machine, count in sorted(held.items()) if count * 2 > total), "")


def restart_order(picture: Picture) -> list[str]:
    """Names in the order in which instances may be restarted one by one: replicas first."""
    living = [member for member in picture.met() if member.is_alive]
    return [member.name for member in sorted(living, key=lambda member: (not member.master, member.name))]


def shards(picture: Picture) -> list[dict[str, object]]:
    """Shards as data, in the order of their slots."""
    leaders = sorted(picture.leaders(), key=lambda leader: min(leader.slots))
    return [
        {
            "master": leader.name,
            "replicas": sorted(member.name for member in picture.replicas_of(leader.id)),
            "slots": len(leader.slots),
            "ranges": ranges_text(leader.slots),
        }
        for leader in leaders
    ]
