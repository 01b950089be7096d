# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a cluster as data for reports and gates, and a test write on every master."""

from __future__ import annotations

import binascii
import secrets
from collections.abc import Collection, Sequence
from typing import Any

from . import health
from .declare import Declaration
from .gather import gather, picture_of
from .model import Picture, View
from .resp import Access, Client, CommandError, Unreachable
from .slots import SLOTS

__all__ = ["key_in", "survey", "write_and_read"]

EXPIRES_SECONDS = 60


def survey(declared: Declaration, access: Access, *, minds_majority: bool = True) -> tuple[dict[str, Any], Picture]:
    """Everything there is to know about the cluster.

    A machine that leads the majority of shards is a problem, or only a concern: in the middle of a rolling change it
    comes and goes. Raises CommandError, Unreachable.
    """
    views = gather(declared.instances, access)
    picture = picture_of(views, access)
    living = [view for view in views if not view.error]
    leaders = picture.leaders()
    uneven = health.uneven(declared, picture)
    found = {
        "running": bool(living),
        "created": bool(leaders),
        "state": "ok" if living and all(view.cluster.get("cluster_state") == "ok" for view in living) else "fail",
        "slots_covered": SLOTS - len(picture.uncovered(range(SLOTS))),
        "problems": health.problems(declared, picture, views) + (uneven if minds_majority else []),
        "concerns": health.concerns(declared, picture) + ([] if minds_majority else uneven),
        "majority_machine": health.majority_machine(declared, picture),
        "masters_by_machine": picture.masters_by_machine(),
        "shards": health.shards(picture),
        "restart_order": health.restart_order(picture),
        "nodes": _nodes(picture, views),
    }
    return found, picture


def _nodes(picture: Picture, views: Sequence[View]) -> dict[str, dict[str, Any]]:
    by_id = {view.myself.id: view for view in views if not view.error}
    found: dict[str, dict[str, Any]] = {}
    for node, member in picture.members.items():
        view = by_id.get(node)
        info = view.info if view else {}
        host, _colon, port = member.address.rpartition(":")
        master = picture.members.get(member.master)
        found[member.name] = {
            "host": host,
            "port": int(port),
            "machine": member.machine,
            "reachable": member.is_alive,
            "id": node,
            "role": "replica" if member.master else "master",
            "master": master.name if master else "",
            "slots": len(member.slots),
            "link": ("up" if member.link_up else "down") if member.master else "",
            "lag_bytes": member.lag,
            "flags": sorted(view.myself.flags - {"myself"}) if view else ["fail"] if member.is_failed else [],
            "software": "valkey" if info.get("server_name") == "valkey" else "redis" if view else "",
            "version": info.get("valkey_version") or info.get("redis_version", ""),
            "used_memory": int(info.get("used_memory", 0)),
            "maxmemory": int(info.get("maxmemory", 0)),
        }
    for view in views:
        if view.error and view.name not in found and view.declared:
            host, _colon, port = view.address.rpartition(":")
            found[view.name] = {"host": host, "port": int(port), "machine": view.declared.machine, "reachable": False}
    return found


def key_in(slots: Collection[int], prefix: str) -> str:
    """A key that lies in one of the slots. Raises ValueError for no slots."""
    if not slots:
        raise ValueError("no slots, no key")
    for number in range(100 * SLOTS):
        key = f"{prefix}:{number}"
        # CRC16 of XMODEM, as the Redis Cluster specification names it.
        if binascii.crc_hqx(key.encode(), 0) % SLOTS in slots:
            return key
    raise ValueError("found no key in these slots")


def write_and_read(picture: Picture, access: Access) -> list[str]:
    """Write a key on every master, read it back, delete it; sentences about what did not work."""
    found = []
    for leader in picture.leaders():
        if not leader.is_alive:
            continue
        key, value = key_in(leader.slots, f"steadfast:verify:{secrets.token_hex(4)}"), secrets.token_hex(8)
        host, _colon, port = leader.address.rpartition(":")
        try:
            with Client(host, int(port), access) as client:
                client.call("SET", key, value, "EX", EXPIRES_SECONDS)
                answer = client.call("GET", key)
                client.call("DEL", key)
            if answer != value:
                found.append(f"{leader.name} does not give back what was written to it")
        except (CommandError, Unreachable) as error:
            found.append(f"{leader.name} does not take a write: {error}")
    return found
