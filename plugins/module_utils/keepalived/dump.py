# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the JSON that keepalived writes on request: either a list of instances, or an object with a list ``vrrp``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

#: state numbers of keepalived (vrrp.h)
STATES = {0: "init", 1: "backup", 2: "master", 3: "fault", 97: "deleted", 98: "stop"}


class BadDump(Exception):
    """The daemon wrote something that this version of the collection can't read."""


def instances(text: str) -> dict[str, dict[str, Any]]:
    """Return instance name -> what matters of it. Raises BadDump.

    ``addresses`` are without prefix length, ``last_transition`` is in seconds since 1970 and ``advert_interval`` in
    seconds.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise BadDump(f"keepalived's JSON dump can't be read: {error}") from None
    listed = content.get("vrrp") if isinstance(content, dict) else content
    if not isinstance(listed, list):
        raise BadDump("keepalived's JSON dump has no list of instances")
    found = {}
    for entry in listed:
        data = entry.get("data") if isinstance(entry, dict) else None
        if not isinstance(data, dict) or "iname" not in data or "state" not in data:
            raise BadDump("keepalived's JSON dump has an instance without name and state")
        found[str(data["iname"])] = _instance(data, entry.get("stats") or {})
    return found


def _instance(data: Mapping[str, Any], stats: Mapping[str, Any]) -> dict[str, Any]:
    lines = [str(line).split() for key in ("vips", "evips") for line in data.get(key) or ()]
    addresses = [line[0].split("/")[0] for line in lines if line]
    return {
        "state": STATES.get(int(data["state"]), str(data["state"])),
        "virtual_router_id": int(data.get("vrid", 0)),
        "interface": str(data.get("ifp_ifname", "")),
        "version": int(data.get("version", 2)),
        "priority": int(data.get("base_priority", 0)),
        "effective_priority": int(data.get("effective_priority", 0)),
        "advert_interval": float(data.get("adver_int", 0)),
        "addresses": addresses,
        "last_transition": float(data.get("last_transition", 0)),
        "adverts_sent": int(stats.get("advert_sent", 0)),
        "adverts_received": int(stats.get("advert_rcvd", 0)),
        "became_master": int(stats.get("become_master", 0)),
    }
