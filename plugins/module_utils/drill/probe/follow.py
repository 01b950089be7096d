# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches a run while it goes on: have all probes been answered without a gap for long enough?

This is how a drill waits for recovery: for what the client sees, instead of for a time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Optional

from ..model import Outcome

__all__ = ["Follower", "LaneStreak"]

POLL_SECONDS = 0.05


@dataclass
class LaneStreak:
    """The newest unbroken row of good answers of one probe, by sending time."""

    name: str
    interval_us: int
    floor_us: int
    """After so long, timeout and interval, an attempt that nothing is known of was never made."""
    good_us: int = -1
    bad_us: int = -1
    newest: int = -1
    """The highest attempt that has ended."""
    first_us: int = 0
    """When attempt 0 was due."""
    open: set[int] = field(default_factory=set)
    """Attempts below it that have not: under way, or left out."""

    def take(self, seq: int, sent_us: int, late_us: int, outcome: str) -> None:
        """One attempt has ended."""
        self.first_us = sent_us - late_us - seq * self.interval_us
        self.open.update(range(self.newest + 1, seq))
        self.open.discard(seq)
        self.newest = max(self.newest, seq)
        if outcome == Outcome.OK.value:
            self.good_us = max(self.good_us, sent_us)
        elif outcome != Outcome.PENDING.value:
            self.bad_us = max(self.bad_us, sent_us)

    def length_us(self, since_us: int) -> int:
        """How long the streak has lasted since ``since_us`` at the earliest; what may still fail is not in it."""
        oldest = (self.good_us - self.floor_us - self.first_us) / self.interval_us
        self.open = {seq for seq in self.open if seq > oldest}
        undecided_us = self.first_us + max(self.open) * self.interval_us if self.open else -1
        return self.good_us - max(self.bad_us, since_us, undecided_us)


class Follower:
    """Reads what has been added to the samples file since the last look."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._at = 0
        self._rest = b""
        self.header: Optional[dict[str, Any]] = None
        self.lanes: list[LaneStreak] = []

    def update(self) -> None:
        """Take note of new samples."""
        with open(self._path, "rb") as stream:
            stream.seek(self._at)
            added = stream.read()
        self._at += len(added)
        *lines, self._rest = (self._rest + added).split(b"\n")
        for line in lines:
            self._take(json.loads(line))

    def unsteady(self, steady_us: int, since_us: int) -> list[str]:
        """The probes without a streak of ``steady_us`` since ``since_us``."""
        if self.header is None:
            return ["(not started)"]
        return [lane.name for lane in self.lanes if lane.length_us(since_us) < steady_us]

    def now_us(self) -> int:
        """This instant on the run's axis; only meaningful on the host that runs it."""
        if self.header is None:
            return 0
        return (time.monotonic_ns() - int(self.header["mono_ns"])) // 1000

    def wait(self, steady_us: int, timeout_s: float, alive: Callable[[], bool]) -> list[str]:
        """Wait until every probe is steady, counted from now; returns the names of those that are not."""
        self.update()
        since_us = self.now_us()
        end = time.monotonic() + timeout_s
        while True:
            self.update()
            left = self.unsteady(steady_us, since_us)
            if not left or time.monotonic() > end or not alive():
                return left
            time.sleep(POLL_SECONDS)

    def _take(self, value: Any) -> None:
        if isinstance(value, dict):
            if value.get("t") == "header":
                self.header = value
                self.lanes = [
                    LaneStreak(
                        probe["name"],
                        int(probe["interval_ms"] * 1000),
                        int((probe["timeout_ms"] + probe["interval_ms"]) * 1000),
                    )
                    for probe in value["probes"]
                ]
            return
        self.lanes[value[0]].take(value[1], value[2], value[3], value[4])
