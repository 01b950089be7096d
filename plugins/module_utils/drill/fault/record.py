# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a fault, in one file per fault, so that anybody can heal it: its maker, an operator, the switch."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Optional

from .place import Place

__all__ = ["IN_FORCE", "Record", "load", "load_all", "locked", "prune", "save"]

Record = dict[str, Any]
IN_FORCE = ("armed", "started")
"""``armed``: the switch is set and the fault about to start, or starting. ``started``: in force. The others are
``healed``, and ``over`` for a fault that has nothing to heal."""
SUFFIX = ".json"
KEPT = 50


def _path(place: Place, fault_id: str) -> str:
    return os.path.join(place.directory, f"{fault_id}{SUFFIX}")


@contextlib.contextmanager
def locked(place: Place, fault_id: str) -> Iterator[None]:
    """Hold the fault's lock: one heals at a time. Never held while a fault is being started, lest the switch waits."""
    descriptor = os.open(
        os.path.join(place.directory, f"{fault_id}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def load(place: Place, fault_id: str) -> Optional[Record]:
    """The record, or None."""
    try:
        with open(_path(place, fault_id), encoding="utf-8") as stream:
            found: Record = json.load(stream)
            return found
    except (FileNotFoundError, ValueError):
        return None


def load_all(place: Place) -> list[Record]:
    """Every record, oldest first."""
    try:
        names = sorted(os.listdir(place.directory))
    except FileNotFoundError:
        return []
    records = [load(place, name[: -len(SUFFIX)]) for name in names if name.endswith(SUFFIX)]
    return sorted((record for record in records if record), key=lambda record: int(record["armed_ns"]))


def save(place: Place, record: Mapping[str, Any]) -> None:
    """Replace the file in one step: a reader, or a power loss, never sees half of it."""
    path = _path(place, record["id"])
    descriptor = os.open(f"{path}.new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        json.dump(record, stream)
    os.replace(f"{path}.new", path)


def prune(place: Place) -> None:
    """Forget the oldest of many faults that are over."""
    finished = [record for record in load_all(place) if record["state"] not in IN_FORCE]
    for record in finished[:-KEPT]:
        for suffix in (SUFFIX, ".lock", ".pyz"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(place.directory, f"{record['id']}{suffix}"))
