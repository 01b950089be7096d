# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples condensed for drawing: runs of equal state, and the latency in a fixed number of bins.

A report must stay small whatever the pace and length of a run; what it draws is at most a
thousand pixels wide.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..model import Sample, is_blind, is_lost
from .blind import Span

__all__ = ["latency_bins", "state_segments"]


def state_segments(samples: Sequence[Sample], interval_us: int, blind: Sequence[Span]) -> list[tuple[int, int, str]]:
    """(begin_us, end_us, "ok" | "lost" | "blind"), touching each other, in order of time."""
    marks = [(sample.sent_us, "lost" if is_lost(sample) else "ok") for sample in samples if not is_blind(sample)]
    marks += [(span.begin_us, "blind") for span in blind]
    marks.sort()
    segments: list[tuple[int, int, str]] = []
    for index, (begin_us, state) in enumerate(marks):
        end_us = marks[index + 1][0] if index + 1 < len(marks) else begin_us + interval_us
        if segments and segments[-1][2] == state:
            segments[-1] = (segments[-1][0], end_us, state)
        else:
            segments.append((begin_us, end_us, state))
    return segments


def latency_bins(samples: Sequence[Sample], begin_us: int, end_us: int, count: int) -> list[int]:
    """The highest latency of good answers per bin, microseconds; -1 for a bin without any."""
    bins = [-1] * count
    width = max(1, end_us - begin_us)
    for sample in samples:
        if begin_us <= sample.sent_us < end_us and not is_lost(sample) and not is_blind(sample):
            at = min(count - 1, (sample.sent_us - begin_us) * count // width)
            bins[at] = max(bins[at], sample.latency_us)
    return bins
