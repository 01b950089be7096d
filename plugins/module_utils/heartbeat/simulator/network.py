# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated network: what is cut, and what happens to a datagram that is not."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from ..core.clock import MS

LINK = "eth1"


@dataclass
class Network:
    """Directed: ``cut`` holds (sender, receiver) pairs. Probabilities in percent; delays in ns as (least, most),
    which also reorders when they differ by more than the distance of two datagrams."""

    rng: random.Random
    cut: set[tuple[str, str]] = field(default_factory=set)
    loss: int = 0
    duplicates: int = 0
    delay: tuple[int, int] = (100_000, 400_000)
    dark_pings: set[tuple[str, str]] = field(default_factory=set)  # (machine, ping node) that cannot reach each other

    def reaches(self, sender: str, receiver: str) -> bool:
        """Is the way in this direction open?"""
        return (sender, receiver) not in self.cut

    def carry(self, sender: str, receiver: str) -> tuple[int, ...]:
        """After how many ns each copy of a datagram arrives; empty when it is lost."""
        if not self.reaches(sender, receiver) or self.rng.randrange(100) < self.loss:
            return ()
        copies = 2 if self.rng.randrange(100) < self.duplicates else 1
        return tuple(self.rng.randint(*self.delay) for _copy in range(copies))

    def heal(self) -> None:
        """Everything as it should be."""
        self.cut.clear()
        self.dark_pings.clear()
        self.loss = self.duplicates = 0
        self.delay = (MS // 10, 4 * MS // 10)
