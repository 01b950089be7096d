# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hand-over protocol (hb_standby, failback, hb_takeover, ipfail) between two nodes, both sides.

One difference, which the other side cannot notice in the messages: where the C daemon takes its addresses
down before it says ``done``, we stop services, say ``done``, and drop the addresses when the other node says
that it has announced them. Source: Linux-HA heartbeat 3.0.6, standby protocol, as measured.
"""

from __future__ import annotations

from typing import Callable

from ...wire.message import Message
from ..clock import SECOND
from ..effects import Level
from ..ownership import State
from . import messages
from .handover import TABLE, Side, Word
from .holdings import Holding, parse_holding
from .ledger import Ledger

#: an offer that nobody accepts is taken back after this long
ANSWER_NS = 10 * SECOND
#: the other node has this long to stop, or to start, its groups; a C daemon's scripts take seconds, not minutes
WORK_NS = 120 * SECOND
TIMER = "classic-standby"

Report = Callable[[bool], None]


class Standby:
    """``report(stable)`` sends our ``resource`` message. ``finished(ok, text)`` is called once per hand-over
    that we began or joined."""

    def __init__(self, ledger: Ledger, report: Callable[..., None], finished: Callable[[bool, str], None]) -> None:
        self._ledger = ledger
        self._desk = ledger.desk
        self._report = report
        self._finished = finished
        self.side = Side.NOT
        self._what = Holding.NONE  # from our own point of view
        self._code = "standby"
        self._peer = ""

    # --- beginning ----------------------------------------------------------------------------------------

    def refusal(self) -> str:
        """Why no hand-over can begin now; empty when one can."""
        if self.side is not Side.NOT:
            return "another hand-over is under way"
        if self._ledger.peer() is None:
            return "no other node is alive"
        if not self._ledger.other_stable:
            return "the other node is in transition"
        if not self._ledger.stable() or self._ledger.takeover_running or not self._ledger.quiet():
            return "this node is in transition"
        return ""

    def offer(self, what: Holding, code: str) -> str:
        """Begin to give these classes away; returns why not, or an empty string. ``code``: reason for the log."""
        refusal, peer = self.refusal(), self._ledger.peer()
        if refusal or peer is None:
            return refusal
        self._begin(Word.WE_OFFER, what, peer, ANSWER_NS)
        self._code = code
        self._desk.send(*messages.ask_resources(what, "me"))
        return ""

    def heard(self, peer: str, message: Message) -> None:
        """An ``ask_resources`` message."""
        info, what = message.get("info"), parse_holding(message.get("rsc_hold"))
        if what is None:
            return
        word = {"me": Word.PEER_OFFERS, "other": Word.PEER_ACCEPTS, "done": Word.PEER_IS_DONE}.get(info)
        known = word is not None and (self.side, word) in TABLE
        if not known or (word is Word.PEER_OFFERS and self.refusal()):
            self._desk.log(Level.INFO, "classic-standby-ignored", peer=peer, info=info, why=self.refusal())
        elif word is Word.PEER_OFFERS:
            self._accept(peer, what)
        elif word is Word.PEER_ACCEPTS:
            self._give()
        elif self.side is Side.ACCEPTED:
            self._take()
        else:
            self._given()

    def cancel(self, text: str) -> None:
        """The other node died, left, or started anew. What we were giving is ours again."""
        if self.side is Side.NOT:
            return
        if self.side in (Side.GIVING, Side.GIVEN):
            self._ledger.gain(self._what, "target-gone", self._peer)
        self._end(Word.CANCEL, ok=False, text=text)

    def deadline(self) -> None:
        """The timer has passed: the other node does not do its part."""
        ledger = self._ledger
        if self.side is Side.GIVEN and ledger.theirs is not None and self._what.mirrored() in ledger.theirs:
            self._given()  # it does hold what we gave, only its last word is missing
            return
        ledger.other_stable = True
        self._desk.log(Level.WARNING, "classic-no-answer", peer=self._peer, side=self.side.value)
        self.cancel(f"{self._peer} does not answer")

    # --- A: giving ----------------------------------------------------------------------------------------

    def _give(self) -> None:
        ledger, desk = self._ledger, self._desk
        self._step(Word.PEER_ACCEPTS, WORK_NS)
        ledger.lose(self._what, self._code, self._peer)
        self._report(False, "standby")
        for key in ledger.keys(self._what):
            if desk.hold(key).state is State.HELD:
                desk.give(key, self._peer, self._code, peer=self._peer, ours="?", theirs="?")
        ledger.later(self._stopped, self._done_giving)

    def _stopped(self) -> bool:
        holds = [self._desk.hold(key) for key in self._ledger.keys(self._what)]
        busy = (State.TAKING, State.HELD, State.RELEASING)
        waiting = any(h.state in busy or (h.state is State.GIVING and not h.services_stopped) for h in holds)
        return self.side is not Side.GIVING or not waiting

    def _done_giving(self) -> None:
        if self.side is not Side.GIVING:
            return
        stuck = [key for key in self._ledger.keys(self._what) if self._desk.hold(key).state is State.STUCK]
        if stuck:  # what does not stop must not be started elsewhere: the other side waits in vain, and safely
            self.cancel("would not stop: " + ", ".join(stuck))
            self._report(True)
            return
        self._step(Word.WE_ARE_DONE, WORK_NS)
        self._desk.send(*messages.ask_resources(self._what, "done"))

    def _given(self) -> None:
        for key in self._ledger.keys(self._what):
            self._desk.release(key, "handed-over", to=self._peer, peer=self._peer)
        self._end(Word.PEER_IS_DONE, ok=True, text=f"moved to {self._peer}")
        self._report(True)

    # --- B: taking ----------------------------------------------------------------------------------------

    def _accept(self, peer: str, what: Holding) -> None:
        self._begin(Word.PEER_OFFERS, what.mirrored(), peer, WORK_NS)
        self._desk.send(*messages.ask_resources(what, "other"))

    def _take(self) -> None:
        self._step(Word.PEER_IS_DONE, WORK_NS)
        self._ledger.gain(self._what, "handed", self._peer)
        self._ledger.later(lambda: self.side is not Side.TAKING or self._ledger.settled(self._what), self._done_taking)

    def _done_taking(self) -> None:
        if self.side is not Side.TAKING:
            return
        self._desk.send(*messages.ask_resources(self._what.mirrored(), "done"))
        self._end(Word.WE_ARE_DONE, ok=True, text="held here")
        self._report(True)

    # --- the table ----------------------------------------------------------------------------------------

    def _begin(self, word: Word, what: Holding, peer: str, limit_ns: int) -> None:
        self._what, self._peer = what, peer
        self._step(word, limit_ns)
        self._ledger.other_stable = False

    def _step(self, word: Word, limit_ns: int) -> None:
        self.side, why = TABLE[self.side, word]
        self._desk.log(Level.INFO, "classic-standby", side=self.side.value, peer=self._peer, why=why)
        self._desk.arm(TIMER, self._desk.now + limit_ns)

    def _end(self, word: Word, *, ok: bool, text: str) -> None:
        self._step(word, 0)
        self._desk.disarm(TIMER)
        self._finished(ok, text)
