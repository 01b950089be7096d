# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A long stream: one connection that is kept, with a question on it at every slot.

New connections show when a service can be reached again; a stream shows what becomes of the
connections that were there before. Most failovers break them; this tells when the client notices.
"""

from __future__ import annotations

import errno
import os
import selectors
import socket
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from typing import Any, Optional

from ..model import Outcome
from .connecting import Connection, open_connection
from .http import HttpCheck
from .http_wire import ResponseReader
from .prober import Answer, Endpoint, Prober, outcome_of, resolve

__all__ = ["Dialogue", "HttpDialogue", "LineDialogue", "StreamProber"]

READ_BYTES = 65536
GIVE_UP_MS = 3000
BACKLOG_BYTES = 1 << 20
"""Unsent questions beyond this mean that the connection is stuck; it is given up."""


class Dialogue(ABC):
    """What is said on a stream: questions to bytes, bytes to answers in the order asked. No I/O.

    ``ended``: the service has said with its last answer that it answers nothing more on this connection.
    """

    ended = False

    @abstractmethod
    def begin(self) -> None:
        """A new connection: forget what was half received."""

    @abstractmethod
    def question(self, seq: int) -> bytes:
        """The bytes that ask question ``seq``."""

    @abstractmethod
    def hear(self, data: bytes) -> list[tuple[Optional[int], Outcome, Mapping[str, Any]]]:
        """The answers that ``data`` completes: (question, or None for the oldest open one, outcome, detail).

        Raises ValueError when the other side does not speak the language.
        """


class LineDialogue(Dialogue):
    """Lines to an echo service, each with its number; what is appended names who answered."""

    def __init__(self) -> None:
        self._token = os.urandom(4).hex().encode()
        self._rest = b""

    def begin(self) -> None:
        """Forget half a line."""
        self._rest = b""

    def question(self, seq: int) -> bytes:
        """One line."""
        return b"%s %d .\n" % (self._token, seq)

    def hear(self, data: bytes) -> list[tuple[Optional[int], Outcome, Mapping[str, Any]]]:
        """One answer per line."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        found: list[tuple[Optional[int], Outcome, Mapping[str, Any]]] = []
        for line in lines:
            words = line.split(b" ", 2)
            if len(words) != 3 or words[0] != self._token or not words[1].isdigit() or not words[2].startswith(b"."):
                raise ValueError(f"not an echo of what was sent: {line[:60]!r}")
            who = words[2][1:65].decode("utf-8", "replace").strip()
            found.append((int(words[1]), Outcome.OK, {"who": who} if who else {}))
        return found


class HttpDialogue(Dialogue):
    """GET requests on a connection that is kept alive, answered in order (RFC 9112, 9.3.2)."""

    def __init__(self, check: HttpCheck) -> None:
        self._check = check
        self._reader = ResponseReader()

    def begin(self) -> None:
        """Forget half an answer."""
        self._reader = ResponseReader()
        self.ended = False

    def question(self, seq: int) -> bytes:
        """One request."""
        return self._check.request(keep=True)

    def hear(self, data: bytes) -> list[tuple[Optional[int], Outcome, Mapping[str, Any]]]:
        """One answer per response."""
        found: list[tuple[Optional[int], Outcome, Mapping[str, Any]]] = []
        while True:
            response = self._reader.feed(data)
            if response is None:
                return found
            found.append((None, *self._check.judge(response)))
            data = self._reader.rest()
            self._reader = ResponseReader()
            self.ended = not response.keeps_connection
            if not data or self.ended:
                return found


