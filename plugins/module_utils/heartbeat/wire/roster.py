# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may speak, by name, and the uuids they have been heard with.

The name decides who a sender is. (The C daemon asks the uuid first, and mixes two machines up when one
is a clone of the other's disk.)
Source: Linux-HA heartbeat 3.0.6, as measured (node identity).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Callable

from .delivery import Inbox
from .envelope import Envelope, Identity
from .errors import Reason, WireError


class Roster:
    """The configured peers, each with its delivery state."""

    def __init__(self, identity: Identity, names: Iterable[str], residue: Callable[[], int]) -> None:
        self._identity = identity
        self._residue = residue
        self._uuids: dict[str, bytes] = {}
        self.inboxes: dict[str, Inbox] = {}
        self.configure(names)

    def configure(self, names: Iterable[str]) -> None:
        """Take the configured nodes over; who stays keeps its state."""
        peers = [name for name in names if name != self._identity.name]
        self.inboxes = {name: self.inboxes.get(name) or Inbox(self._residue()) for name in peers}
        self._uuids = {name: uuid for name, uuid in self._uuids.items() if name in self.inboxes}

    def sender(self, envelope: Envelope) -> Inbox:
        """The delivery state of a message's sender; raises WireError (LOOPBACK, NAME_IN_USE, UNKNOWN_NODE)."""
        if envelope.src == self._identity.name:
            if envelope.srcuuid in (None, self._identity.uuid):
                raise WireError(Reason.LOOPBACK, "our own message")
            raise WireError(Reason.NAME_IN_USE, f"another machine calls itself {envelope.src}")
        inbox = self.inboxes.get(envelope.src)
        if inbox is None:
            raise WireError(Reason.UNKNOWN_NODE, f"node {envelope.src} is not in the configuration")
        return inbox

    def bind(self, envelope: Envelope) -> bool:
        """Remember the uuid of an accepted message's sender. True when it differs from the one known before."""
        if envelope.srcuuid is None:
            return False
        before = self._uuids.get(envelope.src)
        self._uuids[envelope.src] = envelope.srcuuid
        return before not in (None, envelope.srcuuid)

    def uuid(self, name: str) -> bytes | None:
        """The uuid of a node, as far as it is known; our own always is."""
        return self._identity.uuid if name == self._identity.name else self._uuids.get(name)
