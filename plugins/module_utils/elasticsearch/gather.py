# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks every node of a cluster, each for itself: a cluster that is split answers differently on both sides."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Callable

from .api import Access, ApiError, Client, Unreachable
from .health import View, view_of

__all__ = ["Node", "first_master", "gather", "write_test"]

#: name, host and port of HTTP
Node = Mapping[str, Any]

STATE = "/_cluster/state/metadata,nodes,master_node"
FILTER = "master_node,metadata.cluster_uuid,metadata.cluster_coordination.last_committed_config,nodes.*.name"


def client(node: Node, access: Access) -> Client:
    """The client of one node."""
    return Client(str(node["host"]), int(node["port"]), access)


def look(node: Node, access: Access) -> View:
    """What one node says, from its own copy of the state: one without a master answers at once, too."""
    at = client(node, access)
    try:
        main = at.call("GET", "/")
        state = at.call("GET", STATE, query={"local": "true", "filter_path": FILTER})
        health = at.call("GET", "/_cluster/health", query={"local": "true"})
        local = at.call("GET", "/_nodes/_local", query={"filter_path": "nodes.*.name"})
    except (Unreachable, ApiError) as error:
        return View(str(node["name"]), error=str(error))
    if not isinstance(main, dict) or "cluster_uuid" not in main:
        return View(str(node["name"]), error=f"{node['host']}:{node['port']} is no Elasticsearch")
    return view_of(str(node["name"]), main, state, health, next(iter(local.get("nodes") or {}), ""))


def gather(nodes: Sequence[Node], access: Access) -> list[View]:
    """What every node says."""
    return [look(node, access) for node in nodes]


def first_master(nodes: Sequence[Node], views: Sequence[View], access: Access) -> Client:
    """A node that follows a master, to ask for what the whole cluster is to do. Raises Unreachable."""
    for node, view in zip(nodes, views):
        if not view.error and view.master:
            return client(node, access)
    raise Unreachable("no node has a master: " + "; ".join(view.error or f"{view.name} has none" for view in views))


def write_test(nodes: Sequence[Node], access: Access, copies: int) -> list[str]:
    """Write a document through each node and read it through the next one; return what went wrong. copies: replicas."""
    index = f"steadfast-verify-{secrets.token_hex(4)}"
    clients = [client(node, access) for node in nodes]
    found: list[str] = []
    settings = {"settings": {"number_of_shards": 1, "number_of_replicas": copies}}
    try:
        clients[0].call("PUT", f"/{index}", settings, {"wait_for_active_shards": copies + 1}, patience=30)
        for number, writer in enumerate(clients):
            reader = clients[(number + 1) % len(clients)]
            writer.call("PUT", f"/{index}/_doc/{number}", {"number": number}, {"wait_for_active_shards": copies + 1})
            read = reader.call("GET", f"/{index}/_doc/{number}")
            if (read.get("_source") or {}).get("number") != number:
                found.append(f"what was written through {writer.host} is not there at {reader.host}")
    except (Unreachable, ApiError) as error:
        found.append(str(error))
    found += _quietly(lambda: clients[0].call("DELETE", f"/{index}", query={"ignore_unavailable": "true"}))
    return found


def _quietly(action: Callable[[], Any]) -> list[str]:
    try:
        action()
    except (Unreachable, ApiError) as error:
        return [str(error)]
    return []
