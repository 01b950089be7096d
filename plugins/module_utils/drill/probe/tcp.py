# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""New TCP connections: can a client connect, and does the service greet it as expected?"""

from __future__ import annotations

import re
import selectors
import socket
from collections.abc import Mapping
from typing import Any, Optional

from ..model import Outcome
from .connecting import Connection, open_connection
from .prober import Answer, Prober, outcome_of, resolve

__all__ = ["TcpProber"]

BANNER_LIMIT = 4096


class TcpProber(Prober):
    """Each attempt is a connection of its own, dropped as soon as the question is answered.

    ``expect_banner``: a regular expression the first bytes sent by the server must match;
    without it the completed handshake is the answer.
    """

    def open(self) -> None:
        """Resolve the target and get the shared parts ready."""
        self.endpoint = resolve(self.spec, socket.SOCK_STREAM)
        pattern = self.spec.options.get("expect_banner")
        self.banner: Optional[re.Pattern[bytes]] = re.compile(pattern.encode()) if pattern else None
        self.connections: dict[int, Connection] = {}

    def send(self, seq: int) -> None:
        """Start an attempt."""

        def failed(outcome: Outcome, why: str) -> None:
            self._end(seq, outcome, {"why": why} if outcome is Outcome.LOCAL else None)

        def connected(connection: Connection) -> None:
            if self.banner is None:
                self._end(seq, Outcome.OK)
            else:
                self._listen(seq, connection, self.banner)

        connection = open_connection(self.spec, self.endpoint, self.hub, connected, failed)
        if connection is not None:
            self.connections[seq] = connection

    def abandon(self, seq: int) -> Optional[Answer]:
        """Drop what the attempt holds."""
        connection = self.connections.pop(seq, None)
        if connection is not None:
            connection.close()
        return None

    def close(self) -> None:
        """Drop everything."""
        for seq in list(self.connections):
            self.abandon(seq)

    def _end(self, seq: int, outcome: Outcome, detail: Optional[Mapping[str, Any]] = None) -> None:
        self.abandon(seq)
        self.hub.done(seq, outcome, detail)

    def _listen(self, seq: int, connection: Connection, banner: re.Pattern[bytes]) -> None:
        received = bytearray()

        def ready(_mask: int) -> None:
            try:
                chunk = connection.sock.recv(BANNER_LIMIT)
            except BlockingIOError:
                return
            except OSError as error:
                self._end(seq, outcome_of(error.errno))
                return
            received.extend(chunk)
            if banner.search(received):
                self._end(seq, Outcome.OK)
            elif not chunk or len(received) >= BANNER_LIMIT:
                shown = bytes(received[:60]).decode("utf-8", "replace")
                self._end(seq, Outcome.WRONG, {"why": f"banner {shown!r}"})

        self.hub.watch(connection.sock, selectors.EVENT_READ, ready)
