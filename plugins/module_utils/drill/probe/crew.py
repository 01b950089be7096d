# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads for probes whose requests block: jobs go to whoever is free, results come back in the runner's own thread."""

from __future__ import annotations

import os
import selectors
import threading
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Generic, Optional, TypeVar

from .prober import Hub

__all__ = ["Crew"]

Job = TypeVar("Job")
Result = TypeVar("Result")


class Crew(Generic[Job, Result]):
    """work: called in a thread with each job, None for nothing to tell; told: called in the runner's with a result."""

    def __init__(self, hub: Hub, work: Callable[[Job], Optional[Result]], told: Callable[[Result], None]) -> None:
        self._hub = hub
        self._do = work
        self._told = told
        self._size = 0
        self._jobs: SimpleQueue[Optional[Job]] = SimpleQueue()
        self._results: deque[Result] = deque()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)

    def start(self, size: int) -> None:
        """Let so many threads wait for jobs."""
        self._size = size
        self._hub.watch(self._wake_read, selectors.EVENT_READ, lambda _mask: self._collect())
        # Daemons: one that hangs in a connection must not keep the run from ending.
        for _number in range(size):
            threading.Thread(target=self._work, daemon=True).start()

    def put(self, job: Job) -> None:
        """Hand a job to whoever is free next."""
        self._jobs.put(job)

    def close(self) -> None:
        """Let the threads go once they have nothing more to do."""
        for _number in range(self._size):
            self._jobs.put(None)
        self._hub.unwatch(self._wake_read)
        # The pipe stays open: a thread may be about to write to it, and the process ends soon.

    def _collect(self) -> None:
        try:
            os.read(self._wake_read, 4096)
        except BlockingIOError:
            pass
        while self._results:
            self._told(self._results.popleft())

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            result = self._do(job)
            if result is None:
                continue
            self._results.append(result)
            try:
                os.write(self._wake_write, b".")
            except BlockingIOError:
                # It is full of wake-ups already.
                pass
