# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One probe of a run: its pace, the attempts in flight, and the samples they become."""

from __future__ import annotations

import selectors
from collections.abc import Callable, Mapping
from typing import Any, Optional

from ..model import Outcome, Sample
from .kinds import PROBERS
from .pace import Pace
from .prober import Answer, Hub, Watched
from .spec import ProbeSpec
from .writes import WriteProber

__all__ = ["MAX_IN_FLIGHT", "Lane"]

NEVER_NS = 2**62
GRACE_NS = 50_000_000
MAX_IN_FLIGHT = 1000
"""Attempts of one probe that may be unanswered at a time; more are not sent but noted."""


class _Attempt:
    __slots__ = ("deadline_ns", "late_ns", "sent_ns")

    def __init__(self, sent_ns: int, late_ns: int, deadline_ns: int) -> None:
        self.sent_ns = sent_ns
        self.late_ns = late_ns
        self.deadline_ns = deadline_ns


class Lane(Hub):
    """Ties a prober to the runner's clock and selector. Samples go to ``record``."""

    def __init__(
        self,
        spec: ProbeSpec,
        selector: selectors.BaseSelector,
        clock: Callable[[], int],
        record: Callable[[Sample], None],
        run_id: str,
    ) -> None:
        self.spec = spec
        self._selector = selector
        self._clock = clock
        self._record = record
        self._attempts: dict[int, _Attempt] = {}
        self._pace = Pace(NEVER_NS, spec.interval_us * 1000)
        self._epoch_ns = 0
        self.prober = PROBERS[spec.kind](spec, self)
        if isinstance(self.prober, WriteProber):
            self.prober.run_id = run_id

    def start(self, epoch_ns: int, first_ns: int) -> None:
        """Begin the pace: slot 0 is due at ``first_ns``; samples count from ``epoch_ns``."""
        self._epoch_ns = epoch_ns
        self._pace = Pace(first_ns, self.spec.interval_us * 1000)

    @property
    def in_flight(self) -> int:
        """How many attempts wait for their answer."""
        return len(self._attempts)

    def next_ns(self, sending: bool) -> int:
        """When this lane wants to be woken next: its next slot or its oldest deadline."""
        wanted = [self._pace.due_ns] if sending else []
        if self._attempts:
            wanted.append(next(iter(self._attempts.values())).deadline_ns)
        return min(wanted) if wanted else NEVER_NS

    def fire(self, now_ns: int) -> None:
        """Send the attempt that is due, if one is."""
        slot = self._pace.take(now_ns)
        if slot is None:
            return
        sent_ns = self._clock()
        attempt = _Attempt(sent_ns, slot.late_ns + sent_ns - now_ns, sent_ns + self.spec.timeout_us * 1000)
        full = len(self._attempts) >= MAX_IN_FLIGHT
        self._attempts[slot.seq] = attempt
        if full:
            self.done(slot.seq, Outcome.LOCAL, {"why": f"{MAX_IN_FLIGHT} attempts in flight"})
        else:
            self.prober.send(slot.seq)

    def forgive(self, stall_ns: int) -> None:
        """The process was not run for so long. Answers that came meanwhile are about to be read;
        attempts that take several steps get a moment to make them."""
        grace_ns = min(stall_ns, GRACE_NS)
        for attempt in self._attempts.values():
            attempt.deadline_ns += grace_ns

    def expire(self, now_ns: int) -> None:
        """End the attempts whose time is over. All have the same timeout, so they are in order."""
        while self._attempts:
            seq, attempt = next(iter(self._attempts.items()))
            if attempt.deadline_ns > now_ns:
                return
            answer = self.prober.abandon(seq) or Answer(Outcome.TIMEOUT, None, self.age_us(seq))
            self._end(seq, answer)

    def close(self) -> None:
        """End everything that is still in flight as PENDING and release the sockets."""
        for seq in list(self._attempts):
            self.prober.abandon(seq)
            self.done(seq, Outcome.PENDING)
        self.prober.close()

    def watch(self, sock: Watched, events: int, ready: Callable[[int], None]) -> None:
        """Watch a socket, or change how it is watched."""
        try:
            self._selector.modify(sock, events, ready)
        except KeyError:
            self._selector.register(sock, events, ready)

    def unwatch(self, sock: Watched) -> None:
        """Stop watching a socket."""
        try:
            self._selector.unregister(sock)
        except (KeyError, ValueError):
            pass

    def done(self, seq: int, outcome: Outcome, detail: Optional[Mapping[str, Any]] = None) -> None:
        """Turn an attempt into a sample; the first report wins."""
        age_us = self.age_us(seq)
        if outcome is Outcome.OK and age_us > self.spec.timeout_us:
            # It may have come in time, or not: it lay unread while this process was not run.
            outcome, detail = Outcome.LOCAL, {"why": "read too late to tell"}
        self._end(seq, Answer(outcome, detail, age_us))

    def waits(self, seq: int) -> bool:
        """Whether an attempt is still in flight."""
        return seq in self._attempts

    def age_us(self, seq: int) -> int:
        """How long ago an attempt was sent."""
        attempt = self._attempts.get(seq)
        return 0 if attempt is None else (self._clock() - attempt.sent_ns) // 1000

    def _end(self, seq: int, answer: Answer) -> None:
        attempt = self._attempts.pop(seq, None)
        if attempt is not None:
            sent_us = (attempt.sent_ns - self._epoch_ns) // 1000
            late_us = attempt.late_ns // 1000
            self._record(Sample(seq, sent_us, late_us, answer.outcome, answer.latency_us, answer.detail))
