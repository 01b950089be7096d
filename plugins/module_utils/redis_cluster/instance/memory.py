# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which part of a machine's memory instances get, and whether they fit."""

from __future__ import annotations

import re

_UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1024, "m": 1000**2, "mb": 1024**2, "g": 1000**3, "gb": 1024**3}
_SIZE = re.compile(r"([0-9]+)([a-z]*)")
#: of systemd, which counts in 1024s; systemd.resource-control(5)
_UNIT_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([KMGTB%]?)")
_UNIT_UNITS = {"": 1, "B": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
#: of an automatic maxmemory, so that a machine that reports a few pages less does not change it
GRANULE = 16 * 1024**2


def size(text: str) -> int:
    """Return the bytes of a size as redis.conf writes it, e.g. ``100mb``. Raises ValueError."""
    match = _SIZE.fullmatch(str(text).strip().lower())
    if not match or match.group(2) not in _UNITS:
        raise ValueError(f"{text!r} is no size, e.g. 512mb or 4gb")
    return int(match.group(1)) * _UNITS[match.group(2)]


def unit_limit(text: str, total: int) -> int:
    """Return the bytes that ``MemoryMax=`` of a unit leaves to each instance, 0 for no limit.

    total: bytes of the machine. Raises ValueError.
    """
    if text in ("", "infinity"):
        return 0
    match = _UNIT_SIZE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no size for systemd, e.g. 512M, 4G or 25%")
    number = float(match.group(1))
    return int(total * number / 100) if match.group(2) == "%" else int(number * _UNIT_UNITS[match.group(2)])


def share(total: int, percent: float, instances: int) -> int:
    """Return the bytes that each instance gets when all of them together get so many percent."""
    each = int(total * percent / 100 / max(1, instances))
    return max(GRANULE, each // GRANULE * GRANULE)


def shortage(total: int, source: str, percent: float, wanted: int) -> list[str]:
    """Return why the instances do not fit, one sentence at most. wanted: bytes of all together; 0 is no limit."""
    allowed = int(total * percent / 100)
    if wanted <= allowed:
        return []
    return [
        f"the instances may grow to {wanted // 1024**2} MB together, but {percent:g} % of the "
        f"{total // 1024**2} MB here (by {source}) are {allowed // 1024**2} MB; "
        "copies for snapshots need the rest"
    ]
