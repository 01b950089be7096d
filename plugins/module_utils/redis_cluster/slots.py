# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hash slots: ranges as text, and how many slots each shard should have.

Source of the rules: the Redis Cluster specification (16384 slots; a key's slot is CRC16 modulo that).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

__all__ = ["SLOTS", "as_ranges", "from_ranges", "ranges_text", "shares"]

SLOTS = 16384


def as_ranges(slots: Iterable[int]) -> list[tuple[int, int]]:
    """Slots as sorted, inclusive ranges."""
    found: list[tuple[int, int]] = []
    for slot in sorted(slots):
        if found and found[-1][1] == slot - 1:
            found[-1] = (found[-1][0], slot)
        else:
            found.append((slot, slot))
    return found


def from_ranges(text: str) -> frozenset[int]:
    """Slots of a text such as "0-5460,9000". Raises ValueError for one that is none."""
    found: set[int] = set()
    for part in text.replace(",", " ").split():
        low, _dash, high = part.partition("-")
        first, last = int(low), int(high or low)
        if not 0 <= first <= last < SLOTS:
            raise ValueError(f"{part!r} is no range of slots: 0 to {SLOTS - 1}")
        found.update(range(first, last + 1))
    return frozenset(found)


def ranges_text(slots: Iterable[int]) -> str:
    """Slots for people: "0-5460,9000"."""
    return ",".join(f"{low}-{high}" if low != high else str(low) for low, high in as_ranges(slots))


def shares(weights: Sequence[float], has: Mapping[int, int]) -> list[int]:
    """How many slots each shard should have, by weight, all slots given out.

    Rounding favours shards that already have more than their rounded share (``has``: position in
    ``weights`` to present number of slots), so that no slot moves only for a fraction.
    """
    total = sum(weights)
    exact = [SLOTS * weight / total for weight in weights]
    found = [int(value) for value in exact]
    left = SLOTS - sum(found)
    order = sorted(range(len(weights)), key=lambda at: (has.get(at, 0) <= found[at], -(exact[at] - found[at]), at))
    for at in order[:left]:
        found[at] += 1
    return found
