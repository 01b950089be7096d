# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""UDP echo: the finest measure there is, one datagram each way and nothing else in between.

Needs an echo service on the target (``python3 -m drill respond udp``). What the service appends
to the datagram is taken as its name.
"""

from __future__ import annotations

import os
import selectors
import socket
import struct
from typing import Optional

from ..model import Outcome
from .prober import Answer, Prober, outcome_of, resolve

__all__ = ["UdpProber", "datagram", "parse_datagram"]

MAGIC = b"sfdr"
TOKEN_BYTES = 8
HEAD = len(MAGIC) + TOKEN_BYTES + 8
RECEIVE_BUFFER = 1 << 20
# ip(7), ipv6(7): deliver ICMP errors together with the datagram they are about. Python has no names for them.
RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
MSG_ERRQUEUE = 0x2000
NAME_LIMIT = 64


def datagram(token: bytes, seq: int) -> bytes:
    """What is sent for a slot."""
    return MAGIC + token + struct.pack("!Q", seq)


def parse_datagram(data: bytes, token: bytes) -> Optional[tuple[int, str]]:
    """(slot, name of who answered) out of one of our own datagrams, else None."""
    if len(data) < HEAD or not data.startswith(MAGIC + token):
        return None
    (seq,) = struct.unpack_from("!Q", data, HEAD - 8)
    return int(seq), data[HEAD : HEAD + NAME_LIMIT].decode("utf-8", "replace").strip()


class UdpProber(Prober):
    """All attempts share one socket; ICMP errors are matched to the attempt they are about."""

    def open(self) -> None:
        """Resolve the target and open the socket."""
        self.family, self.address = resolve(self.spec, socket.SOCK_DGRAM)
        self.token = os.urandom(TOKEN_BYTES)
        self.sock = socket.socket(self.family, socket.SOCK_DGRAM)
        self.sock.setblocking(False)
        # Answers wait here while this process is not run: they must not be dropped then.
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self.sock.setsockopt(*RECVERR[self.family], 1)
        if self.spec.source:
            self.sock.bind((self.spec.source, 0))
        self.hub.watch(self.sock, selectors.EVENT_READ, self._ready)

    def send(self, seq: int) -> None:
        """Send the datagram of a slot."""
        try:
            self._send(datagram(self.token, seq))
        except BlockingIOError:
            self.hub.done(seq, Outcome.LOCAL, {"why": "send buffer full"})
        except OSError as error:
            outcome = outcome_of(error.errno)
            self.hub.done(seq, outcome, {"why": str(error)} if outcome is Outcome.LOCAL else None)

    def _send(self, data: bytes) -> None:
        try:
            self.sock.sendto(data, self.address)
        except BlockingIOError:
            raise
        except OSError:
            # Most likely an earlier datagram's error, reported at this one's expense. It is
            # cleared now; if this one has an error of its own, it comes again.
            self._read_errors()
            self.sock.sendto(data, self.address)

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
                self._read_errors()
                return
            except OSError:
                self._read_errors()
                continue
            found = parse_datagram(data, self.token)
            if found is not None:
                seq, who = found
                self.hub.done(seq, Outcome.OK, {"who": who} if who else None)

    def _read_errors(self) -> None:
        while True:
            try:
                data, ancillary, _flags, _address = self.sock.recvmsg(2048, 512, MSG_ERRQUEUE)
            except OSError:
                return
            found = parse_datagram(data, self.token)
            for _level, _kind, content in ancillary:
                if found is not None and len(content) >= 4:
                    (number,) = struct.unpack_from("=I", content)
                    self.hub.done(found[0], outcome_of(number))
