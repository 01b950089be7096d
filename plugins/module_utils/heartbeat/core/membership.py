# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is alive: peers, their links, and ping nodes, judged by deadlines.

Invariant: a peer is dead exactly when its deadline passed without a processed ``status`` and none came since.
The dead time of a peer is the ``dt`` of its own status messages; before the first of them it is initdead, counted
from our start. Silence is measured from the last processed status; any authentic packet keeps a link up.
Source: Linux-HA heartbeat 3.0.6, node status (behaviour, as measured). Difference: deadlines instead of a 250 ms poll.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..settings.model import Settings
from .clock import MS, earliest
from .dialect import Speech

INIT, UP, ACTIVE, DEAD, PING = "init", "up", "active", "dead", "ping"

#: Statuses a peer may announce (``dead`` is only ever concluded, or said by ``shutdone``).
ANNOUNCED = frozenset({INIT, UP, ACTIVE})


@dataclass
class Link:
    """One (peer, device) pair."""

    up: bool = False
    last_ns: int = 0


@dataclass
class Peer:
    """What we know about a configured node other than ourselves."""

    name: str
    dt_ns: int
    base_ns: int  # silence counts from here: our start, the last status, or our own waking up
    status: str = INIT
    speech: Speech = Speech.UNKNOWN
    last_status_ns: int | None = None
    alive_since_ns: int = 0
    active_since_ns: int = 0
    deaths: list[int] = field(default_factory=list)  # when it fell silent, newest last; bounded
    goodbye: bool = False  # it said shutdone: its silence is no surprise
    links: dict[str, Link] = field(default_factory=dict)

    def alive(self) -> bool:
        """Heard, and neither silent nor gone since."""
        return self.last_status_ns is not None and self.status != DEAD

    def pending(self) -> bool:
        """Never heard and not yet given up: the start-up waits for it."""
        return self.last_status_ns is None and self.status != DEAD

    def deadline(self) -> int | None:
        """When its silence becomes death (ns); None once it is dead."""
        return None if self.status == DEAD else self.base_ns + self.dt_ns


@dataclass
class Ping:
    """A ping node or ping group."""

    name: str
    base_ns: int
    limit_ns: int
    status: str = INIT

    def deadline(self) -> int | None:
        """When its silence becomes death (ns); None once it is dead."""
        return None if self.status == DEAD else self.base_ns + self.limit_ns


@dataclass(frozen=True)
class Judged:
    """What a look at the clock found: names, and (peer, link) pairs, that have just died."""

    peers: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    pings: tuple[str, ...] = ()


MAX_DEATHS = 16


class Membership:
    """All configured nodes but ourselves."""

    def __init__(self, name: str, settings: Settings, now: int) -> None:
        self.name = name
        self.settings = settings
        self.started_ns = now
        self.peers: dict[str, Peer] = {}
        self.pings: dict[str, Ping] = {}
        self._member_of: dict[str, str] = {}
        self.reconfigure(settings, now)

    def reconfigure(self, settings: Settings, now: int) -> None:
        """Take in a new ha.cf: kept nodes keep their state, new ones get initdead to be heard."""
        self.settings = settings
        self.peers = {
            node: self.peers.get(node) or Peer(node, settings.initdead_ms * MS, now)
            for node in settings.nodes
            if node != self.name
        }
        self.pings = {
            ping.name: self.pings.get(ping.name) or Ping(ping.name, now, settings.initdead_ms * MS)
            for ping in settings.pings
        }
        self._member_of = {member: ping.name for ping in settings.pings for member in (ping.name, *ping.members)}

    # --- questions ----------------------------------------------------------------------------------------

    def alive(self) -> tuple[Peer, ...]:
        """Live peers in configuration order."""
        return tuple(peer for peer in self.peers.values() if peer.alive())

    def complete(self) -> bool:
        """Has everybody, ping nodes included, been heard or given up (start-up step 2)?"""
        return not any(peer.pending() for peer in self.peers.values()) and all(
            ping.status != INIT for ping in self.pings.values()
        )

    def pings_up(self) -> int:
        """How many ping nodes answer."""
        return sum(ping.status == PING for ping in self.pings.values())

    def rank(self, node: str) -> int:
        """Position in the ``node`` lines; unknown nodes come last."""
        nodes = self.settings.nodes
        return nodes.index(node) if node in nodes else len(nodes)

    def next_deadline(self) -> int | None:
        """When the next peer, link or ping node may have to be given up (ns)."""
        moments: list[int | None] = [ping.deadline() for ping in self.pings.values()]
        for peer in self.peers.values():
            moments.append(peer.deadline())
            moments.extend(link.last_ns + peer.dt_ns for link in peer.links.values() if link.up)
        return earliest(moments)

    def deadtime_ns(self) -> int:
        """The shortest dead time in force among live peers, at most our own (ns)."""
        own = self.settings.deadtime_ms * MS
        return min([own] + [peer.dt_ns for peer in self.alive()])

    # --- what happens -------------------------------------------------------------------------------------

    def packet(self, name: str, link: str, now: int) -> bool:
        """An authentic packet came through ``link``. True: that link just came up."""
        peer = self.peers.get(name)
        if peer is None:
            return False
        seen = peer.links.setdefault(link, Link())
        came_up, seen.up, seen.last_ns = not seen.up, True, now
        return came_up

    def status(self, name: str, status: str, dt_ms: int | None, now: int, restarted: bool) -> tuple[str, int]:
        """A peer's status was processed. Returns its status before, and the silence that ended (ns, 0 if no matter)."""
        peer = self.peers[name]
        before, silence = peer.status, now - peer.base_ns
        if restarted or not peer.alive():
            peer.alive_since_ns, peer.goodbye, silence = now, False, 0
        if status == ACTIVE and (restarted or before != ACTIVE):
            peer.active_since_ns = now
        peer.status, peer.last_status_ns, peer.base_ns = status, now, now
        peer.dt_ns = (self.settings.deadtime_ms if dt_ms is None else dt_ms) * MS
        return before, silence

    def answered(self, name: str, now: int) -> bool:
        """A ping node, or a member of a ping group, answered. True: it was not known to be up."""
        ping = self.pings.get(self._member_of.get(name, name))
        if ping is None:
            return False
        before, ping.status, ping.base_ns = ping.status, PING, now
        ping.limit_ns = self.settings.deadping_ms * MS
        return before != PING

    def judge(self, now: int) -> Judged:
        """Look at the clock: who has been silent for too long?"""
        peers, links, pings = [], [], []
        for peer in self.peers.values():
            for device, link in peer.links.items():
                if link.up and link.last_ns + peer.dt_ns <= now:
                    link.up = False
                    links.append((peer.name, device))
            deadline = peer.deadline()
            if deadline is not None and deadline <= now:
                peer.status = DEAD
                if peer.last_status_ns is not None and not peer.goodbye:
                    peer.deaths = [*peer.deaths, now][-MAX_DEATHS:]
                peers.append(peer.name)
        for ping in self.pings.values():
            deadline = ping.deadline()
            if deadline is not None and deadline <= now:
                ping.status = DEAD
                pings.append(ping.name)
        return Judged(tuple(peers), tuple(links), tuple(pings))

    def restart_clocks(self, now: int) -> None:
        """We were not run: everybody's silence counts from now, because we could not have heard them."""
        for peer in self.peers.values():
            peer.base_ns = peer.alive_since_ns = now
            for link in peer.links.values():
                link.last_ns = now
        for ping in self.pings.values():
            ping.base_ns = now
