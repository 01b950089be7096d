# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource logic with auto_failback legacy: nobody tells what it holds, groups are asked for one by one.

Becoming active: a node asks for each of its own groups (``ip-request``); the other one releases it if it runs
there, and answers. A dead or departed node's groups are taken at once.
Source: Linux-HA heartbeat 3.0.6, auto_failback legacy, as measured.
"""

from __future__ import annotations

from ...wire.message import Message
from ..clock import SECOND
from ..effects import Level
from ..ownership import State
from . import messages
from .holdings import Holding
from .ledger import Ledger
from .phases import Phase, Turn

#: an unanswered request is repeated, for the C daemon may still be running scripts
REPEAT_NS = 2 * SECOND
TIMER = "classic-request"


class Legacy:
    """The manner of auto_failback legacy. ``ledger.mine`` is only what the reconciliation needs; nobody is told."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._desk = ledger.desk
        self._asked: dict[str, int] = {}  # own groups that we have asked the other node for, and how often
        ledger.withheld = self._asked.keys()

    def resume(self) -> None:
        """We are active already and another dialect has steered so far."""
        self._ledger.phase = Phase.STABLE
        self._ledger.mine = self._ledger.actually_held()

    def busy(self) -> bool:
        """Is something in progress that a shutdown should wait for?"""
        return not self._ledger.settled(self._ledger.mine)

    def activated(self) -> None:
        """Take our own groups, asking first where somebody could have them."""
        ledger = self._ledger
        ledger.step(Turn.ACTIVATED)
        ledger.step(Turn.SETTLED)
        others = [peer.name for peer in self._desk.membership.alive() if peer.status == "active"]
        if not others:
            ledger.gain(Holding.LOCAL, "nobody-holds", None)
            return
        self._asked.update(dict.fromkeys(ledger.keys(Holding.LOCAL), 0))
        self._request()

    def peer_gone(self, peer: str, code: str) -> None:
        """Silence or goodbye: everything is ours."""
        if self._ledger.phase is Phase.SHUTDOWN:
            return
        if code == "peer-silent":
            needed = not self._desk.membership.peers[peer].goodbye
            self._desk.send(*messages.stonith(peer, needed=needed))
        self._asked.clear()
        if self._ledger.mine is not Holding.ALL:
            self._ledger.gain(Holding.ALL, code, peer)

    def requested(self, peer: str, message: Message) -> None:
        """``ip-request``: the other node wants one of its groups, which we may have taken."""
        desk, ledger, key = self._desk, self._ledger, message.get("ipaddr")
        if key not in desk.table or desk.local(key) or ledger.phase is Phase.SHUTDOWN:
            self._answer(peer, key, owned=False)
            return
        owned = key in desk.table.present()
        ledger.lose(Holding.FOREIGN, "failback", peer)
        ledger.later(lambda: self._released(key), lambda: self._answer(peer, key, owned=owned))

    def answered(self, peer: str, message: Message) -> None:
        """``ip-request-resp``: the other node does not have it (any more)."""
        key = message.get("ipaddr")
        if key not in self._asked:
            return
        del self._asked[key]
        origin = peer if message.get("weown") == "yes" else None
        self._ledger.gain(Holding.LOCAL, "handed" if origin else "nobody-holds", origin)

    def timer(self) -> None:
        """No answer so far."""
        if self._asked:
            self._request()

    def _request(self) -> None:
        for key in self._asked:
            self._asked[key] += 1
            self._desk.send(*messages.ip_request(key))
        if self._asked:
            self._desk.arm(TIMER, self._desk.now + REPEAT_NS)

    def _released(self, key: str) -> bool:
        return key not in self._desk.table or self._desk.hold(key).state in (State.IDLE, State.FAILED, State.STUCK)

    def _answer(self, peer: str, key: str, *, owned: bool) -> None:
        if key in self._desk.table and self._desk.hold(key).state is State.STUCK:
            self._desk.log(Level.ERROR, "classic-kept", group=key, peer=peer)
            return  # it still runs here: no answer, so nobody else starts it
        self._desk.send(*messages.ip_request_resp(peer, key, owned=owned))
