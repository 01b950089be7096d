# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a port is, from what the kernel tells in files."""

from __future__ import annotations

__all__ = ["listeners", "unit_of"]

LISTENING = "0A"


def listeners(table: str, port: int) -> set[str]:
    """Inodes of sockets that listen on the port, from the text of ``/proc/net/tcp`` or ``tcp6``."""
    found = set()
    for line in table.splitlines()[1:]:
        words = line.split()
        if len(words) > 9 and words[3] == LISTENING and int(words[1].rpartition(":")[2], 16) == port:
            found.add(words[9])
    return found


def unit_of(control_groups: str) -> str:
    """The unit that a process belongs to, from the text of ``/proc/PID/cgroup``; empty for none."""
    for line in control_groups.splitlines():
        for part in reversed(line.split(":", 2)[-1].split("/")):
            if part.endswith((".service", ".scope")):
                return part
    return ""
