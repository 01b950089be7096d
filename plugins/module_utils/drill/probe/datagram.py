# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What probes have in common that ask with one packet and are answered with one: a socket that all attempts share."""

from __future__ import annotations

import os
import selectors
import socket
from abc import abstractmethod
from typing import Any, Optional

from ..model import Outcome
from .prober import Answer, Prober, outcome_of, resolve

__all__ = ["TOKEN_BYTES", "DatagramProber"]

TOKEN_BYTES = 8
RECEIVE_BUFFER = 1 << 20


class DatagramProber(Prober):
    """A random token tells our answers from everybody else's.

    The socket stays unconnected on purpose: a connected one reports an earlier packet's error at a later packet's
    send, and that packet would never leave.
    """

    family: socket.AddressFamily
    address: tuple[Any, ...]

    def open(self) -> None:
        """Resolve the target and open the socket."""
        self.family, self.address = resolve(self.spec, socket.SOCK_DGRAM)
        self.token = os.urandom(TOKEN_BYTES)
        self.sock = self.make_socket()
        self.sock.setblocking(False)
        # Answers wait here while this process is not run: they must not be dropped then.
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        if self.spec.source:
            self.sock.bind((self.spec.source, 0))
        self.hub.watch(self.sock, selectors.EVENT_READ, self._ready)

    @abstractmethod
    def make_socket(self) -> socket.socket:
        """The socket, for ``self.family``. May raise OSError."""

    @abstractmethod
    def packet(self, seq: int) -> bytes:
        """What is sent for a slot."""

    @abstractmethod
    def read(self, data: bytes) -> Optional[tuple[int, str]]:
        """(slot, name of who answered, where that is told) of an answer to one of our packets, else None."""

    def transmit(self, data: bytes) -> None:
        """Send a packet. May raise OSError."""
        self.sock.sendto(data, self.address)

    def read_errors(self) -> None:
        """Take in what the socket has to tell about earlier packets; those run into their timeout otherwise."""

    def send(self, seq: int) -> None:
        """Send the packet of a slot."""
        try:
            self.transmit(self.packet(seq))
        except BlockingIOError:
            self.hub.done(seq, Outcome.LOCAL, {"why": "send buffer full"})
        except OSError as error:
            outcome = outcome_of(error.errno)
            self.hub.done(seq, outcome, {"why": str(error)} if outcome is Outcome.LOCAL else None)

    def abandon(self, seq: int) -> Optional[Answer]:
        """Nothing to drop: the attempts share one socket."""
        return None

    def close(self) -> None:
        """Close the socket."""
        self.hub.unwatch(self.sock)
        self.sock.close()

    def _ready(self, _mask: int) -> None:
        while True:
            try:
                data = self.sock.recv(2048)
            except BlockingIOError:
                self.read_errors()
                return
            except OSError:  # about an earlier packet
                self.read_errors()
                continue
            found = self.read(data)
            if found is not None:
                seq, who = found
                self.hub.done(seq, Outcome.OK, {"who": who} if who else None)
