# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a daemon's status answer (JSON schema version 1): who holds what, who is there, what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Optional

SCHEMA_VERSION = 1
#: the state of a group in which its addresses answer at this node, a planned move included
HOLDING = ("held", "giving")

Status = Mapping[str, Any]


class BadAnswer(Exception):
    """The daemon answered something that this version of the collection can't read."""


def understood(status: Status) -> Status:
    """Return the status unchanged, or raise BadAnswer when its schema is not ours."""
    version = status.get("schema_version")
    if version != SCHEMA_VERSION:
        raise BadAnswer(f"the daemon's status has schema version {version}, this collection reads {SCHEMA_VERSION}")
    return status


def holders(status: Status) -> dict[str, Optional[str]]:
    """Return group key -> node that holds it, as this daemon sees it; None when nobody does."""
    return {group["key"]: group.get("holder") for group in status["groups"]}


def held_here(status: Status) -> list[str]:
    """Return the keys of the groups that this very node holds, in the order of its haresources."""
    return [group["key"] for group in status["groups"] if group["state"] in HOLDING]


def peer_states(status: Status) -> dict[str, str]:
    """Return peer name -> init, up, active or dead."""
    return {peer["name"]: peer["state"] for peer in status["peers"]}


def active_peers(status: Status) -> list[str]:
    """Return the names of the active peers, in the order of ha.cf."""
    return [name for name, state in peer_states(status).items() if state == "active"]


def problems(status: Status, absent: Iterable[str] = ()) -> list[str]:
    """Return what keeps this node's view from being healthy, one sentence each; empty means healthy.

    ``absent`` names peers that are known to be away and are not complained about.
    """
    me, found = status["node"], []
    excused = set(absent)
    if status["state"] != "active":
        found.append(f"{me} is {status['state']}, not active")
    for name, state in peer_states(status).items():
        if state != "active" and name not in excused:
            found.append(f"{me} sees {name} as {state}, not active")
    for group in status["groups"]:
        if group["state"] == "failed":
            found.append(f"{me} failed to start group {group['key']}")
        if group.get("holder") is None:
            found.append(f"{me} knows no holder of group {group['key']}")
        elif group["state"] not in ("held", "idle"):
            found.append(f"{me} is still {group['state']} group {group['key']}")
    return found


def disagreements(statuses: Mapping[str, Status], absent: Iterable[str] = ()) -> list[str]:
    """Return what is wrong with a cluster, given each answering node's status; empty means that all is well.

    Beside each node's own problems: every group has exactly one holder by the holders' own word, all nodes name that
    one, and all run the same configuration.
    """
    found = [sentence for status in statuses.values() for sentence in problems(status, absent)]
    claims: dict[str, list[str]] = {}
    named: dict[str, dict[Optional[str], list[str]]] = {}
    for status in statuses.values():
        for key, holder in holders(status).items():
            claims.setdefault(key, [])
            named.setdefault(key, {}).setdefault(holder, []).append(status["node"])
        for key in held_here(status):
            claims.setdefault(key, []).append(status["node"])
    for key, nodes in claims.items():
        if len(nodes) > 1:
            found.append(f"group {key} is held by {len(nodes)} nodes at once: {', '.join(nodes)}")
        elif not nodes and not set(named.get(key, {})) & set(absent):
            found.append(f"group {key} is held by none of the nodes asked")
        if len(named.get(key, {})) > 1:
            views = "; ".join(f"{', '.join(who)} say {holder or 'nobody'}" for holder, who in named[key].items())
            found.append(f"the nodes disagree about the holder of group {key}: {views}")
    hashes: dict[str, list[str]] = {}
    for status in statuses.values():
        hashes.setdefault(status.get("cluster_hash", ""), []).append(status["node"])
    if len(hashes) > 1:
        found.append(
            "the nodes run different configurations: " + "; ".join(", ".join(nodes) for nodes in hashes.values())
        )
    return found
