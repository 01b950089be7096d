# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has a group here: one table of transitions, one row per (state, input), each with its reason.

Invariant: at most one operation of a group is outstanding at the host, except that a release may cut a start or a
hand-over short; reports of the cut operation that still arrive change nothing. Addresses and services are separate
steps: ``Hold.address`` says whether the group's addresses are configured here, whatever the state.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Union

from ..settings.model import Group
from .events import Stage
from .invariant import ensure


class State(enum.Enum):
    """What this node is doing with a group."""

    IDLE = "idle"  # nothing of it is here
    FOUND = "found"  # its addresses are here, left by a crash; not decided yet
    WANTING = "wanting"  # claimed, waiting until every live peer has seen the claim
    TAKING = "taking"  # the host brings it up
    HELD = "held"  # all of it runs here
    GIVING = "giving"  # services stop or have stopped, addresses stay until the target has them
    RELEASING = "releasing"  # the host takes everything down
    FAILED = "failed"  # would not start here; nothing of it is left here
    STUCK = "stuck"  # would not stop here; must not be given away


class Ask(enum.Enum):
    """What a dialect asks of the table."""

    WANT = "want"
    WITHDRAW = "withdraw"
    TAKE = "take"
    GIVE = "give"
    RECLAIM = "reclaim"
    RELEASE = "release"
    FORGIVE = "forgive"


class Order(enum.Enum):
    """What the host is told to do in consequence."""

    NOTHING = "nothing"
    START = "start"
    STOP_SERVICES = "stop-services"
    STOP = "stop"


Input = Union[Ask, Stage]


@dataclass(frozen=True)
class Row:
    """The outcome of one input in one state. ``address``: None leaves ``Hold.address`` as it is."""

    next: State
    why: str
    order: Order = Order.NOTHING
    address: bool | None = None


_S, _A, _G, _O = State, Ask, Stage, Order

TABLE: dict[tuple[State, Input], Row] = {
    # nothing here
    (_S.IDLE, _G.FOUND): Row(_S.FOUND, "a crash left the addresses here", address=True),
    (_S.IDLE, _A.WANT): Row(_S.WANTING, "nobody holds it and this node is next"),
    (_S.IDLE, _A.TAKE): Row(_S.TAKING, "no live peer could object, or its holder hands it over", _O.START),
    (_S.IDLE, _G.ADDRESSES_UP): Row(_S.RELEASING, "nobody asked for it: take it down", _O.STOP, True),
    # leftover
    (_S.FOUND, _A.TAKE): Row(_S.TAKING, "nobody else holds it: adopt what is here", _O.START),
    (_S.FOUND, _A.RELEASE): Row(_S.RELEASING, "a peer holds it: sweep what is here", _O.STOP),
    # claimed
    (_S.WANTING, _A.TAKE): Row(_S.TAKING, "every live peer has seen the claim", _O.START),
    (_S.WANTING, _A.WITHDRAW): Row(_S.IDLE, "another node's claim goes first"),
    # coming up
    (_S.TAKING, _G.ADDRESSES_UP): Row(_S.TAKING, "addresses are announced, services follow", address=True),
    (_S.TAKING, _G.STARTED): Row(_S.HELD, "everything runs", address=True),
    (_S.TAKING, _G.START_FAILED): Row(_S.FAILED, "would not start, stopped again", address=False),
    (_S.TAKING, _G.STOP_FAILED): Row(_S.STUCK, "would not start, nor stop again", address=True),
    (_S.TAKING, _G.ADDRESS_LOST): Row(_S.TAKING, "somebody removed an address: put it back", _O.START),
    (_S.TAKING, _A.RELEASE): Row(_S.RELEASING, "another node holds it, or we leave", _O.STOP),
    # held
    (_S.HELD, _A.GIVE): Row(_S.GIVING, "planned move: services stop first, addresses stay", _O.STOP_SERVICES),
    (_S.HELD, _A.TAKE): Row(_S.TAKING, "its definition changed: start what is new", _O.START),
    (_S.HELD, _A.RELEASE): Row(_S.RELEASING, "another node holds it, or we leave", _O.STOP),
    (_S.HELD, _G.ADDRESS_LOST): Row(_S.TAKING, "somebody removed an address: put it back", _O.START),
    (_S.HELD, _G.START_FAILED): Row(_S.FAILED, "a resource died and would not come back", address=False),
    (_S.HELD, _G.STOP_FAILED): Row(_S.STUCK, "a resource died and its rest would not stop"),
    # planned move
    (_S.GIVING, _G.SERVICES_STOPPED): Row(_S.GIVING, "the target may take the addresses now"),
    (_S.GIVING, _A.RECLAIM): Row(_S.TAKING, "the target is gone or will not: keep it", _O.START),
    (_S.GIVING, _A.RELEASE): Row(_S.RELEASING, "the target has the addresses, or we cannot wait", _O.STOP),
    (_S.GIVING, _G.STOP_FAILED): Row(_S.STUCK, "its services would not stop: it stays here"),
    (_S.GIVING, _G.STOPPED): Row(_S.IDLE, "nothing of it is left", address=False),
    (_S.GIVING, _G.START_FAILED): Row(_S.FAILED, "it died while being given", address=False),
    # going down
    (_S.RELEASING, _G.STOPPED): Row(_S.IDLE, "nothing of it is left", address=False),
    (_S.RELEASING, _G.STOP_FAILED): Row(_S.STUCK, "would not stop", address=True),
    # would not start
    (_S.FAILED, _A.TAKE): Row(_S.TAKING, "the operator, or the last resort: try again", _O.START),
    (_S.FAILED, _A.FORGIVE): Row(_S.IDLE, "the failure is old, or the operator cleared it"),
    (_S.FAILED, _G.ADDRESSES_UP): Row(_S.RELEASING, "nobody asked for it: take it down", _O.STOP, True),
    # would not stop
    (_S.STUCK, _A.RELEASE): Row(_S.RELEASING, "try to stop it once more", _O.STOP),
    (_S.STUCK, _A.RECLAIM): Row(_S.TAKING, "the operator wants it up here", _O.START),
    (_S.STUCK, _G.STOPPED): Row(_S.IDLE, "it stopped after all", address=False),
}

