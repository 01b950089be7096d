# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Paces all probes of a run in one thread: one selector, one timer, bounded memory.

The order within one turn matters: answers are read before deadlines are judged, and deadlines
before anything new is sent, so that an answer waiting in a socket buffer is never a timeout.
"""

from __future__ import annotations

import gc
import platform
import selectors
import signal
import socket
import time
from collections.abc import Callable
from typing import BinaryIO, Optional

from .. import __version__
from ..model import Sample
from .lane import Lane
from .samples import FORMAT, SampleWriter
from .spec import RunSpec
from .timer import MonotonicTimer, open_timer

__all__ = ["Runner", "clock_pair"]

FLUSH_NS = 200_000_000
CLOCK_NS = 10_000_000_000
DRAIN_NS = 2_000_000_000
"""After the stop, answers still on their way get this long."""
STALL_NS = 5_000_000
"""A turn that begins this much later than planned means that the process was not run."""
FIRST_SLOT_NS = 20_000_000


def clock_pair() -> tuple[int, int]:
    """(monotonic, wall) nanoseconds of one instant; the best of a few readings, since the
    process may be interrupted between two clocks."""
    readings = []
    for _round in range(5):
        before = time.monotonic_ns()
        wall = time.time_ns()
        after = time.monotonic_ns()
        readings.append((after - before, (before + after) // 2, wall))
    _width, monotonic, wall = min(readings)
    return monotonic, wall


class Runner:
    """Runs a RunSpec to its end: the deadline, ``stop()``, or a full file."""

    def __init__(
        self, spec: RunSpec, stream: BinaryIO, started: Callable[[], None] = lambda: None, scheduling: str = "normal"
    ) -> None:
        self.spec = spec
        self._scheduling = scheduling
        self._writer = SampleWriter(stream, spec.max_bytes)
        self._started = started
        self._selector = selectors.DefaultSelector()
        self._timer: Optional[MonotonicTimer] = open_timer()
        self._wake_read, self._wake_write = socket.socketpair()
        self._reason: Optional[str] = None
        self._lanes = [
            Lane(probe, self._selector, time.monotonic_ns, self._recorder(index), spec.run_id)
            for index, probe in enumerate(spec.probes)
        ]

    def stop(self, reason: str = "stopped") -> None:
        """End the run soon; safe to call from a signal handler."""
        self._reason = self._reason or reason

    def install_signals(self) -> None:
        """SIGTERM and SIGINT end the run in order, with a footer."""
        self._wake_write.setblocking(False)
        signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_ignored: self.stop())

    def run(self) -> str:
        """Probe until the end; returns why it ended. Raises OSError when a probe cannot start."""
        self._prepare()
        epoch_ns, wall_ns = clock_pair()
        self._header(epoch_ns, wall_ns)
        end_ns = epoch_ns + int(self.spec.max_seconds * 1e9)
        for index, lane in enumerate(self._lanes):
            # Spread over the interval, so that the probes do not all fire in one instant.
            shift_ns = lane.spec.interval_us * 1000 * index // len(self._lanes)
            lane.start(epoch_ns, epoch_ns + FIRST_SLOT_NS + shift_ns)
        self._writer.flush()
        self._started()
        self._loop(end_ns)
        self._drain()
        for lane in self._lanes:
            lane.close()
        monotonic_ns, wall_ns = clock_pair()
        reason = self._reason or "deadline"
        self._writer.footer(reason=reason, mono_us=(monotonic_ns - epoch_ns) // 1000, wall_ns=wall_ns)
        self._release()
        return reason

    def _prepare(self) -> None:
        self._wake_read.setblocking(False)
        self._selector.register(self._wake_read, selectors.EVENT_READ, self._woken)
        if self._timer is not None:
            timer = self._timer
            self._selector.register(timer, selectors.EVENT_READ, lambda _mask: timer.clear())
        for lane in self._lanes:
            lane.prober.open()
        gc.freeze()

    def _header(self, epoch_ns: int, wall_ns: int) -> None:
        self._writer.note(
            "header",
            format=FORMAT,
            version=__version__,
            run_id=self.spec.run_id,
            mono_ns=epoch_ns,
            wall_ns=wall_ns,
            boot_id=_boot_id(),
            host=platform.node(),
            kernel=platform.release(),
            python=platform.python_version(),
            fine_timer=self._timer is not None,
            scheduling=self._scheduling,
            probes=[probe.public() for probe in self.spec.probes],
        )
        self._epoch_ns = epoch_ns

    def _loop(self, end_ns: int) -> None:
        next_flush_ns = time.monotonic_ns() + FLUSH_NS
        next_clock_ns = next_flush_ns + CLOCK_NS
        while self._reason is None:
            wake_ns = min(end_ns, next_flush_ns, *(lane.next_ns(sending=True) for lane in self._lanes))
            now_ns = self._turn(wake_ns)
            for lane in self._lanes:
                lane.fire(now_ns)
            if now_ns >= next_flush_ns:
                next_flush_ns = now_ns + FLUSH_NS
                if now_ns >= next_clock_ns:
                    next_clock_ns = now_ns + CLOCK_NS
                    monotonic_ns, wall_ns = clock_pair()
                    self._writer.note("clock", mono_us=(monotonic_ns - self._epoch_ns) // 1000, wall_ns=wall_ns)
                self._writer.flush()
            if now_ns >= end_ns:
                self.stop("deadline")

    def _drain(self) -> None:
        end_ns = time.monotonic_ns() + DRAIN_NS
        while any(lane.in_flight for lane in self._lanes) and time.monotonic_ns() < end_ns:
            self._turn(min(end_ns, *(lane.next_ns(sending=False) for lane in self._lanes)))

    def _turn(self, wake_ns: int) -> int:
        """Wait for answers until ``wake_ns``, read them, end what has timed out; the time now."""
        if self._timer is not None:
            self._timer.arm(wake_ns)
            ready = self._selector.select()
        else:
            ready = self._selector.select(max(0.0, (wake_ns - time.monotonic_ns()) / 1e9))
        late_ns = time.monotonic_ns() - wake_ns
        if late_ns > STALL_NS:
            for lane in self._lanes:
                lane.forgive(late_ns)
        for key, mask in ready:
            # An earlier callback of this turn may have closed this socket.
            if self._selector.get_map().get(key.fileobj) is key:
                key.data(mask)
        now_ns = time.monotonic_ns()
        for lane in self._lanes:
            lane.expire(now_ns)
        return now_ns

    def _recorder(self, index: int) -> Callable[[Sample], None]:
        def record(sample: Sample) -> None:
            if not self._writer.sample(index, sample):
                self.stop("file full")

        return record

    def _woken(self, _mask: int) -> None:
        try:
            self._wake_read.recv(64)
        except BlockingIOError:
            pass

    def _release(self) -> None:
        if self._timer is not None:
            self._selector.unregister(self._timer)
            self._timer.close()
        self._selector.close()
        self._wake_read.close()
        self._wake_write.close()


def _boot_id() -> str:
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as stream:
            return stream.read().strip()
    except OSError:
        return ""
