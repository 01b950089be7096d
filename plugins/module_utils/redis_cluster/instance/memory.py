# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory a machine really has for its instances: a container's limit, where there is one.

``MemTotal`` in a container is the whole host's. Files: the kernel's cgroup-v2.rst (memory.max) and cgroup-v1/memory.rst
(memory.limit_in_bytes).
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import Callable, Optional

#: path -> text, None when the file is not there
Read = Callable[[str], Optional[str]]

_UNITS = {"": 1, "b": 1, "k": 1000, "kb": 1024, "m": 1000**2, "mb": 1024**2, "g": 1000**3, "gb": 1024**3}
_SIZE = re.compile(r"([0-9]+)([a-z]*)")
#: of systemd, which counts in 1024s; systemd.resource-control(5)
_UNIT_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([KMGTB%]?)")
_UNIT_UNITS = {"": 1, "B": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
#: of an automatic maxmemory, so that a machine that reports a few pages less does not change it
GRANULE = 16 * 1024**2


@dataclass(frozen=True)
class Memory:
    """Bytes that processes may use together, and which file says so."""

    bytes: int
    source: str


def size(text: str) -> int:
    """Return the bytes of a size as redis.conf writes it, e.g. ``100mb``. Raises ValueError."""
    match = _SIZE.fullmatch(str(text).strip().lower())
    if not match or match.group(2) not in _UNITS:
        raise ValueError(f"{text!r} is no size, e.g. 512mb or 4gb")
    return int(match.group(1)) * _UNITS[match.group(2)]


def unit_limit(text: str, memory: Memory) -> int:
    """Return the bytes that ``MemoryMax=`` of a unit leaves to each instance, 0 for no limit. Raises ValueError."""
    if text in ("", "infinity"):
        return 0
    match = _UNIT_SIZE.fullmatch(text)
    if not match:
        raise ValueError(f"{text!r} is no size for systemd, e.g. 512M, 4G or 25%")
    number = float(match.group(1))
    return int(memory.bytes * number / 100) if match.group(2) == "%" else int(number * _UNIT_UNITS[match.group(2)])


def _own_paths(text: str | None, controller: str) -> list[str]:
    """The control group of the first process and those above it, from /proc/1/cgroup."""
    found = ["/"]
    for row in (text or "").splitlines():
        _number, controllers, path = [*row.split(":", 2), "", ""][:3]
        if controller in controllers.split(","):
            while path not in ("/", ""):
                found.append(path)
                path = posixpath.dirname(path)
    return found


def available(read: Read) -> Memory:
    """Return the smallest of: the host's memory, and the limits of the control groups that the first process is in."""
    total = re.search(r"^MemTotal:\s+([0-9]+) kB", read("/proc/meminfo") or "", re.MULTILINE)
    best = Memory(int(total.group(1)) * 1024 if total else 0, "/proc/meminfo")
    groups = read("/proc/1/cgroup")
    candidates = [posixpath.join("/sys/fs/cgroup", path.strip("/"), "memory.max") for path in _own_paths(groups, "")]
    candidates += [
        posixpath.join("/sys/fs/cgroup/memory", path.strip("/"), "memory.limit_in_bytes")
        for path in _own_paths(groups, "memory")
    ]
    for path in candidates:
        text = (read(path) or "").strip()
        if text.isdigit() and int(text) > 0 and (not best.bytes or int(text) < best.bytes):
            best = Memory(int(text), path)
    return best


def share(memory: Memory, percent: float, instances: int) -> int:
    """Return the bytes that each instance gets when all of them together get so many percent."""
    each = int(memory.bytes * percent / 100 / max(1, instances))
    return max(GRANULE, each // GRANULE * GRANULE)


def shortage(memory: Memory, percent: float, wanted: int) -> list[str]:
    """Return why the instances do not fit, one sentence at most. wanted: bytes of all together; 0 is no limit."""
    allowed = int(memory.bytes * percent / 100)
    if wanted <= allowed:
        return []
    return [
        f"the instances may grow to {wanted // 1024**2} MB together, but {percent:g} % of the "
        f"{memory.bytes // 1024**2} MB here (by {memory.source}) are {allowed // 1024**2} MB; "
        "copies for snapshots need the rest"
    ]
