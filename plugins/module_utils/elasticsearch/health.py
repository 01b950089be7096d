# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a cluster, as sentences, from what each of its nodes says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

__all__ = ["Expected", "View", "concerns", "problems", "view_of"]


@dataclass(frozen=True)
class View:
    """What one node says. error: why it says nothing; master: name of whom it follows, empty without one."""

    name: str
    error: str = ""
    uuid: str = ""
    node_id: str = ""
    version: str = ""
    master: str = ""
    nodes: Sequence[str] = ()
    """Names of everybody that it sees."""
    health: Mapping[str, Any] = field(default_factory=dict)
    voting: Sequence[str] = ()
    """Names of those whose votes count now."""


@dataclass(frozen=True)
class Expected:
    """What there should be. nodes: names of all; data_nodes: how many of them hold shards."""

    nodes: Sequence[str]
    voters: Sequence[str]
    data_nodes: int


def view_of(
    name: str, main: Mapping[str, Any], state: Mapping[str, Any], health: Optional[Mapping[str, Any]], local: str
) -> View:
    """Read the answers of one node. state: metadata, nodes and master_node of its own cluster state; local: its id."""
    nodes = state.get("nodes") or {}
    names = {node_id: str(node.get("name")) for node_id, node in nodes.items()}
    metadata = state.get("metadata") or {}
    voting = (metadata.get("cluster_coordination") or {}).get("last_committed_config") or []
    uuid = str(metadata.get("cluster_uuid") or main.get("cluster_uuid") or "")
    return View(
        name,
        uuid="" if uuid == "_na_" else uuid,
        node_id=local,
        version=str((main.get("version") or {}).get("number") or ""),
        master=names.get(str(state.get("master_node") or ""), ""),
        nodes=sorted(names.values()),
        health=health or {},
        voting=sorted(names.get(str(node_id), str(node_id)) for node_id in voting),
    )


def _one_cluster(views: Sequence[View]) -> list[str]:
    found = [f"{view.name} has no master" for view in views if not view.error and not view.master]
    masters = sorted({view.master for view in views if view.master})
    if len(masters) > 1:
        told = "; ".join(f"{view.name} follows {view.master}" for view in views if view.master)
        found.append(f"nodes follow different masters: {told}")
    uuids = sorted({view.uuid for view in views if view.uuid})
    if len(uuids) > 1:
        told = "; ".join(f"{view.name}: {view.uuid}" for view in views if view.uuid)
        found.append(f"nodes are in different clusters, a copied data directory may be why: {told}")
    return found


def _shards(health: Mapping[str, Any], data_nodes: int) -> list[str]:
    status = str(health.get("status") or "unknown")
    unassigned = int(health.get("unassigned_shards") or 0)
    # With a single data node no replica has a place to go: green is impossible there, and yellow is well.
    if status == "green" or (status == "yellow" and data_nodes == 1):
        return []
    moving = int(health.get("relocating_shards") or 0) + int(health.get("initializing_shards") or 0)
    return [f"the cluster is {status}: {unassigned} shards unassigned, {moving} on their way"]


def problems(expected: Expected, views: Sequence[View]) -> list[str]:
    """Everything that keeps the cluster from being whole."""
    found = [f"{view.name} does not answer: {view.error}" for view in views if view.error]
    living = [view for view in views if not view.error]
    found += _one_cluster(living)
    leader = next((view for view in living if view.master), None)
    if leader is None:
        return found or ["no node answers"]
    missing = sorted(set(expected.nodes) - set(leader.nodes))
    if missing:
        found.append(f"not in the cluster: {', '.join(missing)}")
    extra = sorted(set(leader.nodes) - set(expected.nodes))
    if extra:
        found.append(f"in the cluster, but nobody declared them: {', '.join(extra)}")
    strangers = sorted(set(leader.voting) - set(expected.voters))
    if strangers:
        found.append(f"votes that nobody can give count for an election: {', '.join(strangers)}")
    # The cluster leaves out one vote of an even number.
    wanted = len(expected.voters) - (1 - len(expected.voters) % 2 if expected.voters else 0)
    if leader.voting and len(leader.voting) < wanted:
        found.append(f"only {len(leader.voting)} of {wanted} votes count for an election: {', '.join(leader.voting)}")
    elif leader.voting and len(leader.voting) % 2 == 0:
        found.append(f"an even number of votes counts for an election: {', '.join(leader.voting)}")
    if not leader.voting and not leader.version.startswith("6."):
        found.append(f"{leader.name} does not say whose votes count for an election")
    return found + _shards(leader.health, expected.data_nodes)


def concerns(views: Sequence[View]) -> list[str]:
    """What is well and yet worth a thought."""
    versions = sorted({view.version for view in views if view.version})
    return [f"nodes have different versions: {', '.join(versions)}"] if len(versions) > 1 else []
