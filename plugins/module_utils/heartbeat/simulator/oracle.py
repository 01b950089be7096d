# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be true of a cluster at every instant, and what must become true once it is left in peace.

Safety. Two nodes that hear each other do not both keep a group: once each of them has taken in a status that the
other sent while both had the addresses, one of them has to be letting go within a bound. (Addresses on both are right
for the moment in which a taker has announced and the giver has not heard of it, and unavoidable between nodes that do
not hear each other or do not run.) When only one of the two hears the other, that one has to let go, once the deaf
one has had time to declare it dead.

Announcements come only from a node that is taking or holding.

Liveness. When everything works again, every group has exactly one holder within a bound that is computed from the
configuration, no machine is left with an address it should not have, and every command has exactly one answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..core.clock import MS, SECOND
from ..core.native_clues import ADOPT_NS, COLD_NS, DEAF_KEEPALIVES, FORGIVE_NS, LEAVE_NS, STUCK_NS
from ..core.native_errands import ANSWER_NS
from ..core.ownership import State
from ..settings.model import Settings
from .machine import Machine
from .world import Watcher, World

#: Holding in the sense of the safety rule: not on the way out.
_KEEPING = (State.FOUND, State.TAKING, State.HELD, State.GIVING)


class Violation(AssertionError):
    """The cluster did what it must never do."""


@dataclass
class _Overlap:
    """Two machines have a group's addresses since ``since_ns``; when each first and last heard the other say so."""

    since_ns: int
    first_heard: dict[str, int] = field(default_factory=dict)
    last_heard: dict[str, int] = field(default_factory=dict)


def safety_bound_ns(settings: Settings) -> int:
    """How long both may go on after each has heard the other: the time in which a deaf peer is told from a late one."""
    return (DEAF_KEEPALIVES + 1) * settings.keepalive_ms * MS


def one_way_bound_ns(settings: Settings) -> int:
    """How long the one that hears may go on: until the deaf one must have declared it dead, and has said so."""
    return settings.deadtime_ms * MS + (DEAF_KEEPALIVES + 2) * settings.keepalive_ms * MS


def liveness_bound_ns(settings: Settings) -> int:
    """From the end of all faults to one holder per group: operators' last wishes, daemons that were just ending and
    restarted, a start with everybody's initdead, leftovers, and the pauses after failed starts and stops."""
    restart = 2 * LEAVE_NS + SECOND
    start = settings.initdead_ms * MS + COLD_NS + ADOPT_NS
    repair = FORGIVE_NS + STUCK_NS
    return restart + start + repair + 4 * settings.deadtime_ms * MS + 20 * settings.keepalive_ms * MS


