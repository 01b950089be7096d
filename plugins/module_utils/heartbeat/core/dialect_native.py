# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The native dialect: level-triggered gossip among our own nodes.

Every status carries the whole ownership state of its sender (:mod:`.gossip`); after every event each group is
reconciled by one pure function (:mod:`.reconcile`) and a changed state is told at once. Nothing depends on any single
message, so any loss heals with the next keepalive.
"""

from __future__ import annotations

from ..settings.model import Configuration
from ..wire.message import Message
from . import gossip
from .arbitration import Party, outranks
from .clock import MS
from .desk import Desk
from .dialect import Pairs
from .effects import Level
from .events import Command, GroupReport, Verb
from .gossip import Entry, Gossip, Letter, Stamp
from .holdings import rscstatus
from .membership import ACTIVE, DEAD
from .native_clues import ClueKeeper
from .native_errands import Errands
from .native_view import Views
from .ownership import State
from .reconcile import Act, Decision, decide

#: A hand-over that waits for the other side repeats our status this often at least, so that a lost datagram costs
#: little.
HASTE_MAX_NS = 100 * MS
HASTE_MIN_NS = 10 * MS

#: The group's addresses are on that machine.
_PRESENT = gossip.ADDRESSED | {Letter.FOUND, Letter.RELEASING}

_HASTY = frozenset({Letter.FOUND, Letter.WANTING, Letter.OFFERED})


class NativeDialect:
    """Rules among our own nodes; see :class:`~.dialect.Dialect` for the hooks."""

    name = "native"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._incarnation = desk.now & 0xFFFFFFFFFFFFFFFF
        self._version = 0
        self._told: Pairs | None = None
        self._views = Views(desk)
        self._claims: dict[str, int] = {}  # our own
        self._told_at: dict[str, int] = {}  # the version in which the present claim was first told
        self._rivals: dict[str, set[str]] = {}
        self._given_by: dict[str, str] = {}  # key -> who handed it to us: still letting go is no conflict
        self._returned: set[str] = set()
        self._clues = ClueKeeper(desk)
        self._errands = Errands(desk)
        self._reply = False

    # --- what our own status says -------------------------------------------------------------------------

    def status_fields(self) -> Pairs:
        """The native fields; telling a changed state raises the version."""
        told = gossip.body(
            {self._views.ids[key]: self._entry(key) for key in self._desk.table.configured()},
            self._pings(),
            self._errands.leaving,
        )
        if told != self._told:
            self._told, self._version = told, self._version + 1
            for key in self._desk.table.configured():
                if self._desk.hold(key).state in (State.WANTING, State.FOUND):
                    self._told_at.setdefault(key, self._version)
                else:
                    self._told_at.pop(key, None)
        echoes = {peer.name: view.stamp for peer, view in self._views.company()}
        return gossip.fields((self._incarnation, self._version), echoes, told)

    def announced_dt_ms(self) -> int:
        """Our deadtime, plainly; classic adds 2 s at first because its start-up may block."""
        return self._desk.configuration.settings.deadtime_ms

    # --- life ---------------------------------------------------------------------------------------------

    def activated(self) -> None:
        """Nothing to say: the state travels with the status."""

    def peer_changed(self, peer: str, before: str, after: str) -> None:
        """A peer that appears gets our state at once instead of with the next keepalive."""
        if before == DEAD:
            self._returned.add(peer)
        if before == DEAD or peer not in self._views:
            self._reply = True

    def peer_died(self, peer: str) -> None:
        """Its groups are free now; reconciliation follows."""
        self._orphan(peer, self._views.forget(peer), "peer-silent")

    def peer_returned(self, peer: str, *, restarted: bool, after_partition: bool) -> None:
        """A new life of a peer: what its former one told is void."""
        self._reply = True
        if restarted:
            self._given_by = {key: giver for key, giver in self._given_by.items() if giver != peer}
            self._orphan(peer, self._views.forget(peer), "peer-gave-up")

    def heard(self, peer: str, message: Message) -> None:
        """Take in a peer's gossip, or its goodbye."""
        if message.kind == "shutdone":
            self._orphan(peer, self._views.goodbye(peer), "peer-gave-up")
        if message.kind != "status":
            return
        known = self._views[peer].stamp if peer in self._views else None
        told = self._views.take_in(peer, message)
        if told is not None and told.stamp != known:
            # a claim waits for our echo
            self._reply = self._reply or any(entry.letter in gossip.CONTENDERS for entry in told.entries.values())

    def link_changed(self, peer: str, link: str, up: bool) -> None:
        """Links only matter through the silence of all of them."""

    def pings_changed(self) -> None:
        """Reconciliation compares the counts."""

    def carrier_changed(self, device: str, up: bool) -> None:
        """Reconciliation looks at ``desk.carrier_lost``."""

    # --- groups, operators, configuration -----------------------------------------------------------------

    def reported(self, report: GroupReport) -> None:
        """Remember what the clock is needed for; reconciliation does the rest."""
        self._clues.reported(report)

    def commanded(self, command: Command) -> None:
        """Accept or refuse; the answer comes when the groups have settled."""
        self._errands.commanded(command, self.parties)
        if command.verb is Verb.SHUTDOWN:
            self._clues.leaving()

    def reloaded(self, before: Configuration) -> None:
        """Groups may have come and gone; a held one whose line changed starts what is new in it."""
        self._views.renumber()
        old = {group.key: group for group in before.groups}
        for key, group in self._desk.table.groups.items():
            if key in old and old[key].resources != group.resources and self._desk.hold(key).state is State.HELD:
                self._desk.take(key, "changed", origin=self._desk.name)
        for key in set(old) - set(self._views.ids):
            self._errands.vanished(key)
            self._clues.forget(key)
            for memory in (self._claims, self._told_at):
                memory.pop(key, None)
            self._rivals.pop(key, None)

    def woke(self, gap_ms: int) -> None:
        """After a pause longer than a dead time peers may hold what we held: say nothing before they were heard."""
        settings = self._desk.configuration.settings
        if gap_ms * MS >= self._desk.membership.deadtime_ns():
            self._desk.hush(self._desk.now + 2 * settings.keepalive_ms * MS)
            self._desk.arm("hush", self._desk.now + 2 * settings.keepalive_ms * MS)

    # --- time ---------------------------------------------------------------------------------------------

    def timer(self, name: str) -> None:
        """``look``: something is due, reconciliation finds out what. ``hush``: the pause is over, speak again."""
        if name == "hush":
            for key in self._desk.table.held():
                if self._desk.hold(key).state is State.HELD:
                    self._desk.announce(key)
                    self._desk.log(Level.NOTICE, "woke-holding", group=key)
            self._reply = True
        if name == "haste":
            self._reply = True

    def settle(self) -> None:
        """Reconcile every group, tell what changed, settle what operators wait for, and arm the next look."""
        self._clues.begin()
        for key in self._desk.table.configured():
            self._reconcile(key)
        self._errands.settle(self.parties)
        before = self._version
        self.status_fields()
        if self._version != before or self._reply:
            self._desk.send_status()
        self._reply = False
        self._returned.clear()
        self._errands.leave(self._clues.stop_tried)
        self._arm()

    def retire(self) -> None:
        """Leave the table in states that any dialect understands."""
        for key in self._desk.table.configured():
            state = self._desk.hold(key).state
            if state is State.WANTING:
                self._desk.withdraw(key, "claim-withdrawn", peer="?")
            if state is State.GIVING and not self._desk.reclaim(key, "target-gone", peer="?"):
                self._desk.release(key, "shutdown-alone")
        self._desk.disarm("look")
        self._desk.disarm("haste")
        self._errands.abandon()

    # --- reports ------------------------------------------------------------------------------------------

    def leaving(self) -> bool:
        """Is a shutdown under way?"""
        return self._errands.leaving

    def holder(self, key: str) -> str | None:
        """The live holder; of several the one that will stay."""
        me, others = self.parties(key)
        holders = [party for party in (me, *others) if party.holds()]
        if not holders:
            return None
        return max(
            holders, key=lambda p: (p.entry.letter is not Letter.OFFERED, p.entry.claim, p.preferred, -p.rank)
        ).name

    def holders(self, key: str) -> tuple[str, ...]:
        """All live holders; who offers or hands over is none."""
        me, others = self.parties(key)
        return tuple(p.name for p in (me, *others) if p.holds() and p.entry.letter in (Letter.ANNOUNCED, Letter.HELD))

    def claim(self, key: str) -> int:
        """Our claim on the group."""
        return self._claims.get(key, 0)

    def rscstatus(self) -> str:
        """As the C daemon counts."""
        return rscstatus(self._desk, alone=not self._views.company())

    def facts(self) -> dict[str, object]:
        """The groups that do not come back by themselves, because an operator moved them away from here."""
        return {"standby": [key for key in self._desk.table.configured() if key in self._errands.standby]}

    def parties(self, key: str) -> tuple[Party, tuple[Party, ...]]:
        """Ourselves and every live peer that can still act, as seen for one group."""
        desk, preferred = self._desk, self._desk.preferred(key)
        me = Party(
            name=desk.name,
            rank=desk.membership.rank(desk.name),
            entry=self._entry(key),
            active=desk.status == ACTIVE,
            leaving=self._errands.leaving,
            preferred=preferred == desk.name,
            pings=self._pings(),
        )
        return me, tuple(
            Party(
                name=peer.name,
                rank=desk.membership.rank(peer.name),
                entry=self._views.entry(view, key),
                active=peer.status == ACTIVE,
                leaving=view.leaving,
                preferred=preferred == peer.name,
                pings=view.pings,
                deaf=self._clues.deaf(peer, desk.name in view.echoes),
                echoed=self._echoed(key, view.echoes.get(desk.name)),
                settled=self._clues.settled(peer),
            )
            for peer, view in self._views.company()
        )

    # --- inside -------------------------------------------------------------------------------------------

    def _reconcile(self, key: str) -> None:
        me, others = self.parties(key)
        decision = decide(me, others, self._clues.read(key, me, others, self._views.greatest_claim(key) > 0))
        self._watch_rivals(key, me, others, decision.act in (Act.RELEASE, Act.GIVE))
        if decision.act is Act.NOTHING or (self._desk.hushed() and decision.act is not Act.RELEASE):
            return
        self._carry_out(key, decision)

    def _carry_out(self, key: str, decision: Decision) -> None:
        desk, peer, code = self._desk, decision.peer or "?", decision.code
        if decision.act is Act.WANT:
            self._raise_claim(key)
            desk.want(key, code)
        elif decision.act is Act.WITHDRAW:
            desk.withdraw(key, code, peer=peer)
        elif decision.act is Act.TAKE:
            if desk.hold(key).state is not State.WANTING:
                self._raise_claim(key)
            desk.take(key, code, origin=decision.peer, peer=peer)
            self._given_by[key] = peer if code == "handed" else ""
            self._errands.taken(key)
        elif decision.act is Act.GIVE:
            ours, theirs = str(self._pings()), str(self._views[peer].pings)
            desk.give(key, peer, code, peer=peer, ours=ours, theirs=theirs)
            self._errands.given(key, code)
        elif decision.act is Act.RECLAIM:
            desk.reclaim(key, code, peer=peer)
            self._errands.kept(key, code, peer)
        elif decision.act is Act.RELEASE:
            desk.release(key, code, to=decision.peer, peer=peer)
        elif decision.act is Act.FORGIVE:
            desk.forgive(key, code)
        self._clues.decided(key, decision)

    def _raise_claim(self, key: str) -> None:
        self._claims[key] = self._views.greatest_claim(key) + 1
        self._views.saw_claim(key, self._claims[key])

    def _watch_rivals(self, key: str, me: Party, others: tuple[Party, ...], departing: bool) -> None:
        """The winner of a conflict announces when it notices the rival, and again when the rival has let go; after a
        partition also when there is no rival any more, because there may have been one."""
        if me.entry.letter not in (Letter.ANNOUNCED, Letter.HELD):
            self._rivals.pop(key, None)
            return
        before = self._rivals.get(key, set())
        now = {p.name for p in others if p.entry.letter in _PRESENT and p.entry.to != me.name}
        now.discard(self._given_by.get(key, ""))
        self._rivals[key] = now
        if departing or any(p.name in now and p.holds() and outranks(p, me) for p in others):
            return  # we are the ones to let go
        back = self._returned - now - before
        for code, names in (("conflict-won", now - before), ("conflict-over", before - now), ("peer-back", back)):
            for name in sorted(names):
                if not self._desk.hushed():
                    self._desk.announce(key)
                level = Level.NOTICE if code == "peer-back" else Level.WARNING
                self._desk.log(level, code, group=key, peer=name)

    def _entry(self, key: str) -> Entry:
        hold = self._desk.hold(key)
        claim = self._claims.get(key, 0) if hold.holding() or hold.state is State.WANTING else 0
        group = self._desk.table.groups[key]
        devices = {address.device for address in group.addresses()}
        return Entry(
            letter=gossip.letter(hold),
            claim=claim,
            to=hold.to,
            standby=key in self._errands.standby,
            asked=key in self._errands.asked,
            unable=bool(devices & self._desk.carrier_lost) or self._clues.battered(key),
        )

    def _pings(self) -> int:
        settings = self._desk.configuration.settings
        return self._desk.membership.pings_up() if settings.ipfail else 0

    def _echoed(self, key: str, echo: Stamp | None) -> bool:
        told_at = self._told_at.get(key)
        return echo is not None and told_at is not None and echo[0] == self._incarnation and echo[1] >= told_at

    def _orphan(self, peer: str, view: Gossip | None, code: str) -> None:
        """What a peer held last is free now, and why."""
        for key in self._views.held_in(view) if view is not None else ():
            self._clues.orphaned(key, peer, code)

    def _arm(self) -> None:
        look = self._clues.next_moment()
        if look is None:
            self._desk.disarm("look")
        else:
            self._desk.arm("look", look)
        keepalive = self._desk.configuration.settings.keepalive_ms * MS
        hasty = any(gossip.letter(self._desk.hold(key)) in _HASTY for key in self._desk.table.configured())
        if not hasty:
            self._desk.disarm("haste")
        elif self._desk.armed("haste") is None:
            self._desk.arm("haste", self._desk.now + max(HASTE_MIN_NS, min(keepalive // 4, HASTE_MAX_NS)))
