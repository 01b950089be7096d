# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one peer sent: generation, order, gaps, acknowledgements, retransmission requests.

Safety first: (generation, sequence) only ever rises. A message of an older incarnation is a replay,
whatever it says; the next incarnation begins with a ``status``, and everything else of it waits for that.
There is no in-order delivery: what comes after a gap is taken while the gap is being asked for.
Source: Linux-HA heartbeat 3.0.6, as measured (receiver, ACK, retransmission request).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Callable

from .envelope import Envelope
from .errors import Reason

#: gaps larger than this are not asked for again
MAX_MISSING = 250
#: requests for one message before it is given up (the peer is alive, but can't or won't answer)
MAX_REQUESTS = 100
_ACK_EVERY = 10


@dataclass(frozen=True)
class Taken:
    """What became of a message. ``refused`` None: its content counts."""

    refused: Reason | None = None
    restarted: bool = False
    after_partition: bool = False
    #: cumulative acknowledgement to send now
    ack: int | None = None
    #: messages found missing by this one
    lost: int = 0
    #: messages given up because the gap is too large
    given_up: int = 0
    #: this one closed the last gap
    complete: bool = False


@dataclass
class _Missing:
    ask_ns: int
    asked: int = 0


class Inbox:
    """Delivery state of one peer. ``residue`` (0..9) decides which sequence numbers are acknowledged."""

    def __init__(self, residue: int) -> None:
        self._residue = residue % _ACK_EVERY
        self.generation: int | None = None
        self.last_seq: int | None = None
        self._status_seq = 0
        self._acked = 0
        self._missing: dict[int, _Missing] = {}

    @property
    def missing(self) -> list[int]:
        """Sequence numbers known to be missing, ascending."""
        return sorted(self._missing)

    def speaks_for(self, envelope: Envelope) -> Reason | None:
        """Why a message that has no sequence number (``NS_*``) must not be believed, or None."""
        if self.generation is None or envelope.generation > self.generation:
            return Reason.UNKNOWN_INCARNATION
        return Reason.REPLAY if envelope.generation < self.generation else None

    def take(self, envelope: Envelope, seq: int, *, dead: bool, now_ns: int, delay_ns: Callable[[], int]) -> Taken:
        """Account for a sequenced message. ``dead``: membership holds the peer dead.
        ``delay_ns()`` says how long to wait before a missing message is asked for."""
        is_status = envelope.kind == "status"
        if self.generation is not None and envelope.generation < self.generation:
            return Taken(Reason.REPLAY)
        restarted = after_partition = False
        given_up = 0
        if self.generation is None:
            self._begin(envelope.generation)
        elif envelope.generation > self.generation:
            if not is_status:
                return Taken(Reason.UNKNOWN_INCARNATION)
            restarted = True
            self._begin(envelope.generation)
        elif is_status and dead and envelope.generation > 0:
            if seq <= self._status_seq:
                return Taken(Reason.STALE_STATUS)
            after_partition = True
            given_up = self._resynchronise(seq)
        taken = self._place(seq, now_ns, delay_ns)
        if taken.refused is None and is_status:
            taken = replace(taken, refused=self._status_order(seq))
        return replace(taken, restarted=restarted, after_partition=after_partition, given_up=given_up or taken.given_up)

    def _resynchronise(self, seq: int) -> int:
        """What was said while we held the peer dead is no news any more, and could only mislead if it came now."""
        if self.last_seq is None or seq <= self.last_seq:
            return 0
        given_up = seq - self.last_seq - 1 + len(self._missing)
        self._missing.clear()
        self.last_seq = None
        return given_up

    def _begin(self, generation: int) -> None:
        self.generation = generation
        self.last_seq = None
        self._status_seq = 0
        self._missing.clear()

    def _place(self, seq: int, now_ns: int, delay_ns: Callable[[], int]) -> Taken:
        lost = given_up = 0
        late = False
        if self.last_seq is None:
            self._acked = seq - 1
            self.last_seq = seq
        elif seq > self.last_seq:
            gap = seq - self.last_seq - 1
            if gap + len(self._missing) > MAX_MISSING:
                given_up = gap + len(self._missing)
                self._missing.clear()
                self._acked = seq - 1
            else:
                lost = gap
                for number in range(self.last_seq + 1, seq):
                    self._missing[number] = _Missing(now_ns + delay_ns())
            self.last_seq = seq
        elif seq in self._missing:
            del self._missing[seq]
            late = True
        elif self.last_seq - seq > MAX_MISSING:  # nobody retransmits that: it was recorded long ago
            return Taken(Reason.REPLAY)
        else:
            return Taken(Reason.DUPLICATE)
        complete = late and not self._missing
        return Taken(ack=self._acknowledgement(), lost=lost, given_up=given_up, complete=complete)

    def _status_order(self, seq: int) -> Reason | None:
        """A status that is overtaken by a later one of the same incarnation says nothing any more."""
        if seq < self._status_seq:
            return Reason.STALE_STATUS
        self._status_seq = seq
        return None

    def _acknowledgement(self) -> int | None:
        """The highest number of our residue below the first gap, when it is news."""
        if self.last_seq is None:
            return None
        reached = min(self._missing) - 1 if self._missing else self.last_seq
        candidate = reached - (reached - self._residue) % _ACK_EVERY
        if candidate <= self._acked:
            return None
        self._acked = candidate
        return candidate

    def lost_for_good(self, seq: int) -> bool:
        """The peer can't send that message again (negative answer). Was it missing?"""
        return self._missing.pop(seq, None) is not None

    def due(self, now_ns: int, interval_ns: int) -> list[int]:
        """Numbers to ask for now, ascending; each is asked for again after ``interval_ns``, but not for ever."""
        asking = [seq for seq, item in self._missing.items() if item.ask_ns <= now_ns]
        for seq in asking:
            item = self._missing[seq]
            item.ask_ns = now_ns + interval_ns
            item.asked += 1
            if item.asked > MAX_REQUESTS:
                del self._missing[seq]
        return sorted(seq for seq in asking if seq in self._missing)

    def abandon(self) -> int:
        """The peer is not up any more: stop asking. Returns how many messages are given up."""
        count = len(self._missing)
        self._missing.clear()
        return count

    def next_deadline(self) -> int | None:
        """When something may be due (ns), or None."""
        return min((item.ask_ns for item in self._missing.values()), default=None)
