# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The start-up sequence from ``up`` to ``active``.

Everybody, ping nodes included, must have been heard or given up; then a peer of the classic kind is asked for its
node list, because a C daemon expects that (its answer has no consequences here). Difference from the original: we do
not wait for the answer for ever. Source: Linux-HA heartbeat 3.0.6, start-up sequence, as measured.
"""

from __future__ import annotations

from .clock import MS, SECOND
from .desk import Desk
from .dialect import Speech
from .effects import Level
from .membership import UP

#: reqnodes is repeated each second while it is not answered.
REQNODES_NS = SECOND


class StartUp:
    """One per life of a node."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._next_request: int | None = None
        self._asking_since: int | None = None
        self._answered = False

    def next_deadline(self) -> int | None:
        """When the next reqnodes is due (ns)."""
        return self._next_request

    def answered(self) -> None:
        """A repnodes came."""
        self._answered = True

    def complete(self) -> bool:
        """Is it time to become active? Asks for the node list where that is needed first."""
        desk = self._desk
        if desk.status != UP or not desk.membership.complete():
            return False
        classic = [peer.name for peer in desk.membership.alive() if peer.speech is Speech.CLASSIC]
        if classic and not self._answered and not self._asked_in_vain(classic[0]):
            return False
        self._next_request = None
        return True

    def _asked_in_vain(self, peer: str) -> bool:
        desk = self._desk
        if self._asking_since is None:
            self._asking_since = desk.now
        if desk.now >= self._asking_since + desk.configuration.settings.initdead_ms * MS:
            desk.log(Level.WARNING, "nodelist-unanswered", peer=peer)
            return True
        if self._next_request is None or desk.now >= self._next_request:
            desk.send(("t", "reqnodes"), ("dest", peer))
            self._next_request = desk.now + REQNODES_NS
        return False
