# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way out: give everything up, say goodbye, wait until the other node has it.

``resource none info=shutdown`` → services stop → ``shutdone`` → the other node takes → addresses go → exit.
The C daemon drops its addresses before ``shutdone``; we keep them until the other node reports that its
takeover is complete (bounded), because it announces them, and a client that still asks us meanwhile gets an
answer. Without a live peer everything just stops. Source: Linux-HA heartbeat 3.0.6, clean shutdown, as measured.
"""

from __future__ import annotations

from ...wire.message import Message
from ..clock import MS, SECOND
from ..effects import Level
from ..membership import ACTIVE
from ..ownership import State
from . import messages
from .ledger import Ledger
from .phases import Turn

#: a start, a hand-over or a takeover in progress delays the shutdown at most this long
BUSY_NS = 10 * SECOND
#: the C daemon reacts within one keepalive; its scripts need some 100 ms per address
TAKE_NS = SECOND
#: after our goodbye we stay this long, to send it again if it was lost
LINGER_NS = 500 * MS
TIMER = "classic-departure"


class Departure:
    """Begun once by :meth:`ask`; ends in ``desk.exit``. ``nice``: auto_failback on or off, with its
    ``resource`` messages."""

    def __init__(self, ledger: Ledger, *, nice: bool) -> None:
        self._ledger = ledger
        self._desk = ledger.desk
        self._nice = nice
        self._requests: list[int] = []
        self._asked_ns: int | None = None
        self._releasing = False
        self._goodbye_ns: int | None = None
        self._taken = False
        self._gone = False

    @property
    def asked(self) -> bool:
        """Is a shutdown under way?"""
        return self._asked_ns is not None

    @property
    def releasing(self) -> bool:
        """Has it begun to give up its groups?"""
        return self._releasing

    def ask(self, request: int) -> None:
        """An operator wants us to stop (several may ask)."""
        self._requests.append(request)
        if self._asked_ns is None:
            self._asked_ns = self._desk.now
            self._desk.log(Level.NOTICE, "leaving")

    def heard(self, message: Message) -> None:
        """The other node reports that it has taken over what we gave up."""
        if self._goodbye_ns is not None and message.kind == "resource" and message.get("info") == "mach_down":
            self._taken = True

    def peer_is_gone(self) -> None:
        """Nobody will take it: do not wait."""
        self._taken = True

    def settle(self, *, busy: bool) -> None:
        """Take the next step, if it is due. ``busy``: something is in progress that should end first."""
        if self._asked_ns is None or self._gone:
            return
        if not self._releasing:
            if busy and self._desk.now < self._asked_ns + BUSY_NS:
                self._desk.arm(TIMER, self._asked_ns + BUSY_NS)
                return
            self._give_up()
        if self._goodbye_ns is None:
            self._say_goodbye()
        if self._goodbye_ns is not None:
            self._leave(self._goodbye_ns)

    # --- steps --------------------------------------------------------------------------------------------

    def _give_up(self) -> None:
        desk, ledger = self._desk, self._ledger
        self._releasing = True
        if self._nice and desk.status == ACTIVE:
            ledger.mine = ledger.mine.NONE
            desk.send(*messages.resource(ledger.mine, stable=False, info="shutdown"))
        ledger.step(Turn.LEAVE)
        ledger.drop_jobs()
        heir = self._heir()
        for key in desk.table.present():
            if heir is None or not desk.give(key, heir, "shutdown", peer=heir):
                desk.release(key, "shutdown-alone")

    def _say_goodbye(self) -> None:
        states = {key: self._desk.hold(key) for key in self._desk.table.present()}
        stuck = [key for key, hold in states.items() if hold.state is State.STUCK]
        waiting = [
            key
            for key, hold in states.items()
            if hold.state is not State.STUCK and not (hold.state is State.GIVING and hold.services_stopped)
        ]
        if waiting:
            return
        if stuck:  # a peer that trusts our goodbye would start what still runs here
            self._end(ok=False, text="would not stop: " + ", ".join(stuck))
            return
        self._desk.send(*messages.SHUTDONE)
        self._goodbye_ns = self._desk.now

    def _leave(self, goodbye_ns: int) -> None:
        desk = self._desk
        left = desk.table.present()
        if left:
            limit = goodbye_ns + desk.configuration.settings.keepalive_ms * MS + TAKE_NS
            if not self._taken and self._heir() is not None and desk.now < limit:
                desk.arm(TIMER, limit)
                return
            for key in left:
                to = desk.hold(key).to
                desk.release(key, "handed-over" if self._taken else "shutdown-unanswered", to=to, peer=to or "?")
            return  # STOPPED follows
        stay = goodbye_ns + (LINGER_NS if self._heir() is not None else 0)
        if desk.now < stay:
            desk.arm(TIMER, stay)
            return
        self._end(ok=True, text="everything is released")

    def _end(self, *, ok: bool, text: str) -> None:
        self._gone = True
        for request in self._requests:
            self._desk.answer(request, ok, text)
        self._desk.log(Level.NOTICE, "left")
        self._desk.exit()

    def _heir(self) -> str | None:
        """A live, active node that has not itself said goodbye."""
        alive = self._desk.membership.alive()
        return next((peer.name for peer in alive if peer.status == ACTIVE and not peer.goodbye), None)
