# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory a machine really has: a container's limit, where there is one.

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


@dataclass(frozen=True)
class Memory:
    """Bytes that processes may use together, and which file says so."""

    bytes: int
    source: str


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
