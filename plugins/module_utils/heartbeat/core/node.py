# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node of the cluster: events in, effects out. Total, deterministic, without side effects.

Invariant: the effects of a run depend on nothing but the constructor's arguments and the sequence of (event, now).
For one event: it is taken in, deadlines are looked at, the start-up sequence moves on, the steering dialect
reconciles, the keepalive goes out.

Source of the start-up sequence: Linux-HA heartbeat 3.0.6, as measured (status init, up; everybody heard or dead;
reqnodes; active).
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from typing import Any, Callable

from ..settings.model import Configuration
from .clock import MS, earliest, to_ms
from .desk import Desk
from .effects import BecameActive, Effects, Level, PeerStatusChanged
from .events import (
    CarrierChanged,
    Command,
    Event,
    GroupReport,
    Heard,
    LinkAlive,
    PingAnswered,
    Reloaded,
    Stage,
    Woke,
)
from .invariant import ensure
from .membership import ACTIVE, ANNOUNCED, DEAD, INIT, PING, UP
from .ownership import State
from .snapshot import snapshot
from .startup import StartUp
from .steering import choose_dialect, learn_speech, steer, steering

_DT = re.compile("[0-9a-fA-F]{1,10}")

_STAGES: dict[Stage, tuple[Level, str]] = {
    Stage.FOUND: (Level.NOTICE, "group-found"),
    Stage.ADDRESSES_UP: (Level.NOTICE, "group-up"),
    Stage.STARTED: (Level.INFO, "group-started"),
    Stage.START_FAILED: (Level.ERROR, "group-start-failed"),
    Stage.SERVICES_STOPPED: (Level.INFO, "group-services-stopped"),
    Stage.STOPPED: (Level.NOTICE, "group-stopped"),
    Stage.STOP_FAILED: (Level.CRITICAL, "group-stop-failed"),
    Stage.ADDRESS_LOST: (Level.WARNING, "group-address-lost"),
}


