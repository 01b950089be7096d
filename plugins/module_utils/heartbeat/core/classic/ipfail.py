# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ipfail, built in: the node that reaches fewer ping nodes gives everything to the one that reaches more.

Speaks with an ipfail client of a C daemon as with another one of us.
Source: Linux-HA heartbeat 3.0.6, ipfail, as measured.
"""

from __future__ import annotations

import re
from typing import Callable

from ...wire.message import Message
from ..clock import MS
from ..desk import Desk
from ..effects import Level
from . import messages
from .holdings import Holding

TIMER = "classic-giveup"
_COUNT = re.compile("[0-9]{1,9}")


class Ipfail:
    """``offer(what, code)`` begins a hand-over and returns why not; ``failback()``: do groups return home?"""

    def __init__(self, desk: Desk, offer: Callable[[Holding, str], str], failback: Callable[[], bool]) -> None:
        self._desk = desk
        self._offer = offer
        self._failback = failback
        self._pending: Holding | None = None

    def wanted(self) -> bool:
        """Does the configuration ask for it?"""
        return self._desk.configuration.settings.ipfail

    def joined(self) -> None:
        """We are active: say that our ipfail is there."""
        if self.wanted():
            self._desk.send(*messages.client_status("join", self._desk.name, "signon"))

    def compare(self, peer: str | None) -> None:
        """Something has changed: tell the other node how many ping nodes we reach."""
        if self.wanted() and peer is not None:
            self._desk.send(*messages.num_ping_nodes(self._desk.name, peer, self._count()))

    def heard(self, peer: str, message: Message) -> None:
        """A message of the other node's ipfail, or a question about ours."""
        if message.kind == "query-cstatus":
            client = message.get("cn")
            online = self.wanted() and client == "ipfail"
            self._desk.send(*messages.client_answer(peer, client, message.get("from_id"), online=online))
        elif not self.wanted():
            return
        elif message.kind == "hbapi-clstat":
            if message.get("from_id") == "ipfail" and message.get("st") == "join":
                self.compare(peer)
        elif message.kind == "num_ping_nodes":
            self._compared(peer, message.get("num_ping"))
        elif message.kind == "you_are_dead":
            self._give_up(Holding.ALL)
        elif message.kind == "abort_giveup":
            self._keep()

    def timer(self) -> None:
        """The delay is over and nothing has changed: give up."""
        what, self._pending = self._pending, None
        if what is None:
            return
        refusal = self._offer(what, "failback" if what is Holding.FOREIGN else "ping-better")
        if refusal:
            self._desk.log(Level.INFO, "classic-standby-refused", why=refusal)
            self._give_up(what)

    def _compared(self, peer: str, text: str) -> None:
        if _COUNT.fullmatch(text) is None:
            return
        ours, theirs = self._count(), int(text)
        if ours > theirs:
            self._desk.send(*messages.you_are_dead(peer))
        elif ours < theirs:
            self._give_up(Holding.ALL)
        else:
            self._keep()
            self._desk.send(*messages.abort_giveup(self._desk.name, peer))

    def _give_up(self, what: Holding) -> None:
        self._pending = what
        self._desk.arm(TIMER, self._desk.now + 2 * self._desk.configuration.settings.keepalive_ms * MS)

    def _keep(self) -> None:
        self._pending = None
        self._desk.disarm(TIMER)

    def _count(self) -> int:
        return self._desk.membership.pings_up()
