# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What we sent: sequence numbers, the history for retransmission, and who has acknowledged what.

Source: Linux-HA heartbeat 3.0.6, as measured (sender, ACK, retransmission request, negative answer).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from .message import Message

#: sequenced messages kept for retransmission
HISTORY = 500
#: messages that one request can bring back
PER_REQUEST = 50
#: unacknowledged messages from which on the C daemon warns
FILLING = 375


@dataclass
class _Kept:
    message: Message
    resent_ns: int | None = None


class Resend(NamedTuple):
    """The answer to a retransmission request. ``nak``: (sequence number, why); ``beyond``: never sent, bogus."""

    messages: tuple[Message, ...]
    nak: tuple[tuple[int, str], ...]
    beyond: bool


class Outbox:
    """Invariant: the history is a contiguous run of numbers that ends at ``highest`` (or is empty)."""

    def __init__(self) -> None:
        self.highest = 0
        self._history: dict[int, _Kept] = {}
        self._acknowledged: dict[str, int] = {}
        self._baseline: dict[str, int] = {}

    def number(self) -> int:
        """The next sequence number, from 1 on."""
        self.highest += 1
        return self.highest

    def keep(self, seq: int, message: Message) -> None:
        """Remember a message that is just being sent; the oldest beyond 500 is forgotten."""
        self._history[seq] = _Kept(message)
        if len(self._history) > HISTORY:
            del self._history[next(iter(self._history))]

    def acknowledge(self, peer: str, seq: int, live: Iterable[str]) -> bool:
        """A peer has everything up to ``seq``. False (and nothing changes) when that was never sent.

        What every peer in ``live`` has acknowledged is freed.
        """
        if seq > self.highest:
            return False
        if seq > self._acknowledged.get(peer, 0):
            self._acknowledged[peer] = seq
            self._free(min((self._acknowledged.get(name, 0) for name in live), default=0))
        return True

    def restarted(self, peer: str) -> None:
        """A peer's new incarnation knows nothing of what its predecessor acknowledged, and needs nothing older."""
        self._acknowledged.pop(peer, None)
        self._baseline[peer] = self.highest

    def forget(self, peer: str) -> None:
        """The peer is no longer configured."""
        self._acknowledged.pop(peer, None)
        self._baseline.pop(peer, None)

    def unacknowledged(self, live: Iterable[str]) -> int:
        """How many messages the slowest of the live peers has not acknowledged (0 without live peers)."""
        reached = [max(self._acknowledged.get(name, 0), self._baseline.get(name, 0)) for name in live]
        return self.highest - min(reached, default=self.highest)

    def resend(self, peer: str, first: int, last: int, now_ns: int, spacing_ns: int) -> Resend:
        """Answer a request for ``first..last``, both included.

        At most 50 messages, each at most once in ``spacing_ns``; what the peer has acknowledged is left out.
        """
        messages: list[Message] = []
        nak: list[tuple[int, str]] = []
        begin = max(first, self._acknowledged.get(peer, 0) + 1)
        end = min(last, self.highest, begin + PER_REQUEST - 1)
        oldest = next(iter(self._history), self.highest + 1)
        for seq in range(begin, end + 1):
            kept = self._history.get(seq)
            if kept is None:
                nak.append((seq, "seqno too low" if seq < oldest else "seqno not found"))
            elif kept.resent_ns is None or now_ns - kept.resent_ns >= spacing_ns:
                kept.resent_ns = now_ns
                messages.append(kept.message)
        return Resend(tuple(messages), tuple(nak), last > self.highest)

    def _free(self, up_to: int) -> None:
        for seq in [seq for seq in self._history if seq <= up_to]:
            del self._history[seq]
