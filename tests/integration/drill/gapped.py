# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A responder with gaps that keeps its own record of them – the truth that probes are held to.

It decides by the time at which the kernel received a datagram (SO_TIMESTAMPNS), not by the time
at which it got round to reading it: a busy machine may delay this process, but it cannot shift
the gap. What it ignored and what it answered is written down by slot.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from dataclasses import dataclass, field

from drill.probe.udp import HEAD

SO_TIMESTAMPNS = 35


@dataclass
class Record:
    """What the responder did during a run."""

    gaps_ns: list[tuple[int, int]] = field(default_factory=list)
    """Planned gaps, wall clock, end excluded."""
    ignored: list[int] = field(default_factory=list)
    """Slots it did not answer, as their datagrams arrived."""
    arrivals_ns: dict[int, int] = field(default_factory=dict)
    """When the kernel received the datagram of a slot."""
    unstamped: int = 0

    def ignored_in(self, gap: tuple[int, int]) -> list[int]:
        """The slots that fell into a gap."""
        return [seq for seq in self.ignored if gap[0] <= self.arrivals_ns[seq] < gap[1]]

    def recorded_us(self, gap: tuple[int, int]) -> int:
        """How long the responder was silent, in terms of what arrived: from the first datagram
        it ignored to the first one it answered afterwards."""
        ignored = [self.arrivals_ns[seq] for seq in self.ignored_in(gap)]
        answered = [at for at in self.arrivals_ns.values() if at >= gap[1]]
        return (min(answered) - min(ignored)) // 1000


class GappedResponder(threading.Thread):
    """Echoes datagrams on loopback, except while it is to be away."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sock.bind(("127.0.0.1", 0))
        self.sock.settimeout(0.1)
        self.port: int = self.sock.getsockname()[1]
        self.record = Record()
        self._ending = False

    def plan(self, gaps_ms: list[int], lead_ms: int, apart_ms: int) -> int:
        """Lay gaps out from now on; returns when (wall clock, ns) the last one will have passed."""
        at_ns = time.time_ns() + lead_ms * 1_000_000
        for gap_ms in gaps_ms:
            self.record.gaps_ns.append((at_ns, at_ns + gap_ms * 1_000_000))
            at_ns += (gap_ms + apart_ms) * 1_000_000
        return at_ns

    def run(self) -> None:
        while not self._ending:
            try:
                data, ancillary, _flags, sender = self.sock.recvmsg(2048, 64)
            except TimeoutError:
                continue
            at_ns = time.time_ns()
            for level, kind, content in ancillary:
                if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                    seconds, nanoseconds = struct.unpack("qq", content[:16])
                    at_ns = seconds * 1_000_000_000 + nanoseconds
                    break
            else:
                self.record.unstamped += 1
            (seq,) = struct.unpack_from("!Q", data, HEAD - 8)
            self.record.arrivals_ns[seq] = at_ns
            if any(begin <= at_ns < end for begin, end in self.record.gaps_ns):
                self.record.ignored.append(seq)
            else:
                self.sock.sendto(data, sender)

    def end(self) -> Record:
        """Stop, and hand over the record."""
        self._ending = True
        self.join(5)
        self.sock.close()
        return self.record
