# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounting for acknowledged writes: what a client was promised, against what is there afterwards.

Every attempt of a writing probe is one write, numbered by its slot. A good answer is the system's
promise to keep it. A write that was not answered well is nobody's promise: it may be there or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Optional

from ..model import Outcome, Sample

__all__ = ["Account", "account"]


@dataclass(frozen=True)
class Account:
    """What became of the writes of one probe."""

    promised: int
    lost: Sequence[int]
    """Acknowledged, but not there."""
    duplicates: Sequence[int]
    """There more than once."""
    unpromised: Sequence[int]
    """There although nobody acknowledged them: allowed, but clients that repeat such writes write twice."""
    strange: Sequence[int]
    """There, but never written in this run: the store was not empty, or mixes runs up."""
    protected: Optional[int] = None
    """How many of the promised ones the system had copied before it promised; None where nobody asked it to."""
    lost_protected: Sequence[int] = ()
    """Copied, acknowledged, but not there."""


def account(samples: Iterable[Sample], found: Iterable[int]) -> Account:
    """Compare the attempts with what was read back, in any order and with repetitions."""
    written: set[int] = set()
    promised: set[int] = set()
    protected: dict[int, bool] = {}
    for sample in samples:
        written.add(sample.seq)
        if sample.outcome is Outcome.OK:
            promised.add(sample.seq)
            if sample.detail and "protected" in sample.detail:
                protected[sample.seq] = bool(sample.detail["protected"])
    times = Counter(found)
    return Account(
        promised=len(promised),
        lost=sorted(promised - set(times)),
        duplicates=sorted(number for number, count in times.items() if count > 1),
        unpromised=sorted((set(times) & written) - promised),
        strange=sorted(set(times) - written),
        protected=sum(protected.values()) if protected else None,
        lost_protected=sorted(number for number, is_kept in protected.items() if is_kept and number not in times),
    )