#: States in which this node counts as the group's holder.
HOLDING = frozenset({State.TAKING, State.HELD, State.GIVING, State.STUCK})

_WITHOUT_ADDRESS = frozenset({State.IDLE, State.WANTING, State.FAILED})
_WITH_ADDRESS = frozenset({State.FOUND, State.HELD, State.GIVING, State.STUCK})


@dataclass
class Hold:
    """The row of one group in the table of this node. ``to``: the target while giving."""

    key: str
    state: State = State.IDLE
    address: bool = False
    services_stopped: bool = False
    to: str | None = None
    since_ns: int = 0
    why: str = ""

    def holding(self) -> bool:
        """Does this node count as the holder?"""
        return self.state in HOLDING


class Ownership:
    """The table of this node: every configured group, and vanished ones until they are down."""

    def __init__(self, groups: Iterable[Group], now: int) -> None:
        self.groups: dict[str, Group] = {}
        self.holds: dict[str, Hold] = {}
        self.reconfigure(groups, now)

    def __getitem__(self, key: str) -> Hold:
        return self.holds[key]

    def __contains__(self, key: str) -> bool:
        return key in self.holds

    def configured(self) -> tuple[str, ...]:
        """Keys of the configured groups, in file order."""
        return tuple(self.groups)

    def held(self) -> tuple[str, ...]:
        """Keys of the groups this node holds (coming up, up, being given, stuck), in table order."""
        return tuple(key for key, hold in self.holds.items() if hold.holding())

    def present(self) -> tuple[str, ...]:
        """Keys of which something is, or may be, on this machine."""
        return tuple(key for key, hold in self.holds.items() if hold.state not in _WITHOUT_ADDRESS)

    def reconfigure(self, groups: Iterable[Group], now: int) -> tuple[str, ...]:
        """Take in a new list of groups; returns the keys that vanished but still have something here."""
        self.groups = {group.key: group for group in groups}
        for key in self.groups:
            self.holds.setdefault(key, Hold(key, since_ns=now))
        self._forget()
        return tuple(key for key in self.holds if key not in self.groups)

    def apply(self, key: str, what: Input, now: int, to: str | None = None) -> Order | None:
        """Put one input through the table. None: this input means nothing in this state, nothing changed."""
        hold = self.holds.get(key)
        if hold is None:
            return None
        row = TABLE.get((hold.state, what))
        if row is None:
            return None
        if what is Ask.RECLAIM and hold.state is State.GIVING and not hold.services_stopped:
            return None  # one operation at a time: the stop must end before a start
        if hold.state is not row.next:
            hold.since_ns = now
        hold.state, hold.why = row.next, row.why
        if row.address is not None:
            hold.address = row.address
        order = row.order
        hold.to = (to or hold.to) if row.next is State.GIVING else None
        if row.next is not State.GIVING:
            hold.services_stopped = False
        elif what is Stage.SERVICES_STOPPED:
            hold.services_stopped = True
        elif what is Ask.GIVE and key in self.groups and not self.groups[key].services():
            hold.services_stopped, order = True, Order.NOTHING
        self._forget()
        self.check_invariants()
        return order

    def check_invariants(self) -> None:
        """What must be true between any two events; an AssertionError is a defect of this program."""
        for hold in self.holds.values():
            if hold.state in _WITHOUT_ADDRESS:
                ensure(not hold.address, f"{hold.key}: {hold.state.value} with an address")
            if hold.state in _WITH_ADDRESS:
                ensure(hold.address, f"{hold.key}: {hold.state.value} without an address")
            giving = hold.state is State.GIVING
            ensure((hold.to is not None) is giving, f"{hold.key}: a target while {hold.state.value}")
            ensure(giving or not hold.services_stopped, f"{hold.key}: offered while {hold.state.value}")

    def _forget(self) -> None:
        """Drop vanished groups of which nothing is left here."""
        for key in [k for k, h in self.holds.items() if k not in self.groups and h.state in _WITHOUT_ADDRESS]:
            del self.holds[key]
