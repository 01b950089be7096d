# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who answered: from the identity that a probe read out of each answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..model import Outcome, Sample

__all__ = ["Holding", "find_holdings", "moves", "two_holders_us"]


@dataclass(frozen=True)
class Holding:
    """A stretch in which one holder answered, from its first to its last answer."""

    who: str
    begin_us: int
    end_us: int
    answers: int


def find_holdings(samples: Sequence[Sample]) -> list[Holding]:
    """Stretches of answers by the same holder, in order of time. Holders that answer by turns
    give one stretch per turn: that is what a client sees of a split."""
    found: list[Holding] = []
    for sample in sorted(samples, key=lambda sample: sample.sent_us):
        who = (sample.detail or {}).get("who")
        if not isinstance(who, str) or sample.outcome is not Outcome.OK:
            continue
        if found and found[-1].who == who:
            last = found[-1]
            found[-1] = Holding(who, last.begin_us, sample.sent_us, last.answers + 1)
        else:
            found.append(Holding(who, sample.sent_us, sample.sent_us, 1))
    return found


def moves(holdings: Sequence[Holding]) -> int:
    """How often the service changed hands."""
    return max(0, len(holdings) - 1)


def two_holders_us(samples: Sequence[Sample], interval_us: int) -> int:
    """For how long attempts were answered by more than one holder at a time.

    Only probes that can hear several answers to one question (``also`` in the detail) see that.
    Each such attempt stands for its interval.
    """
    return sum(interval_us for sample in samples if (sample.detail or {}).get("also"))
