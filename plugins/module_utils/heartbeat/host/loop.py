# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The event loop: sockets first, then deadlines, and an honest record of how late it was.

``select`` is used, not epoll: Python rounds epoll time-outs to milliseconds, ``select`` keeps microseconds
(measured: 0.27 ms late instead of 1.2 ms). It allows descriptors below 1024 only; the daemon has a few dozen.
"""

from __future__ import annotations

import heapq
import selectors
from typing import TYPE_CHECKING, Callable, Protocol

from .clock import MS, now_ns

if TYPE_CHECKING:
    import socket

#: Upper bounds of the lateness histogram in microseconds; the last bucket is open.
LATENESS_BOUNDS_US = (100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000)


class Readable(Protocol):
    """Anything with a file descriptor."""

    def fileno(self) -> int:
        """The descriptor."""


class Timer:
    """A pending call; ``cancel`` makes it not happen."""

    __slots__ = ("call", "due_ns")

    def __init__(self, due_ns: int, call: Callable[[], None]) -> None:
        self.due_ns = due_ns
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Forget the call; harmless when it already happened."""
        self.call = None


class Lateness:
    """How late deadlines were met: a histogram and the worst case."""

    def __init__(self) -> None:
        self.counts: list[int] = [0] * (len(LATENESS_BOUNDS_US) + 1)
        self.max_ns = 0
        self.sum_ns = 0
        self.last_ns = 0

    def record(self, late_ns: int) -> None:
        """Note one deadline, met ``late_ns`` after it was due."""
        self.last_ns = late_ns
        self.max_ns = max(self.max_ns, late_ns)
        self.sum_ns += late_ns
        us = late_ns // 1000
        for bucket, bound in enumerate(LATENESS_BOUNDS_US):
            if us <= bound:
                self.counts[bucket] += 1
                return
        self.counts[-1] += 1

    def snapshot(self) -> dict[str, object]:
        """For the status reply: the maximum, the sum, and a cumulative histogram by upper bound in microseconds."""
        total, histogram = 0, {}
        for bound, count in zip((*LATENESS_BOUNDS_US, 0), self.counts):
            total += count
            histogram[str(bound) if bound else "inf"] = total
        return {
            "late_ms_max": round(self.max_ns / MS, 3),
            "late_us_sum": self.sum_ns // 1000,
            "deadlines": total,
            "late_us_le": histogram,
        }


class Loop:
    """Runs callbacks for readable descriptors and due timers until stopped."""

    def __init__(self, clock: Callable[[], int] = now_ns) -> None:
        self._clock = clock
        self._selector = selectors.SelectSelector()
        self._timers: list[tuple[int, int, Timer]] = []
        self._order = 0
        self._stopped = False
        self.lateness = Lateness()
        self.turns = 0

    def now(self) -> int:
        """Nanoseconds, the clock of all deadlines."""
        return self._clock()

    def add_reader(self, source: Readable, call: Callable[[], None]) -> None:
        """Call ``call`` whenever ``source`` is readable."""
        self._selector.register(source, selectors.EVENT_READ, call)

    def add_writer_too(self, source: Readable, call: Callable[[], None], writable: bool) -> None:
        """Change an existing registration: also wake when writable, or no longer."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if writable else 0)
        self._selector.modify(source, events, call)

    def remove(self, source: Readable) -> None:
        """Forget a descriptor; harmless when unknown."""
        try:
            self._selector.unregister(source)
        except (KeyError, ValueError):
            pass  # already closed or never registered

    def call_at(self, due_ns: int, call: Callable[[], None]) -> Timer:
        """Call once at ``due_ns``."""
        timer = Timer(due_ns, call)
        self._order += 1
        heapq.heappush(self._timers, (due_ns, self._order, timer))
        return timer

    def stop(self) -> None:
        """Leave ``run`` after this turn."""
        self._stopped = True

    def run(
        self, next_deadline: Callable[[], int | None], woke: Callable[[int], None], tick: Callable[[], None]
    ) -> None:
        """Run until ``stop``.

        Each turn: wait for data or the earliest deadline; if the deadline was missed by much, ``woke(late_ns)``
        is told before anything else, so that nothing is decided or sent on stale beliefs; then all data is read;
        only then ``tick`` judges deadlines and timers run.
        """
        self._stopped = False
        while not self._stopped:
            self.turn(next_deadline, woke, tick)

    def turn(
        self, next_deadline: Callable[[], int | None], woke: Callable[[int], None], tick: Callable[[], None]
    ) -> None:
        """One turn of ``run``."""
        self.turns += 1
        due = self._earliest(next_deadline())
        timeout = None if due is None else max(0.0, (due - self._clock()) / 1e9)
        ready = self._selector.select(timeout)
        late = 0 if due is None else self._clock() - due
        if due is not None and late >= 0:
            self.lateness.record(late)
            woke(late)
        for key, _events in ready:
            registered = self._selector.get_map().get(key.fd)
            # an earlier callback of this turn may have closed it, and opened another one under its number
            if registered is not None and registered.fileobj is key.fileobj:
                key.data()
        if due is not None and self._clock() >= due:
            tick()
            self._run_timers()

    def _earliest(self, other: int | None) -> int | None:
        while self._timers and self._timers[0][2].call is None:
            heapq.heappop(self._timers)
        if not self._timers:
            return other
        return self._timers[0][0] if other is None else min(other, self._timers[0][0])

    def _run_timers(self) -> None:
        now = self._clock()
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            call, timer.call = timer.call, None
            if call is not None:
                call()

    def close(self) -> None:
        """Release the selector."""
        self._selector.close()


def drain(source: socket.socket, limit: int, size: int = 65536) -> list[bytes]:
    """All datagrams that wait on a non-blocking socket, at most ``limit``. Raises OSError other than EAGAIN, unless
    there were datagrams before it: an error of the device does not take back what has come."""
    found: list[bytes] = []
    while len(found) < limit:
        try:
            found.append(source.recv(size))
        except BlockingIOError:
            break
        except InterruptedError:
            continue
        except OSError:
            if not found:
                raise
            break
    return found
