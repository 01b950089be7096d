# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Echo services for probes to talk to, where the system under test has none that is fine enough.

They answer and do nothing else: UDP datagrams are sent back with the responder's name appended,
lines on a TCP connection likewise. They amplify nothing: an answer is as long as its question,
plus the name.
"""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable

__all__ = ["Responder"]

LINE_LIMIT = 4096
MAX_CONNECTIONS = 200


class Responder:
    """Answers on one address until ``stop()``; UDP and TCP on the same port number."""

    def __init__(self, host: str, port: int, name: str = "", udp: bool = True, tcp: bool = True) -> None:
        self.name = name.encode()
        self._selector = selectors.DefaultSelector()
        self._wake, self._waker = socket.socketpair()
        self._selector.register(self._wake, selectors.EVENT_READ, self._stopped)
        self._running = True
        self._connections: dict[socket.socket, bytearray] = {}
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.port = port
        if udp:
            self._open(family, socket.SOCK_DGRAM, host, self._datagram)
        if tcp:
            self._open(family, socket.SOCK_STREAM, host, self._connection).listen(128)

    def _open(
        self, family: socket.AddressFamily, kind: socket.SocketKind, host: str, ready: Callable[[socket.socket], None]
    ) -> socket.socket:
        sock = socket.socket(family, kind)
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if host == "::":
            # "All" means IPv4, too, whatever net.ipv6.bindv6only says.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind((host, self.port))
        self.port = sock.getsockname()[1]
        self._selector.register(sock, selectors.EVENT_READ, ready)
        return sock

    def run(self) -> None:
        """Answer until stopped."""
        while self._running:
            for key, _mask in self._selector.select():
                if isinstance(key.fileobj, socket.socket):
                    key.data(key.fileobj)
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._waker.close()
        self._selector.close()

    def stop(self) -> None:
        """End ``run``; safe from another thread or a signal handler."""
        self._running = False
        self._waker.send(b"x")

    def _stopped(self, sock: socket.socket) -> None:
        sock.recv(1)

    def _datagram(self, sock: socket.socket) -> None:
        try:
            while True:
                data, sender = sock.recvfrom(2048)
                sock.sendto(data + self.name, sender)
        except OSError:
            # Nothing left to read, or the sender is gone: the next datagram decides.
            return

    def _connection(self, listener: socket.socket) -> None:
        sock, _peer = listener.accept()
        if len(self._connections) >= MAX_CONNECTIONS:
            sock.close()
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[sock] = bytearray()
        self._selector.register(sock, selectors.EVENT_READ, self._line)

    def _line(self, sock: socket.socket) -> None:
        waiting = self._connections[sock]
        try:
            chunk = sock.recv(LINE_LIMIT)
            waiting += chunk
            *lines, rest = bytes(waiting).split(b"\n")
            self._connections[sock] = bytearray(rest)
            answer = b"".join(line + self.name + b"\n" for line in lines)
            # Short answers to a client that reads them always fit; one that does not read is dropped.
            if not chunk or len(rest) > LINE_LIMIT or sock.send(answer) < len(answer):
                raise ConnectionError("the client is done, or floods")
        except BlockingIOError:
            self._drop(sock)
        except OSError:
            self._drop(sock)

    def _drop(self, sock: socket.socket) -> None:
        self._selector.unregister(sock)
        del self._connections[sock]
        sock.close()
