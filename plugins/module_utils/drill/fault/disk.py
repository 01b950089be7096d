# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fill a filesystem with one file, up to a reserve."""

from __future__ import annotations

from collections.abc import Mapping

from .model import Arguments, Facts, Kind, Plan, Question, Refusal, fill, remove, run

__all__ = ["DISK_FULL"]

MIB = 1024 * 1024
DEFAULT_RESERVE_MB = 64


def _asks(arguments: Arguments) -> Mapping[str, Question]:
    return {"space": ("space", arguments["path"]), "place": ("place",)}


def plan(arguments: Arguments, facts: Facts) -> Plan:
    """Take all free space of the filesystem of ``path`` but ``reserve_mb``, or ``size_mb`` if that is less."""
    space, path = facts["space"], str(arguments["path"]).rstrip("/") or "/"
    given = arguments.get("reserve_mb")
    reserve = DEFAULT_RESERVE_MB if given is None else int(given)
    if not space["directory"]:
        raise Refusal(f"{path} is no directory on this node.")
    if space["holds_state"]:
        raise Refusal(f"{path} is on the filesystem that the dead man's switch keeps its notes on; choose another.")
    if reserve < 0:
        raise Refusal("reserve_mb cannot be negative.")
    if reserve == 0 and space["is_root"]:
        raise Refusal(
            f"{path} is on the root filesystem, which the node needs to go on: leave it a reserve_mb of at least 1."
        )
    free = int(space["free"])
    room = free - reserve * MIB
    if room <= 0:
        raise Refusal(f"{free // MIB} MiB are free at {path}, no more than the reserve of {reserve} MiB.")
    size = min(room, int(arguments["size_mb"]) * MIB) if arguments.get("size_mb") else room
    file = f"{path.rstrip('/')}/.steadfast-fault-{arguments['id']}"
    return Plan(
        words=f"takes {size // MIB} of {free // MIB} MiB free at {path}",
        start=(fill(file, size, reserve * MIB),),
        heal=(remove(file),),
        check=(run(["test", "-e", file]),),
        instant=False,
    )


DISK_FULL = Kind("disk_full", ("path", "size_mb", "reserve_mb"), plan, _asks, needs=("path",))
