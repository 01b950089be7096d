# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Blind time: spans in which a probe was itself not run, so that nothing can be said about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..model import Sample, is_blind

__all__ = ["Span", "blind_spans", "overlap_us"]


class Span(NamedTuple):
    """A stretch of time on the run's axis, microseconds, end excluded."""

    begin_us: int
    end_us: int

    @property
    def us(self) -> int:
        """Its length."""
        return self.end_us - self.begin_us


def blind_spans(samples: Sequence[Sample], interval_us: int) -> list[Span]:
    """The spans between attempts that lie further apart than the pace explains.

    An attempt covers its own interval; what lies beyond it, up to the next attempt, is blind.
    Attempts that the client host itself prevented count as not made. Less than half an
    interval is lateness, which every sample carries itself.
    """
    spans: list[Span] = []
    seen = sorted(sample.sent_us for sample in samples if not is_blind(sample))
    for before, after in zip(seen, seen[1:]):
        if after - before > interval_us * 3 // 2:
            spans.append(Span(before + interval_us, after))
    return spans


def overlap_us(spans: Iterable[Span], begin_us: int, end_us: int) -> int:
    """How much of begin..end the spans cover together (they do not overlap each other)."""
    return sum(max(0, min(span.end_us, end_us) - max(span.begin_us, begin_us)) for span in spans)
