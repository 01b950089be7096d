# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control socket's server side. Root and the group ``haclient`` may use it; the kernel says who asks."""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable

from .protocol import LINE_LIMIT, Request, RequestError, encode, parse_request, verdict

if TYPE_CHECKING:
    from ..host.loop import Loop

GROUP = "haclient"
MAX_CLIENTS = 64
_PENDING_LIMIT = 1 << 22


@dataclass(frozen=True)
class Peer:
    """Who is at the other end (SO_PEERCRED)."""

    pid: int
    uid: int
    gid: int


Reply = Callable[[dict[str, Any]], None]


@dataclass(eq=False)
class _Connection:
    socket: socket.socket
    peer: Peer
    inbox: bytearray = field(default_factory=bytearray)
    outbox: bytearray = field(default_factory=bytearray)
    follows: bool = False  # wants a line for every event


class ControlServer:
    """Accepts clients and hands their requests to ``serve(request, peer, reply)``; ``reply`` may be called later."""

    def __init__(self, loop: Loop, serve: Callable[[Request, Peer, Reply], None]) -> None:
        self._loop, self._serve = loop, serve
        self._path = ""
        self._listener: socket.socket | None = None
        self._connections: set[_Connection] = set()

    def open(self, path: str) -> None:
        """Listen; a socket file that a crashed daemon left behind is replaced (the lock keeps live ones safe)."""
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        mask = os.umask(0o177)  # never open to others, not even between bind and chmod
        try:
            listener.bind(path)
        finally:
            os.umask(mask)
        os.chown(path, 0 if os.geteuid() == 0 else -1, _group_id())
        os.chmod(path, 0o660)
        listener.listen(16)
        self._listener, self._path = listener, path
        self._loop.add_reader(listener, lambda: self._accept(listener))

    def close(self) -> None:
        """Stop listening, drop all clients, remove the socket file."""
        for connection in list(self._connections):
            self._drop(connection)
        if self._listener is not None:
            self._loop.remove(self._listener)
            self._listener.close()
            self._listener = None
            try:
                os.unlink(self._path)
            except OSError:
                pass  # somebody tidied up before us

    def publish(self, event: dict[str, Any]) -> None:
        """Send a line to every client that follows the events; one that does not read is dropped in the end."""
        line = b""
        for connection in [found for found in self._connections if found.follows]:
            line = line or encode(event)
            connection.outbox += line
            self._flush(connection)

    def _accept(self, listener: socket.socket) -> None:
        try:
            client, _address = listener.accept()
        except OSError:
            return  # the client has gone again, or descriptors ran out
        if len(self._connections) >= MAX_CLIENTS:
            client.close()
            return
        client.setblocking(False)
        credentials = client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        connection = _Connection(client, Peer(*struct.unpack("3i", credentials)))
        self._connections.add(connection)
        self._loop.add_reader(client, lambda: self._ready(connection))

    def _ready(self, connection: _Connection) -> None:
        if connection.outbox:
            self._flush(connection)
        try:
            data = connection.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(connection)
            return
        connection.inbox += data
        while b"\n" in connection.inbox and connection in self._connections:
            line, _newline, rest = connection.inbox.partition(b"\n")
            connection.inbox = rest
            self._request(connection, bytes(line))
        if len(connection.inbox) > LINE_LIMIT:
            self._drop(connection)

    def _request(self, connection: _Connection, line: bytes) -> None:
        def reply(answer: dict[str, Any]) -> None:
            if connection in self._connections:
                connection.outbox += encode(answer)
                self._flush(connection)

        try:
            if len(line) > LINE_LIMIT:
                raise RequestError("the line is too long")
            request = parse_request(line)
        except RequestError as error:
            reply(verdict(False, str(error)))
            return
        self._serve(request, connection.peer, reply)
        connection.follows |= request.follow

    def _flush(self, connection: _Connection) -> None:
        try:
            while connection.outbox:
                del connection.outbox[: connection.socket.send(connection.outbox)]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(connection)
            return
        if len(connection.outbox) > _PENDING_LIMIT:  # a client that asks and never reads
            self._drop(connection)
            return
        self._loop.add_writer_too(connection.socket, lambda: self._ready(connection), bool(connection.outbox))

    def _drop(self, connection: _Connection) -> None:
        if connection in self._connections:
            self._connections.discard(connection)
            self._loop.remove(connection.socket)
            connection.socket.close()


def _group_id() -> int:
    import grp  # noqa: PLC0415 - looked up once

    try:
        return grp.getgrnam(GROUP).gr_gid
    except KeyError:
        return os.getegid()