class StreamProber(Prober):
    """Keeps one connection and asks on it at every slot; the slot after a break connects anew.

    A break ends all open questions as ``reset`` and is noted once, as ``broke`` in the detail of
    the next sample. A connection whose oldest question has been open for ``give_up_ms`` is given
    up, too, as a patient client would in the end. A service that takes its leave in order, as web
    servers do after so many requests, breaks nothing: what is open is asked on a new connection.
    """

    def open(self) -> None:
        """Resolve the target and choose the language."""
        options = self.spec.options
        check = HttpCheck(options, self.spec.target, self.spec.port)
        http = options.get("protocol", "echo") == "http"
        self.dialogue: Dialogue = HttpDialogue(check) if http else LineDialogue()
        found = resolve(self.spec, socket.SOCK_STREAM)
        self.endpoint = Endpoint(found.family, (found.address[0], self.spec.port or check.port, *found.address[2:]))
        patience_us = round(float(options.get("give_up_ms", GIVE_UP_MS)) * 1000)
        self.give_up_slots = max(1, max(patience_us, self.spec.timeout_us) // self.spec.interval_us)
        self.connection: Optional[Connection] = None
        self.connected = False
        # A question that timed out stays in the row: its answer is still to come, and must not be
        # taken for another's.
        self.asked: deque[int] = deque()
        self.out = bytearray()
        self.note: Optional[str] = None

    def send(self, seq: int) -> None:
        """Ask on the connection there is, or open one first."""
        if self.asked and seq - self.asked[0] >= self.give_up_slots:
            self._break(Outcome.RESET, "given up")
        self.asked.append(seq)
        if self.connection is not None:
            self.out += self.dialogue.question(seq)
            if len(self.out) > BACKLOG_BYTES:
                self._break(Outcome.RESET, "stuck")
            elif self.connected:
                self._flush()
            return
        self._connect()

    def abandon(self, seq: int) -> Optional[Answer]:
        """The question stays in the row; a break that nobody has told yet is told with its loss."""
        if self.note is None:
            return None
        return Answer(Outcome.TIMEOUT, {"broke": self._told()}, self.hub.age_us(seq))

    def close(self) -> None:
        """Close the connection."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def _connect(self) -> None:
        """Open a connection and ask everything that is open on it."""
        self.dialogue.begin()
        self.out = bytearray(b"".join(self.dialogue.question(seq) for seq in self.asked))
        self.connected = False
        connection = open_connection(self.spec, self.endpoint, self.hub, self._connected, self._refused)
        if connection is not None:
            self.connection = connection

    def _connected(self, connection: Connection) -> None:
        self.connection = connection
        self.connected = True
        self._flush()

    def _refused(self, outcome: Outcome, why: str) -> None:
        # A connection that never was is no broken stream.
        self.connection = None
        questions, self.asked = self.asked, deque()
        for seq in questions:
            self._end(seq, outcome, {"why": why} if outcome is Outcome.LOCAL else {})

    def _break(self, outcome: Outcome, why: str) -> None:
        if self.connected:
            self.note = why
        self.close()
        self.connected = False
        questions, self.asked = self.asked, deque()
        for seq in questions:
            self._end(seq, outcome, {})

    def _end(self, seq: int, outcome: Outcome, detail: Mapping[str, Any]) -> None:
        if self.hub.waits(seq):
            if self.note is not None:
                detail = {**detail, "broke": self._told()}
            self.hub.done(seq, outcome, detail or None)

    def _told(self) -> str:
        told, self.note = self.note or "", None
        return told

    def _flush(self) -> None:
        connection = self.connection
        if connection is None:
            return
        try:
            while self.out:
                del self.out[: connection.sock.send(self.out)]
            self.hub.watch(connection.sock, selectors.EVENT_READ, self._ready)
        except BlockingIOError:
            self.hub.watch(connection.sock, selectors.EVENT_READ | selectors.EVENT_WRITE, self._ready)
        except OSError as error:
            self._break(outcome_of(error.errno), error.strerror or str(error))

    def _ready(self, mask: int) -> None:
        connection = self.connection
        if connection is None:
            return
        try:
            if mask & selectors.EVENT_READ:
                data = connection.sock.recv(READ_BYTES)
                if not data:
                    raise ConnectionResetError(errno.ECONNRESET, "closed by the service")
                self._hear(data)
        except BlockingIOError:
            pass
        except OSError as error:
            self._break(outcome_of(error.errno), error.strerror or str(error))
        except ValueError as error:
            self._break(Outcome.WRONG, str(error)[:120])
        if mask & selectors.EVENT_WRITE and self.connection is connection:
            self._flush()

    def _hear(self, data: bytes) -> None:
        for seq, outcome, detail in self.dialogue.hear(data):
            while self.asked:
                oldest = self.asked.popleft()
                if seq is None or oldest == seq:
                    self._end(oldest, outcome, detail)
                    break
        if self.dialogue.ended:
            self._part()

    def _part(self) -> None:
        """The service has taken its leave."""
        self.close()
        self.connected = False
        self.asked = deque(seq for seq in self.asked if self.hub.waits(seq))
        if self.asked:
            self._connect()