class Node:
    """The decisions of one node. ``found``: keys of groups whose addresses are on this machine already; ``now``: ns."""

    def __init__(
        self, name: str, configuration: Configuration, *, found: AbstractSet[str] = frozenset(), now: int
    ) -> None:
        ensure(name in configuration.settings.nodes, f"{name} is not among the configured nodes")
        self.name = name
        self._desk = Desk(name, configuration, now)
        self._desk.report_status = self._send_status
        self._next_status = now
        self._startup = StartUp(self._desk)
        self._promised = now
        self._handlers = self._ways_in()
        for key in sorted(found):
            self._desk.table.apply(key, Stage.FOUND, now)
        self._dialect = choose_dialect(steering(self._desk), self._desk)

    # --- the way in ---------------------------------------------------------------------------------------

    def start(self, now: int) -> Effects:
        """Announce ourselves: ``status init`` and ``status up``, both at once."""
        desk = self._desk
        ensure(desk.status == INIT, "started twice")
        desk.now = now
        for key in desk.table.present():
            desk.log(Level.NOTICE, "group-found", group=key)
        desk.log(Level.INFO, "dialect", dialect=self._dialect.name)
        self._send_status()
        self._set_status(UP)
        return self._finish()

    def handle(self, event: Event, now: int) -> Effects:
        """Take in one event at ``now`` (ns, never smaller than before); returns what is to be done, in order."""
        desk = self._desk
        ensure(now >= desk.now, "time runs backwards")
        desk.now, desk.still = now, False
        if not isinstance(event, Woke):
            self._notice_lateness()
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)
        if desk.still and not desk.has_effects() and now < self._promised:
            self._promised = self.next_deadline() or desk.now
            return ()
        return self._finish()

    def next_deadline(self) -> int | None:
        """When :class:`~.events.Tick` is wanted at the latest (ns)."""
        return earliest(
            (
                self._next_status,
                self._startup.next_deadline(),
                self._desk.membership.next_deadline(),
                self._desk.next_timer(),
            )
        )

    # --- what others may ask ------------------------------------------------------------------------------

    def statuses(self) -> dict[str, str]:
        """Status of every configured node, ourselves and ping nodes included."""
        membership = self._desk.membership
        known = {peer.name: peer.status for peer in membership.peers.values()}
        known.update({ping.name: ping.status for ping in membership.pings.values()})
        return {self.name: self._desk.status, **known}

    def state_of(self, key: str) -> State | None:
        """What this node is doing with a group; None when it knows no such group."""
        return self._desk.hold(key).state if key in self._desk.table else None

    def ready(self) -> bool:
        """Is the start-up over, and no shutdown under way?"""
        return self._desk.status == ACTIVE and not self._dialect.leaving()

    def announces(self, key: str) -> bool:
        """May the host repeat this group's announcements? Not while it is being given, nor in the silence after a
        pause."""
        desk = self._desk
        return key in desk.table and desk.hold(key).state in (State.TAKING, State.HELD) and not desk.hushed()

    def snapshot(self, now: int) -> dict[str, object]:
        """The status report, without what only the host knows (pid, generation, counters, warnings)."""
        return snapshot(self._desk, self._dialect, max(now, self._desk.now))

    def check_invariants(self) -> None:
        """AssertionError: a defect of this program."""
        desk = self._desk
        desk.table.check_invariants()
        ensure(desk.name not in desk.membership.peers, "we are our own peer")
        for peer in desk.membership.peers.values():
            ensure(peer.dt_ns >= 0, f"{peer.name}: negative dead time")
            ensure(peer.status in ANNOUNCED or peer.status == DEAD, f"{peer.name} is {peer.status}")

    def _ways_in(self) -> dict[type, Callable[[Any], None]]:
        """Who takes in which event; a Tick has nobody, because every event is followed by a look at the clock."""
        return {
            Heard: self._heard,
            LinkAlive: self._link_alive,
            PingAnswered: self._ping_answered,
            CarrierChanged: self._carrier,
            GroupReport: self._report,
            Command: self._command,
            Reloaded: self._reloaded,
            Woke: self._woke,
        }

    # --- one event ----------------------------------------------------------------------------------------

    def _finish(self) -> Effects:
        desk = self._desk
        self._judge()
        for name in desk.due():
            self._dialect.timer(name)
        self._progress()
        self._dialect.settle()
        if desk.now >= self._next_status:
            self._send_status()
        self.check_invariants()
        self._promised = self.next_deadline() or desk.now
        return desk.collect()

    def _notice_lateness(self) -> None:
        """A deadline passed long ago and nobody called: we were not run, even if nobody noticed."""
        late = self._desk.now - self._promised
        if late > self._desk.membership.deadtime_ns() // 2:
            self._woke(Woke(to_ms(late)))

    def _heard(self, event: Heard) -> None:
        desk, message = self._desk, event.message
        peer = desk.membership.peers.get(event.peer)
        if peer is None:
            return
        self._link(event.peer, event.link)
        desk.still = False
        if message.kind == "status":
            self._heard_status(event)
        elif not event.for_us:
            return
        elif message.kind == "reqnodes":
            names = "".join(f"{name} " for name in desk.configuration.settings.nodes)
            desk.send(("dest", event.peer), ("t", "repnodes"), ("nodelist", names), ("delnodelist", " "))
        elif message.kind == "repnodes":
            self._startup.answered()
        else:
            if message.kind == "shutdone":
                peer.goodbye = True
                desk.log(Level.NOTICE, "peer-left", peer=event.peer)
            self._dialect.heard(event.peer, message)

    def _heard_status(self, event: Heard) -> None:
        desk, message, name = self._desk, event.message, event.peer
        peer = desk.membership.peers[name]
        status = message.get("st")
        if status not in ANNOUNCED:
            return
        first, was_dead = peer.last_status_ns is None, peer.status == DEAD
        before, silence = desk.membership.status(name, status, _hex(message.get("dt")), desk.now, event.restarted)
        if learn_speech(desk, name, message):
            self._dialect = steer(desk, self._dialect)
        if event.restarted or was_dead:
            if not first:
                desk.log(Level.NOTICE, "peer-restarted" if event.restarted else "peer-returned", peer=name)
            after_partition = event.after_partition or (was_dead and not event.restarted and not first)
            self._dialect.peer_returned(name, restarted=event.restarted, after_partition=after_partition)
        if silence > desk.configuration.settings.warntime_ms * MS:
            desk.log(Level.WARNING, "late-heartbeat", peer=name, silence_ms=str(to_ms(silence)))
        if first or before != status:
            self._peer_changed(name, before, status, "peer-status")
            self._dialect.peer_changed(name, before, status)
        self._dialect.heard(name, message)

    def _link_alive(self, event: LinkAlive) -> None:
        if event.peer in self._desk.membership.peers:
            self._link(event.peer, event.link)
        else:
            self._ping_answered(PingAnswered(event.peer))

    def _link(self, peer: str, link: str) -> None:
        came_up = self._desk.membership.packet(peer, link, self._desk.now)
        self._desk.still = not came_up
        if came_up:
            self._desk.log(Level.INFO, "link-up", peer=peer, link=link)
            self._dialect.link_changed(peer, link, True)

    def _ping_answered(self, event: PingAnswered) -> None:
        came_up = self._desk.membership.answered(event.name, self._desk.now)
        self._desk.still = not came_up
        if came_up:
            self._desk.log(Level.INFO, "ping-up", ping=event.name)
            self._desk.effect(PeerStatusChanged(event.name, PING))
            self._dialect.pings_changed()

    def _carrier(self, event: CarrierChanged) -> None:
        desk = self._desk
        if event.up is (event.device not in desk.carrier_lost):
            return
        desk.carrier_lost = desk.carrier_lost ^ {event.device}
        desk.log(Level.NOTICE, "carrier-up" if event.up else "carrier-down", device=event.device)
        self._dialect.carrier_changed(event.device, event.up)

    def _report(self, event: GroupReport) -> None:
        desk = self._desk
        if event.key not in desk.table:
            return
        state = desk.hold(event.key).state
        order = desk.table.apply(event.key, event.stage, desk.now)
        level, code = _STAGES[event.stage]
        if order is None:
            level, code = Level.DEBUG, "report-ignored"
        else:
            desk.carry_out(event.key, order)
        facts = {"group": event.key, "detail": event.detail, "stage": event.stage.value, "state": state.value}
        desk.log(level, code, **facts)
        self._dialect.reported(event)

    def _command(self, event: Command) -> None:
        self._dialect.commanded(event)

    def _reloaded(self, event: Reloaded) -> None:
        desk, before = self._desk, self._desk.configuration
        ensure(self.name in event.configuration.settings.nodes, "a reload must keep this node")
        desk.configuration = event.configuration
        desk.membership.reconfigure(event.configuration.settings, desk.now)
        added = [group.key for group in event.configuration.groups if group.key not in desk.table]
        vanished = desk.table.reconfigure(event.configuration.groups, desk.now)
        desk.log(Level.NOTICE, "reloaded", added=str(len(added)), removed=str(len(vanished)))
        for key in vanished:
            desk.release(key, "vanished")
        self._next_status = min(self._next_status, desk.now + event.configuration.settings.keepalive_ms * MS)
        self._dialect.reloaded(before)
        self._dialect = steer(desk, self._dialect)

    def _woke(self, event: Woke) -> None:
        self._desk.membership.restart_clocks(self._desk.now)
        self._desk.log(Level.WARNING, "woke", gap_ms=str(event.gap_ms))
        self._dialect.woke(event.gap_ms)

    # --- deadlines and start-up ---------------------------------------------------------------------------

    def _judge(self) -> None:
        desk = self._desk
        judged = desk.membership.judge(desk.now)
        for owner, link in judged.links:
            desk.log(Level.WARNING, "link-dead", peer=owner, link=link)
            self._dialect.link_changed(owner, link, False)
        for name in judged.peers:
            peer = desk.membership.peers[name]
            never, left = peer.last_status_ns is None, peer.goodbye
            code = "peer-never-heard" if never else "peer-gone" if left else "peer-dead"
            silent_ms = str(to_ms(desk.now - peer.base_ns))
            self._peer_changed(name, "", DEAD, code, dead_ms=str(to_ms(peer.dt_ns)), silent_ms=silent_ms)
            self._dialect.peer_died(name)
        for name in judged.pings:
            desk.log(Level.WARNING, "ping-dead", ping=name)
            desk.effect(PeerStatusChanged(name, DEAD))
        if judged.pings:
            self._dialect.pings_changed()

    def _progress(self) -> None:
        """The last step of the start-up."""
        if self._dialect.leaving() or not self._startup.complete():
            return
        self._set_status(ACTIVE)
        self._desk.effect(BecameActive())
        self._dialect.activated()

    def _set_status(self, status: str) -> None:
        self._desk.status = status
        self._desk.log(Level.INFO, "status-own", status=status)
        self._send_status()

    def _send_status(self) -> None:
        """Our status with everything the dialect adds; the keepalive counts from here."""
        desk = self._desk
        self._next_status = desk.now + desk.configuration.settings.keepalive_ms * MS
        if not desk.hushed():
            desk.send(
                ("t", "status"),
                ("st", desk.status),
                ("dt", f"{self._dialect.announced_dt_ms():x}"),
                ("protocol", "1"),
                *self._dialect.status_fields(),
            )

    def _peer_changed(self, name: str, before: str, after: str, code: str, **facts: str) -> None:
        desk = self._desk
        level = Level.WARNING if code == "peer-dead" else Level.INFO
        desk.log(level, code, peer=name, before=before, status=after, **facts)
        desk.effect(PeerStatusChanged(name, after))


def _hex(text: str) -> int | None:
    """A ``dt`` field in ms; None when it is missing or no number of a sensible size."""
    return int(text, 16) if _DT.fullmatch(text) else None
