# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outages as the client saw them.

Attempts every ``interval`` can place the begin and the end of an outage only between two
attempts. So an outage has three lengths:

* ``us``, the estimate: from the sending of the first lost attempt to the sending of the first
  good one after it. On an even pace this differs from the truth by less than one interval,
  either way, plus the probe's own lateness.
* ``at_least_us``: from the first lost attempt to the last lost one; the service was away that long.
* ``at_most_us``: from the last good attempt before to the first good one after; not longer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Optional

from ..model import Sample, is_blind, is_lost
from .blind import Span, overlap_us

__all__ = ["Outage", "find_outages"]


@dataclass(frozen=True)
class Outage:
    """One outage; times on the run's axis, microseconds."""

    begin_us: int
    end_us: int
    at_least_us: int
    at_most_us: int
    lost: int
    outcomes: Mapping[str, int] = field(default_factory=dict)
    recovered: bool = True
    """False: the run ended before the service came back; ``end_us`` is then the run's end."""
    answered_before: bool = True
    """False: there was no good answer before it in this run."""
    blind_us: int = 0
    """How much of ``at_most_us`` the probe was not run itself."""

    @property
    def us(self) -> int:
        """The estimated length."""
        return self.end_us - self.begin_us


@dataclass
class _Open:
    first_us: int
    last_us: int
    good_before_us: Optional[int]
    outcomes: Counter[str] = field(default_factory=Counter)


def find_outages(samples: Sequence[Sample], interval_us: int, blind: Sequence[Span] = ()) -> list[Outage]:
    """All outages in order of time. ``samples`` of one probe, in any order."""
    found: list[Outage] = []
    good_before_us: Optional[int] = None
    current: Optional[_Open] = None
    ordered = sorted((sample for sample in samples if not is_blind(sample)), key=lambda sample: sample.sent_us)
    for sample in ordered:
        if is_lost(sample):
            if current is None:
                current = _Open(sample.sent_us, sample.sent_us, good_before_us)
            current.last_us = sample.sent_us
            current.outcomes[sample.outcome.value] += 1
        else:
            if current is not None:
                found.append(_close(current, sample.sent_us, True, blind))
                current = None
            good_before_us = sample.sent_us
    if current is not None:
        back_us = _answered_us(ordered)
        end_us = current.last_us + interval_us if back_us is None else back_us
        found.append(_close(current, end_us, back_us is not None, blind))
    return found


def _answered_us(ordered: Sequence[Sample]) -> Optional[int]:
    """When the last attempt got what it waited for: the good answer to the one before it. None where there was none.

    A run that is stopped while somebody waits makes no attempt afterwards that could tell.
    """
    last = ordered[-1]
    before = (last.detail or {}).get("waits_for")
    for sample in ordered:
        if sample.seq == before and not is_lost(sample):
            return max(sample.sent_us + sample.latency_us, last.sent_us)
    return None


def _close(current: _Open, end_us: int, recovered: bool, blind: Sequence[Span]) -> Outage:
    from_us = current.first_us if current.good_before_us is None else current.good_before_us
    return Outage(
        begin_us=current.first_us,
        end_us=end_us,
        at_least_us=current.last_us - current.first_us,
        at_most_us=end_us - from_us,
        lost=sum(current.outcomes.values()),
        outcomes=dict(sorted(current.outcomes.items())),
        recovered=recovered,
        answered_before=current.good_before_us is not None,
        blind_us=overlap_us(blind, from_us, end_us),
    )
