# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan in the making: steps, each carried out on a picture at once, so that the next one is planned on its result."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from .declare import Declaration
from .model import Member, Picture
from .steps import Assign, Detach, Epoch, Forget, Meet, Move, Promote, Replicate, Settle, Step, sentence

__all__ = ["Draft", "Plan", "Refused"]


class Refused(ValueError):
    """The cluster is in a state that is not touched; ``reasons`` says why, one sentence each."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = list(reasons)


@dataclass(frozen=True)
class Plan:
    """What is to be done, in order."""

    steps: tuple[Step, ...]
    names: dict[str, str]
    concerns: tuple[str, ...] = ()
    """What is worth a warning."""

    @property
    def sentences(self) -> list[str]:
        """The steps for people."""
        return [sentence(step, self.names) for step in self.steps]


class Draft:
    """Collects steps and keeps the picture of what they lead to."""

    def __init__(self, declared: Declaration, picture: Picture) -> None:
        self.declared = declared
        self.now = picture.copy()
        self.steps: list[Step] = []
        self.names = {node: member.name for node, member in picture.members.items()}
        for instance in picture.absent:
            if instance.is_down:
                continue
            # Nothing is there yet: check mode plans with what is about to be.
            node = f"new:{instance.name}"
            self.names[node] = instance.name
            self.now.members[node] = Member(
                node, instance.name, instance.machine, instance.address, instance, is_met=False, is_blank=True
            )
        self.concerns: list[str] = []

    def plan(self) -> Plan:
        """The plan so far."""
        return Plan(tuple(self.steps), dict(self.names), tuple(self.concerns))

    def member(self, node: str) -> Member:
        """A member by id."""
        return self.now.members[node]

    def epoch(self, node: str, number: int) -> None:
        """See Epoch."""
        self.member(node).is_blank = False
        self.steps.append(Epoch(node, number))

    def detach(self, node: str, *, flush: bool = False, is_last: bool = False) -> None:
        """See Detach."""
        member = self.member(node)
        member.slots, member.keys, member.master, member.remembers = set(), 0, "", 0
        member.is_met = False
        if is_last:
            del self.now.members[node]
        self.steps.append(Detach(node, flush, is_last))

    def meet(self, via: str, nodes: Iterable[str]) -> None:
        """See Meet."""
        listed = tuple(node for node in nodes if node != via)
        for node in (via, *listed):
            self.member(node).is_met = True
        if listed:
            self.steps.append(Meet(via, listed))

    def assign(self, node: str, slots: Collection[int]) -> None:
        """See Assign."""
        if slots:
            self.member(node).slots |= set(slots)
            self.steps.append(Assign(node, frozenset(slots)))

    def replicate(self, node: str, master: str) -> None:
        """See Replicate."""
        self.member(node).master = master
        self.member(node).link_up = True
        self.steps.append(Replicate(node, master))

    def promote(self, node: str, *, is_forced: bool = False) -> None:
        """See Promote: the whole shard follows the new master."""
        new = self.member(node)
        old = self.member(new.master)
        for member in self.now.members.values():
            if member.master == old.id:
                member.master = node
        new.master, new.slots = "", set(old.slots)
        old.master, old.slots = node, set()
        self.steps.append(Promote(node, is_forced))

    def settle(self, slot: int, owner: str, target: str) -> None:
        """See Settle."""
        if owner and target and owner != target:
            self.member(owner).slots.discard(slot)
            self.member(target).slots.add(slot)
        self.steps.append(Settle(slot, owner, target))

    def move(self, source: str, target: str, slots: Collection[int]) -> None:
        """See Move."""
        self.member(source).slots -= set(slots)
        self.member(target).slots |= set(slots)
        self.steps.append(Move(source, target, frozenset(slots)))

    def forget(self, node: str) -> None:
        """See Forget."""
        member = self.member(node)
        if member.is_alive:
            member.is_met = False
        else:
            del self.now.members[node]
        self.steps.append(Forget(node))
