# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words that observing, planning and executing share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Optional

from .declare import Instance
from .parse import NodeLine

__all__ = ["Member", "OpenSlot", "Picture", "View"]


@dataclass(frozen=True)
class View:
    """What one instance said when it was asked, or why it could not be."""

    address: str
    name: str
    declared: Optional[Instance] = None
    error: str = ""
    is_absent: bool = False
    """Nothing listens there: the connection was refused."""
    info: Mapping[str, str] = field(default_factory=dict)
    cluster: Mapping[str, str] = field(default_factory=dict)
    nodes: tuple[NodeLine, ...] = ()
    keys: int = 0

    @property
    def myself(self) -> NodeLine:
        """The instance's line about itself."""
        return next(line for line in self.nodes if line.is_myself)


@dataclass
class Member:
    """One member of the cluster, or an instance that is about to become one."""

    id: str
    name: str
    machine: str
    address: str
    instance: Optional[Instance] = None
    """How it was declared; None for a member that was not."""
    master: str = ""
    """Id of its master; empty for a master."""
    slots: set[int] = field(default_factory=set)
    keys: int = 0
    is_alive: bool = True
    """It answered."""
    is_failed: bool = False
    """The other members take it for dead."""
    is_replaced: bool = False
    """It is dead, and another instance answers at its address."""
    is_met: bool = True
    """It belongs to the cluster: it and the others know each other."""
    is_blank: bool = False
    """It knows nobody and was never part of a cluster."""
    remembers: int = 0
    """How many others it knows, dead ones included."""
    link_up: bool = True
    """A replica's connection to its master stands."""
    lag: int = 0
    """Bytes by which a replica is behind its master."""

    @property
    def leads(self) -> bool:
        """Whether it is a master that serves slots."""
        return not self.master and bool(self.slots)

    @property
    def may_lead(self) -> bool:
        """Whether it was declared as one that may be a master."""
        return self.instance is not None and self.instance.may_lead and self.is_alive


@dataclass(frozen=True)
class OpenSlot:
    """A slot in the middle of a move that nobody seems to be carrying out."""

    slot: int
    owner: str
    """Id of the member that serves it; empty when nobody does."""
    migrating_to: str = ""
    importers: tuple[str, ...] = ()


@dataclass
class Picture:
    """The cluster as all instances together describe it."""

    members: dict[str, Member]
    open_slots: tuple[OpenSlot, ...] = ()
    stray: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Groups of instances that are apart from the cluster, as ids, by the name of one of them."""
    strangers: tuple[str, ...] = ()
    """Members, as ids, that some other member has not met."""
    keyed: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Slots that nobody serves although these members hold keys in them."""
    disagreements: tuple[str, ...] = ()
    """Sentences: who sees the slots otherwise than their holders do."""
    absent: tuple[Instance, ...] = ()
    """Declared instances that do not answer and that no member knows."""

    def copy(self) -> Picture:
        """A picture of its own, to plan on."""
        members = {node: replace(member, slots=set(member.slots)) for node, member in self.members.items()}
        return replace(self, members=members)

    def met(self) -> list[Member]:
        """Members of the cluster itself."""
        return [member for member in self.members.values() if member.is_met]

    def leaders(self) -> list[Member]:
        """Masters that serve slots."""
        return [member for member in self.met() if member.leads]

    def replicas_of(self, master: str) -> list[Member]:
        """Replicas of a master."""
        return [member for member in self.met() if member.master == master]

    def by_instance(self, instance: Instance) -> Optional[Member]:
        """The living member that this instance is, if any."""
        return next((member for member in self.members.values() if member.instance == instance), None)

    def shard(self, master: Member) -> list[Member]:
        """A master and its replicas."""
        return [master, *self.replicas_of(master.id)]

    def uncovered(self, slots: Iterable[int]) -> set[int]:
        """Those of the slots that nobody serves."""
        return set(slots) - {slot for member in self.met() for slot in member.slots}

    def masters_by_machine(self) -> dict[str, int]:
        """How many serving masters each machine holds."""
        return dict(Counter(member.machine for member in self.leaders()))
