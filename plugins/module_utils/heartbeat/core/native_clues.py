# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time and memory behind the native decisions: since when something has been so, and when it becomes due.

Every question that is not due yet leaves its moment behind, so that the earliest of them can be armed as a timer.
"""

from __future__ import annotations

from ..settings.model import Failback
from .arbitration import Party
from .clock import MS, SECOND, earliest
from .desk import Desk
from .events import GroupReport, Stage
from .gossip import Letter
from .membership import Peer
from .ownership import State
from .reconcile import Act, Clues, Decision

#: Leftover addresses are adopted or removed within this time of our start, whoever was or was not heard.
ADOPT_NS = SECOND
#: How long the target of an offer may take to begin, at least; a shutdown waits no longer than the second value.
OFFER_NS = SECOND
OFFER_LEAVING_NS = 800 * MS
#: How long a shutdown waits for a target that has begun, and for services that are still starting.
LEAVE_NS = 10 * SECOND
#: A failed start is tried again when nobody else is able; a failed stop when somebody else needs it.
FORGIVE_NS = 30 * SECOND
STUCK_NS = 10 * SECOND
#: A group that would not stop is not moved for convenience (failback, ping nodes) for this long.
SORE_NS = 600 * SECOND
#: While the cluster starts, a group nobody has ever held waits for its preferred node to become active, no longer
#: than this.
COLD_NS = 10 * SECOND
#: A peer that fell silent lately must be back for longer before a group returns to it: doubled by each silence.
DAMPING_WINDOW_NS = 600 * SECOND
DAMPING_MAX_NS = 300 * SECOND
#: A peer that does not list us as heard is called deaf after so many keepalives since it came (back) to life.
DEAF_KEEPALIVES = 3
#: Differences of ping nodes must last for so many keepalives (as ipfail's delay).
PING_KEEPALIVES = 2
#: So many addresses removed by somebody else within the window, and the group counts as unable to run here.
LOSSES = 3
LOSSES_WINDOW_NS = 60 * SECOND


class ClueKeeper:
    """One per native dialect; ``desk.now`` is the time of every question."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._moments: list[int] = []
        self._since: dict[tuple[str, str], int] = {}
        self._orphans: dict[str, tuple[str, str]] = {}
        self._losses: dict[str, list[int]] = {}
        self._stop_failed: dict[str, int] = {}
        self._leaving_since: int | None = None
        self._stop_tried: set[str] = set()

    # --- what happens -------------------------------------------------------------------------------------

    def begin(self) -> None:
        """A new round of questions."""
        self._moments = []

    def leaving(self) -> None:
        """A shutdown has begun."""
        if self._leaving_since is None:
            self._leaving_since = self._desk.now
            self._stop_tried.clear()

    def orphaned(self, key: str, peer: str, code: str) -> None:
        """The holder of a group is gone."""
        self._orphans[key] = (peer, code)

    def reported(self, report: GroupReport) -> None:
        """Addresses that others keep removing count."""
        if report.stage is Stage.ADDRESS_LOST:
            self._losses[report.key] = [*self._losses.get(report.key, []), self._desk.now][-LOSSES:]
        if report.stage is Stage.STOP_FAILED:
            self._stop_failed[report.key] = self._desk.now

    def decided(self, key: str, decision: Decision) -> None:
        """A failed stop is retried once per shutdown, and not faster than its pause otherwise."""
        if decision.act is Act.RELEASE and decision.code == "stop-again":
            self._stop_tried.add(key)

    def forget(self, key: str) -> None:
        """The group is no longer configured."""
        self._orphans.pop(key, None)
        self._losses.pop(key, None)
        self._stop_failed.pop(key, None)
        self._stop_tried.discard(key)
        self._since = {(what, k): at for (what, k), at in self._since.items() if k != key}

    # --- questions ----------------------------------------------------------------------------------------

    def next_moment(self) -> int | None:
        """The earliest moment at which an answer of this round would change (ns)."""
        return earliest(self._moments)

    def stop_tried(self, key: str) -> bool:
        """Has a failed stop been tried again in this shutdown?"""
        return key in self._stop_tried

    def deaf(self, peer: Peer, lists_us: bool) -> bool:
        """A live peer does not list us among those it hears, and has had time to hear us."""
        if lists_us:
            return False
        return self._due(peer.alive_since_ns + DEAF_KEEPALIVES * self._keepalive())

    def settled(self, peer: Peer) -> bool:
        """Has the peer been active for long enough that a group may return to it without need?"""
        now, dead = self._desk.now, max(peer.dt_ns, SECOND)
        lately = sum(at > now - DAMPING_WINDOW_NS for at in peer.deaths)
        needed = min(dead << (lately - 1), DAMPING_MAX_NS) if lately else PING_KEEPALIVES * self._keepalive()
        return self._due(peer.active_since_ns + needed)

    def battered(self, key: str) -> bool:
        """Is somebody removing this group's addresses again and again?"""
        losses = [at for at in self._losses.get(key, []) if at > self._desk.now - LOSSES_WINDOW_NS]
        if len(losses) < LOSSES:
            return False
        self._due(losses[0] + LOSSES_WINDOW_NS)
        return True

    def read(self, key: str, me: Party, others: tuple[Party, ...], ever_claimed: bool) -> Clues:
        """All clues about one group."""
        hold, keepalive = self._desk.hold(key), self._keepalive()
        settings = self._desk.configuration.settings
        held = me.holds() or any(party.holds() for party in others)
        if held:
            self._orphans.pop(key, None)
        origin, code = self._orphans.get(key, (None, "nobody-holds"))
        letter, leaving = me.entry.letter, self._leaving_since
        offered = self._lasting("offered", key, letter is Letter.OFFERED)
        fewer = self._lasting("fewer-pings", key, letter is Letter.HELD and any(p.pings > me.pings for p in others))
        nobody = self._lasting("nobody", key, not held and letter is Letter.IDLE and me.able())
        cold = not ever_claimed and origin is None and any(not party.active for party in others)
        waiting = self._lasting("cold", key, cold and nobody is not None)
        patience = max(2 * settings.deadtime_ms * MS, 2 * SECOND) + me.rank * keepalive
        deadtime = settings.deadtime_ms * MS
        return Clues(
            adopt_due=letter is Letter.FOUND and self._adopt_due(others),
            offer_due=self._passed(offered, OFFER_LEAVING_NS if leaving is not None else max(OFFER_NS, deadtime)),
            leave_due=self._leave_due(letter, offered),
            ping_due=self._passed(fewer, PING_KEEPALIVES * keepalive),
            forgive_due=hold.state is State.FAILED and self._due(hold.since_ns + FORGIVE_NS),
            stuck_due=hold.state is State.STUCK and self._stuck_due(key, hold.since_ns),
            wait_cold=waiting is not None and not self._due(waiting + COLD_NS),
            sore=key in self._stop_failed and not self._due(self._stop_failed[key] + SORE_NS),
            failback=settings.auto_failback is not Failback.OFF,
            patience_over=self._passed(nobody, patience),
            code=code,
            origin=origin,
        )

    # --- inside -------------------------------------------------------------------------------------------

    def _adopt_due(self, others: tuple[Party, ...]) -> bool:
        pending = any(peer.pending() for peer in self._desk.membership.peers.values())
        if not pending and all(party.echoed or party.deaf for party in others):
            return True
        return self._due(self._desk.started_ns + ADOPT_NS)

    def _leave_due(self, letter: Letter, offered: int | None) -> bool:
        if self._leaving_since is None:
            return False
        if letter is Letter.OFFERED:
            return self._passed(offered, LEAVE_NS)
        return letter in (Letter.TAKING, Letter.ANNOUNCED) and self._due(self._leaving_since + LEAVE_NS)

    def _stuck_due(self, key: str, since_ns: int) -> bool:
        if self._leaving_since is not None:
            return key not in self._stop_tried
        return self._due(since_ns + STUCK_NS)

    def _lasting(self, what: str, key: str, true_now: bool) -> int | None:
        """Since when (ns) this has been true without a break; None when it is not."""
        if not true_now:
            self._since.pop((what, key), None)
            return None
        return self._since.setdefault((what, key), self._desk.now)

    def _passed(self, since: int | None, span_ns: int) -> bool:
        return since is not None and self._due(since + span_ns)

    def _due(self, at: int) -> bool:
        if self._desk.now >= at:
            return True
        self._moments.append(at)
        return False

    def _keepalive(self) -> int:
        return self._desk.configuration.settings.keepalive_ms * MS
