# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classic dialect: what a C daemon (Linux-HA heartbeat 3.0.6) on the other node expects of us, hook by hook.

The protocol knows two nodes and two classes of groups; what it can't express (a single group out of a class)
is refused with words. See :mod:`.classic` for its parts.
"""

from __future__ import annotations

from ..settings.model import Configuration, Failback
from ..wire.message import Message
from .classic import departure, ipfail, legacy, messages, nice, standby
from .classic.holdings import Holding, parse_holding
from .classic.ledger import Ledger
from .classic.phases import SETTLED, Phase
from .clock import MS, SECOND
from .desk import Desk
from .dialect import Pairs
from .effects import Level
from .events import Command, GroupReport, Stage, Verb
from .membership import ACTIVE
from .ownership import State

#: an operator's request is answered after this long at the latest
ANSWER_NS = 30 * SECOND
ANSWER, FAILED_START, LISTEN = "classic-answer", "classic-failed-start", "classic-listen"
#: a group that would not start here is offered to the other node this soon, and not again within a minute
FAILED_START_NS = SECOND
FAILED_START_PAUSE_NS = 60 * SECOND


class ClassicDialect:
    """Rules towards C daemons; see :class:`~.dialect.Dialect` for the hooks."""

    name = "classic"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._ledger = Ledger(desk)
        self._waiting: dict[int, Verb] = {}
        self._next_failed_start = 0
        self._nice: nice.Nice | None = None
        self._legacy: legacy.Legacy | None = None
        if desk.configuration.settings.auto_failback is Failback.LEGACY:
            self._legacy = legacy.Legacy(self._ledger)
        else:
            self._nice = nice.Nice(self._ledger, self._handed_over)
        self._ipfail = ipfail.Ipfail(desk, self._offer, self._fails_back)
        self._departure = departure.Departure(self._ledger, nice=self._nice is not None)
        if desk.status == ACTIVE:
            (self._nice or self._legacy_manner()).resume()

    # --- what our own status says -------------------------------------------------------------------------

    def status_fields(self) -> Pairs:
        """Nothing that a C daemon would not say."""
        return ()

    def announced_dt_ms(self) -> int:
        """Our deadtime; the C daemon adds 2 s during its first 5 s, because its start-up may block."""
        return self._desk.configuration.settings.deadtime_ms

    # --- life ---------------------------------------------------------------------------------------------

    def activated(self) -> None:
        """Begin the resource logic."""
        (self._nice or self._legacy_manner()).activated()
        if self._nice:
            self._ipfail.joined()

    def peer_changed(self, peer: str, before: str, after: str) -> None:
        """The node's business; a peer that becomes active says ``starting``."""

    def peer_died(self, peer: str) -> None:
        """Silence."""
        self._departure.peer_is_gone()
        if self._nice:
            self._nice.peer_died(peer)
        else:
            self._legacy_manner().peer_gone(peer, "peer-silent")

    def peer_returned(self, peer: str, *, restarted: bool, after_partition: bool) -> None:
        """A new life of a peer, or the end of a partition."""
        if self._nice:
            self._nice.peer_returned(peer, restarted=restarted, after_partition=after_partition)
        else:
            self._ledger.theirs = None

    def heard(self, peer: str, message: Message) -> None:
        """Every message that is for us."""
        kind = message.kind
        if kind == "shutdone":
            self._peer_left(peer)
        elif self._nice:
            self._heard_nice(self._nice, peer, message)
        elif kind == "ip-request":
            self._legacy_manner().requested(peer, message)
        elif kind == "ip-request-resp":
            self._legacy_manner().answered(peer, message)
        elif kind == "ask_resources":
            self._desk.log(Level.INFO, "classic-standby-ignored", peer=peer, info=message.get("info"), why="legacy")

    def link_changed(self, peer: str, link: str, up: bool) -> None:
        """Ipfail counts again when a link has died."""
        if not up and self._nice:
            self._ipfail.compare(self._ledger.peer())

    def pings_changed(self) -> None:
        """Ipfail counts again."""
        if self._nice and self._desk.status == ACTIVE:
            self._ipfail.compare(self._ledger.peer())

    def carrier_changed(self, device: str, up: bool) -> None:
        """The protocol has no word for it; silence will tell."""

    # --- groups, operators, configuration -----------------------------------------------------------------

    def reported(self, report: GroupReport) -> None:
        """A group that would not start is offered to the other node with the rest of its class."""
        if report.stage is Stage.START_FAILED and self._nice and report.key in self._desk.table.groups:
            at = max(self._desk.now + FAILED_START_NS, self._next_failed_start)
            self._desk.arm(FAILED_START, at)

    def commanded(self, command: Command) -> None:
        """Standby and takeover move classes; shutdown gives everything up."""
        if command.verb is Verb.SHUTDOWN:
            self._departure.ask(command.request)
            return
        what, refusal = self._scope(command)
        if self._nice is None:
            refusal = "auto_failback legacy knows neither standby nor takeover"
        elif self._departure.asked:
            refusal = "this node is shutting down"
        elif not refusal:
            refusal = self._begin(command.verb, what)
        if refusal:
            self._desk.answer(command.request, False, refusal)
            return
        self._waiting[command.request] = command.verb
        self._desk.arm(ANSWER, self._desk.now + ANSWER_NS)

    def reloaded(self, before: Configuration) -> None:
        """New groups of a class we hold are taken by the reconciliation. A changed manner needs a new start."""
        after = self._desk.configuration.settings.auto_failback
        if (before.settings.auto_failback is Failback.LEGACY) is not (after is Failback.LEGACY):
            self._desk.log(Level.WARNING, "classic-manner", manner=after.value)
        old = {group.key: group for group in before.groups}
        for key, group in self._desk.table.groups.items():
            changed = key in old and old[key].resources != group.resources
            if changed and self._desk.hold(key).state is State.HELD:
                self._desk.take(key, "changed", origin=self._desk.name)

    def woke(self, gap_ms: int) -> None:
        """After a pause longer than a dead time peers may hold what we held: listen first, then ask."""
        if gap_ms * MS >= self._desk.membership.deadtime_ns() and self._ledger.phase in SETTLED:
            keepalives_ns = 2 * self._desk.configuration.settings.keepalive_ms * MS
            self._desk.hush(self._desk.now + keepalives_ns)
            self._desk.arm(LISTEN, self._desk.now + keepalives_ns)

    # --- time ---------------------------------------------------------------------------------------------

    def timer(self, name: str) -> None:
        """One of the parts' timers."""
        if name == ANSWER:
            self._answer(False, "not finished yet")
        elif name == legacy.TIMER:
            self._legacy_manner().timer()
        elif name == ipfail.TIMER:
            self._ipfail.timer()
        elif self._nice is None:
            return
        elif name == standby.TIMER:
            self._nice.standby.deadline()
        elif name == FAILED_START:
            self._offer_failed(self._nice)
        elif name == LISTEN:
            self._nice.ask_around()
        else:
            self._nice.timer(name)

    def settle(self) -> None:
        """Bring the table in step, do what has become due, take the next step out if we leave."""
        self._ledger.work()
        self._departure.settle(busy=(self._nice or self._legacy_manner()).busy())

    def retire(self) -> None:
        """Leave the table in states that any dialect understands."""
        for key in self._desk.table.configured():
            if self._desk.hold(key).state is State.GIVING and not self._desk.reclaim(key, "target-gone", peer="?"):
                self._desk.release(key, "shutdown-alone")
        for timer in (nice.TRANSITION, nice.FAILBACK, standby.TIMER, legacy.TIMER, ipfail.TIMER, departure.TIMER):
            self._desk.disarm(timer)
        for timer in (ANSWER, FAILED_START, LISTEN):
            self._desk.disarm(timer)
        self._answer(False, "interrupted: a peer changed its dialect")

    # --- reports ------------------------------------------------------------------------------------------

    def leaving(self) -> bool:
        """Is a shutdown under way?"""
        return self._departure.asked

    def holder(self, key: str) -> str | None:
        """Ourselves, or the other node if it says so."""
        if key in self._desk.table and self._desk.hold(key).holding():
            return self._desk.name
        peer, theirs = self._ledger.peer(), self._ledger.theirs
        if peer is None or theirs is None:
            return None
        return peer if self._ledger.of(key) & theirs.mirrored() else None

    def holders(self, key: str) -> tuple[str, ...]:
        """Ourselves while we hold it and do not give it away, and the other node if it says so."""
        mine = key in self._desk.table and self._desk.hold(key).state is State.HELD
        peer, theirs = self._ledger.peer(), self._ledger.theirs
        also = peer is not None and theirs is not None and bool(self._ledger.of(key) & theirs.mirrored())
        return (*((self._desk.name,) if mine else ()), *((peer,) if also and peer is not None else ()))

    def claim(self, key: str) -> int:
        """The protocol has none."""
        return 0

    def rscstatus(self) -> str:
        """all, local, foreign, none or transition, by the C daemon's own rule."""
        ledger = self._ledger
        if self._nice is None:
            return "none" if ledger.phase is Phase.STABLE and ledger.quiet() else "transition"
        settled = ledger.phase in (*SETTLED, Phase.INIT) and (ledger.other_stable or ledger.peer() is None)
        return "transition" if self._nice.busy() or not settled else ledger.mine.word()

    def facts(self) -> dict[str, object]:
        """Where the protocol is, for the curious."""
        ledger = self._ledger
        theirs = None if ledger.theirs is None else ledger.theirs.word()
        told = {"phase": ledger.phase.value, "mine": ledger.mine.word(), "theirs": theirs}
        return {"classic": {**told, "other_stable": ledger.other_stable}}

    # --- inside -------------------------------------------------------------------------------------------

    def _legacy_manner(self) -> legacy.Legacy:
        if self._legacy is None:  # a stray timer after a change of manner: harmless
            self._legacy = legacy.Legacy(self._ledger)
        return self._legacy

    def _heard_nice(self, manner: nice.Nice, peer: str, message: Message) -> None:
        kind = message.kind
        if kind == "starting":
            manner.peer_starting()
        elif kind == "resource":
            manner.peer_reports(peer, message)
            self._departure.heard(message)
        elif kind == "ask_resources":
            manner.standby.heard(peer, message)
        elif kind == "hb_takeover":
            self._asked_to_stand_by(message)
        else:
            self._ipfail.heard(peer, message)

    def _peer_left(self, peer: str) -> None:
        self._departure.peer_is_gone()
        if self._nice:
            self._nice.peer_left(peer)
        else:
            self._legacy_manner().peer_gone(peer, "peer-gave-up")

    def _asked_to_stand_by(self, message: Message) -> None:
        """The other node's operator wants groups: its local is our foreign; its failback means its own groups."""
        word = message.get("rsc_hold")
        what = Holding.LOCAL if word == "failback" else parse_holding(word)
        if what is None or what is Holding.NONE:
            return
        refusal = self._offer(what.mirrored(), "takeover-asked")
        if refusal:
            self._desk.log(Level.WARNING, "classic-standby-refused", why=refusal)

    def _offer(self, what: Holding, code: str) -> str:
        if self._nice is None or self._departure.asked:
            return "not now"
        return self._nice.standby.offer(what, code)

    def _fails_back(self) -> bool:
        return self._desk.configuration.settings.auto_failback is Failback.ON

    def _scope(self, command: Command) -> tuple[Holding, str]:
        """The classes a command means from our point of view; or why it can't be said in this protocol."""
        if command.scope == "group":
            key = command.key or ""
            if key not in self._desk.table.groups:
                return Holding.NONE, f"there is no group {key}"
            if len(self._ledger.keys(self._ledger.of(key))) > 1:
                return Holding.NONE, "the classic protocol moves classes of groups: all, local or foreign"
            return self._ledger.of(key), ""
        if command.scope == "failback":
            return (Holding.FOREIGN if command.verb is Verb.STANDBY else Holding.LOCAL), ""
        what = parse_holding(command.scope)
        return (what, "") if what else (Holding.NONE, f"unknown scope {command.scope}")

    def _begin(self, verb: Verb, what: Holding) -> str:
        if verb is Verb.STANDBY:
            return self._offer(what, "standby")
        refusal = self._nice.standby.refusal() if self._nice else ""
        if not refusal:
            self._desk.send(*messages.hb_takeover(what))
        return refusal

    def _handed_over(self, ok: bool, text: str) -> None:
        self._answer(ok, text)

    def _answer(self, ok: bool, text: str) -> None:
        for request in self._waiting:
            self._desk.answer(request, ok, text)
        self._waiting.clear()
        self._desk.disarm(ANSWER)

    def _offer_failed(self, manner: nice.Nice) -> None:
        failed = [key for key in self._desk.table.configured() if self._desk.hold(key).state is State.FAILED]
        what = Holding.NONE
        for key in failed:
            what |= self._ledger.of(key)
        if what and manner.standby.offer(what, "standby") == "":
            self._next_failed_start = self._desk.now + FAILED_START_PAUSE_NS
        elif what and self._ledger.peer() is not None:
            self._desk.arm(FAILED_START, self._desk.now + FAILED_START_NS)