class Oracle(Watcher):
    """Watches a world and raises :class:`Violation`. ``lossless_from``: from this moment on no group may be without
    an address anywhere."""

    def __init__(self, settings: Settings, *, lossless_from: int | None = None) -> None:
        self._settings = settings
        self._overlaps: dict[tuple[str, str, str], _Overlap] = {}
        self.lossless_from = lossless_from
        self.holes: dict[str, int] = {}  # key -> longest time without any address (ns), from lossless_from on
        self._gone_since: dict[str, int] = {}
        self.moves: dict[str, list[str]] = {}  # key -> machines, in the order in which they announced it

    # --- at every instant ---------------------------------------------------------------------------------

    def after(self, world: World) -> None:
        """Safety, and holes."""
        for group in world.configuration.groups:
            holders = world.holders(group.key)
            self._watch_hole(world, group.key, holders)
            if len(holders) > 1 or self._overlaps:
                self._watch_overlaps(world, group.key, holders)

    def heard(self, world: World, receiver: str, sender: str, sent_ns: int) -> None:
        """Who has heard whom while both had the addresses?"""
        for (_key, left, right), overlap in self._overlaps.items():
            if {left, right} == {receiver, sender} and sent_ns >= overlap.since_ns:
                overlap.first_heard.setdefault(receiver, world.now)
                overlap.last_heard[receiver] = world.now

    def announced(self, world: World, machine: Machine, key: str) -> None:
        """Only who takes or holds may announce."""
        state = _state(machine, key)
        if state not in (State.TAKING, State.HELD):
            raise Violation(f"{machine.name} announces {key} while {state.value if state else 'no daemon runs'}")
        moves = self.moves.setdefault(key, [])
        if not moves or moves[-1] != machine.name:
            moves.append(machine.name)

    def interrupted(self, world: World, machine: str) -> None:
        """A life ended or began: what was heard before does not count for the new one."""
        for place in [place for place in self._overlaps if machine in place[1:]]:
            del self._overlaps[place]

    def _watch_hole(self, world: World, key: str, holders: tuple[str, ...]) -> None:
        if self.lossless_from is None or world.now < self.lossless_from:
            return
        if holders:
            since = self._gone_since.pop(key, None)
            if since is not None:
                self.holes[key] = max(self.holes.get(key, 0), world.now - since)
        else:
            self._gone_since.setdefault(key, world.now)

    def _watch_overlaps(self, world: World, key: str, holders: tuple[str, ...]) -> None:
        pairs = {(key, left, right) for left in holders for right in holders if left < right}
        for place in [place for place in self._overlaps if place[0] == key and place not in pairs]:
            del self._overlaps[place]
        for place in pairs:
            machines = [world.machines[name] for name in place[1:]]
            if not all(machine.running() and _state(machine, key) in _KEEPING for machine in machines):
                self._overlaps.pop(place, None)
                continue
            overlap = self._overlaps.setdefault(place, _Overlap(world.now))
            self._judge(world, place, overlap)

    def _judge(self, world: World, place: tuple[str, str, str], overlap: _Overlap) -> None:
        key, left, right = place
        if len(overlap.first_heard) == 2:
            known = max(overlap.first_heard.values())
            if world.now > known + safety_bound_ns(self._settings):
                raise Violation(f"{left} and {right} hear each other and both keep {key}")
        for name in overlap.first_heard:
            still_hears = world.now <= overlap.last_heard[name] + 2 * self._settings.keepalive_ms * MS
            if still_hears and world.now > overlap.first_heard[name] + one_way_bound_ns(self._settings):
                raise Violation(f"{name} hears that both {left} and {right} keep {key}, and does not let go")

    # --- at the end ---------------------------------------------------------------------------------------

    def unsettled(self, world: World) -> list[str]:
        """What is wrong with the groups, now that the cluster has been left in peace."""
        found: list[str] = []
        for group in world.configuration.groups:
            holders = world.holders(group.key)
            if len(holders) != 1:
                found.append(f"{group.key} has {len(holders)} holders in the end: {', '.join(holders) or 'none'}")
                continue
            machine = world.machines[holders[0]]
            state = _state(machine, group.key)
            if state is not State.HELD:
                found.append(f"{group.key} is {state.value if state else 'unattended'} on {machine.name} in the end")
            elif machine.has_services(group.key) and group.key not in machine.services:
                found.append(f"{group.key}: the services do not run on {machine.name} in the end")
        return found

    def troubles(self, world: World) -> list[str]:
        """Everything that must not be so in the end."""
        found = self.unsettled(world)
        for asked in world.asked:
            what = f"{asked.command.verb.value} {asked.command.scope}"
            if len(asked.answers) > 1:
                found.append(f"{asked.machine} answered {what} {len(asked.answers)} times")
            if not asked.answers and not asked.orphaned:
                found.append(f"{asked.machine} never answered {what}")
        holes = dict(self.holes)
        for key, since in self._gone_since.items():
            holes[key] = max(holes.get(key, 0), world.now - since)
        found += [f"{key} was without an address for {hole} ns in planned moves" for key, hole in holes.items()]
        return found


def _state(machine: Machine, key: str) -> State | None:
    return machine.node.state_of(key) if machine.node is not None else None


#: An answer may come this late; a run that checks answers must last as long.
ANSWERS_NS = ANSWER_NS
