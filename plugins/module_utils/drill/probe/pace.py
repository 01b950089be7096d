# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pure pacing: slots at absolute deadlines, so that lateness never adds up to drift."""

from __future__ import annotations

from typing import NamedTuple, Optional

__all__ = ["Pace", "Slot"]


class Slot(NamedTuple):
    """A slot that is due: its number, how late it is run, and how many before it never ran."""

    seq: int
    late_ns: int
    skipped: int


class Pace:
    """Slot k is due at ``start_ns + k * interval_ns``.

    A slot that comes late is run late; slots that passed completely in the meantime are
    skipped, never made up for in a burst: a burst would load the target beyond the stated
    rate and would pretend that the probe had looked when it had not.
    """

    def __init__(self, start_ns: int, interval_ns: int) -> None:
        if interval_ns <= 0:
            raise ValueError("a pace needs an interval above zero")
        self.start_ns = start_ns
        self.interval_ns = interval_ns
        self.next_seq = 0

    @property
    def due_ns(self) -> int:
        """When the next slot is due, on the clock that gave ``start_ns``."""
        return self.start_ns + self.next_seq * self.interval_ns

    def take(self, now_ns: int) -> Optional[Slot]:
        """The slot to run now, or None while the next one is not due."""
        if now_ns < self.due_ns:
            return None
        newest = (now_ns - self.start_ns) // self.interval_ns
        slot = Slot(newest, now_ns - (self.start_ns + newest * self.interval_ns), newest - self.next_seq)
        self.next_seq = newest + 1
        return slot
