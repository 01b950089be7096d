# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words that probes, analysis and reports share.

Times are integers: nanoseconds (``_ns``) where clocks are read, microseconds (``_us``) in
samples and everything derived from them. Sample times count from the run's own epoch, an
instant on CLOCK_MONOTONIC that the run's header pins to the wall clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple, Optional

__all__ = ["BLIND_OUTCOMES", "Outcome", "Sample", "is_blind", "is_lost"]


class Outcome(str, Enum):
    """How one attempt of a probe ended, as the client saw it."""

    OK = "ok"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    RESET = "reset"
    UNREACHABLE = "unreachable"
    WRONG = "wrong"
    """An answer came, but not the expected one: HTTP status, body, banner, identity."""
    LOCAL = "local"
    """The client host could not even try (no descriptors, no buffers): says nothing of the service."""
    PENDING = "pending"
    """Still unanswered when the run was stopped, before its timeout: says nothing either."""

    def __str__(self) -> str:
        return self.value


BLIND_OUTCOMES = frozenset({Outcome.LOCAL, Outcome.PENDING})


class Sample(NamedTuple):
    """One attempt.

    seq: the slot of the pace this attempt belongs to; slots that were never run leave holes.
    sent_us: when it was sent, since the run's epoch.
    late_us: how much later than its slot that was – the probe's own fault, never the service's.
    latency_us: from sending to the end of the attempt, whatever the outcome.
    detail: what else the probe learnt ("who" answered, "status", "why"), or None.
    """

    seq: int
    sent_us: int
    late_us: int
    outcome: Outcome
    latency_us: int
    detail: Optional[Mapping[str, Any]] = None


def is_blind(sample: Sample) -> bool:
    """Whether this attempt says nothing about the service."""
    return sample.outcome in BLIND_OUTCOMES


def is_lost(sample: Sample) -> bool:
    """Whether the client asked and did not get what it asked for."""
    return sample.outcome is not Outcome.OK and sample.outcome not in BLIND_OUTCOMES
