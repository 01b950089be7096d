# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large the heap of a node is.

Half of the memory at most: Lucene reads its files by way of the kernel's cache, which needs the rest. And below 31 GiB,
where Java can still say in 32 bits where an object is.
"""

from __future__ import annotations

import re

from .errors import Refused

__all__ = ["heap_bytes"]

MIB = 1024**2
#: below it pointers are compressed on every JVM
LARGEST = 31 * 1024 * MIB
SMALLEST = 128 * MIB
#: of an automatic heap, so that a machine that reports a few pages less does not restart its node
GRANULE = 64 * MIB
_UNITS = {"k": 1024, "m": MIB, "g": 1024 * MIB}


def _size(text: str) -> int:
    match = re.fullmatch(r"([0-9]+)([kmgKMG])[bB]?", text.strip())
    if not match:
        raise Refused(f"the heap is {text!r}, has to be a size such as 512m or 4g")
    return int(match.group(1)) * _UNITS[match.group(2).lower()]


def heap_bytes(wanted: str, percent: float, memory_bytes: int, source: str) -> int:
    """Bytes of the heap: what is wanted, or so many percent of the memory. Raises Refused for one that does not fit.

    source: which file tells memory_bytes, for the message.
    """
    allowed = int(memory_bytes * percent / 100)
    if not wanted:
        return max(SMALLEST, min(allowed, LARGEST) // GRANULE * GRANULE)
    found = _size(wanted)
    if found > allowed:
        raise Refused(
            f"the heap is to be {found // MIB} MiB, but {percent:g} % of the "
            f"{memory_bytes // MIB} MiB here (by {source}) are {allowed // MIB} MiB; the kernel's cache of files "
            "needs the rest"
        )
    if found < SMALLEST:
        raise Refused(f"the heap is to be {found // MIB} MiB, a node needs {SMALLEST // MIB} MiB at least")
    return found
