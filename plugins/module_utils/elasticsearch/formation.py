# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is there a cluster already? Asked of the nodes, by HTTP and by their data directories, never of a marker file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .members import Member, voters
from .words import nearest

__all__ = ["Decision", "Look", "decide", "look_of", "lost"]

NO_UUID = ("", "_na_")
WORDS = re.compile(r"lose the data of (\S+?)(?:, (\S+))?")
#: in the place of an id where data can't be read
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Look:
    """What one node is. uuid: of the cluster that it is in now, empty without one; has_data: something lies there."""

    name: str
    uuid: str = ""
    node_id: str = ""
    has_data: bool = False
    version: int = -1
    """Of the last state of a cluster that it accepted, by its data directory; -1 when that can't be read."""
    cluster_name: str = ""

    @property
    def belongs(self) -> bool:
        """Has it been in a cluster? When in doubt, yes: then none is formed beside it."""
        return bool(self.uuid) or (self.has_data and self.version != 0)


@dataclass(frozen=True)
class Decision:
    """initial: who may vote in the cluster that is to be formed, empty where one exists; refusals: why neither."""

    exists: bool
    uuid: str
    initial: tuple[str, ...]
    refusals: tuple[str, ...]


def look_of(name: str, answer: Mapping[str, Any]) -> Look:
    """Read the answer of the module elasticsearch_instance."""
    uuid = str(answer.get("cluster_uuid") or "")
    identity = answer.get("identity") or {}
    return Look(
        name,
        "" if uuid in NO_UUID else uuid,
        str(identity.get("node_id") or ""),
        bool(answer.get("has_data")),
        int(identity.get("version", -1)),
        str(answer.get("cluster_name") or ""),
    )


def lost(words: str, looks: Mapping[str, Look], uuid: str = "") -> tuple[Optional[str], list[str]]:
    """Which host is to lose its data by what the user says, None for nobody, and what is wrong with the words.

    looks: by host; uuid: of the cluster, whose members lose nothing. The words name the node id of what lies there now,
    so that they fit once: the node that begins anew has another one.
    """
    match = WORDS.fullmatch(words)
    if not match:
        return None, []
    host, node_id = match.groups()
    if host not in looks:
        return None, [f"elasticsearch_wipe_data: {host} is no member that is here, {nearest(host, looks)}"]
    look = looks[host]
    found = look.node_id or UNKNOWN
    if not look.has_data or (uuid and look.uuid == uuid):
        return None, []
    if node_id is None:
        return None, [f"elasticsearch_wipe_data: say which data is meant, 'lose the data of {host}, {found}'"]
    return (host if node_id == found else None), []


def _twins(looks: Sequence[Look]) -> list[str]:
    found = []
    by_id: dict[str, list[str]] = {}
    for look in looks:
        if look.node_id:
            by_id.setdefault(look.node_id, []).append(look.name)
    for node_id, names in sorted(by_id.items()):
        if len(names) > 1:
            found.append(
                f"{' and '.join(names)} have the same node id, {node_id}, in their data directories: one is a copy of "
                "the other's machine. The copy would be refused ('failed to send join request to master'). For the "
                f"copy say elasticsearch_wipe_data: 'lose the data of NODE, {node_id}'"
            )
    return found


def _strangers(looks: Sequence[Look]) -> list[str]:
    by_uuid: dict[str, list[str]] = {}
    for look in looks:
        if look.uuid:
            by_uuid.setdefault(look.uuid, []).append(f"{look.name} ({look.node_id or UNKNOWN})")
    if len(by_uuid) < 2:
        return []
    told = "; ".join(f"{', '.join(names)}: {uuid}" for uuid, names in sorted(by_uuid.items()))
    return [
        f"the members are in {len(by_uuid)} different clusters ({told}). Clusters can't be joined. Take a snapshot of "
        "what you need, and for each node that is to change over say elasticsearch_wipe_data: 'lose the data of NODE, "
        "ID', with the id that stands in brackets"
    ]


def decide(looks: Sequence[Look], members: Sequence[Member], wiped: Sequence[str] = ()) -> Decision:
    """What the role does about it. looks: of all members that are here; wiped: nodes whose data goes first."""
    kept = [look for look in looks if look.name not in wiped]
    refusals = tuple(_twins(kept) + _strangers(kept))
    uuid = next((look.uuid for look in kept if look.uuid), "")
    if any(look.belongs for look in kept):
        return Decision(True, uuid, (), refusals)
    here = {look.name for look in looks}
    missing = [name for name in voters(members) if name not in here]
    if missing:
        refusals += (
            f"{', '.join(missing)}: may vote, and is not here. A cluster is formed with all who may vote, so that "
            "nobody can form another one later",
        )
    if not voters(members):
        refusals += ("no member has the role 'master': nobody could form the cluster",)
    return Decision(False, "", tuple(voters(members)), refusals)
