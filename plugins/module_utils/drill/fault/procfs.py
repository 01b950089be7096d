# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes as proc(5) shows them, each known by its pid and the time it started, so that no later one is mistaken."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Optional

__all__ = ["ancestors", "command_of", "every", "identity", "state_of", "variable_of"]

START_TIME_FIELD = 19  # field 22 of /proc/PID/stat, counted from the state, which follows the name in brackets


def _fields(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stream:
            # The name may hold spaces and brackets; the last bracket ends it.
            return stream.read().rpartition(")")[2].split()
    except OSError:
        return []


def identity(pid: int) -> Optional[dict[str, Any]]:
    """``{"pid", "started", "command"}`` of a live process, or None."""
    fields = _fields(pid)
    if len(fields) <= START_TIME_FIELD or fields[0] in "ZX":
        return None
    return {"pid": pid, "started": int(fields[START_TIME_FIELD]), "command": command_of(pid)}


def state_of(pid: int, started: int) -> str:
    """The one-letter state of a process, ``-`` when it is gone, or a zombie, or its pid is another's now."""
    fields = _fields(pid)
    if len(fields) <= START_TIME_FIELD or int(fields[START_TIME_FIELD]) != started or fields[0] in "ZX":
        return "-"
    return fields[0]


def command_of(pid: int) -> str:
    """The command line with spaces between its words; empty for a thread of the kernel."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            return stream.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return ""


def every() -> Iterator[int]:
    """All pids."""
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def ancestors(pid: int) -> list[int]:
    """This process, its parent, and so on up to 1."""
    found = [pid]
    while pid > 1 and len(found) < 64:
        fields = _fields(pid)
        pid = int(fields[1]) if len(fields) > 1 else 0
        found.append(pid)
    return found


def variable_of(pid: int, name: str) -> str:
    """A variable of a process's first environment; empty when it is not there or may not be read."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as stream:
            for pair in stream.read().split(b"\0"):
                key, _equals, value = pair.partition(b"=")
                if key == name.encode():
                    return value.decode("utf-8", "replace")
    except OSError:
        pass
    return ""
