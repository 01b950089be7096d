# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""UDP echo: the finest measure there is, one datagram each way and nothing else in between.

Needs an echo service on the target (``python3 -m drill respond udp``). What the service appends
to the datagram is taken as its name.
"""

from __future__ import annotations

import socket
import struct
from typing import Optional

from .datagram import TOKEN_BYTES, DatagramProber
from .prober import outcome_of

__all__ = ["UdpProber", "datagram", "parse_datagram"]

MAGIC = b"sfdr"
HEAD = len(MAGIC) + TOKEN_BYTES + 8
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


class UdpProber(DatagramProber):
    """ICMP errors are matched to the attempt they are about."""

    def make_socket(self) -> socket.socket:
        """The socket, for ``self.family``."""
        sock = socket.socket(self.family, socket.SOCK_DGRAM)
        sock.setsockopt(*RECVERR[self.family], 1)
        return sock

    def packet(self, seq: int) -> bytes:
        """The datagram of a slot."""
        return datagram(self.token, seq)

    def read(self, data: bytes) -> Optional[tuple[int, str]]:
        """Slot and name of who answered."""
        return parse_datagram(data, self.token)

    def transmit(self, data: bytes) -> None:
        """Send a datagram."""
        try:
            super().transmit(data)
        except BlockingIOError:
            raise
        except OSError:
            # Most likely an earlier datagram's error, reported at this one's expense. It is
            # cleared now; if this one has an error of its own, it comes again.
            self.read_errors()
            super().transmit(data)

    def read_errors(self) -> None:
        """End the attempts that the network has refused."""
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
