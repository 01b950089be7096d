# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of elasticsearch.yml: which the role says itself, which are of yesterday, and which are misspelt."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from .errors import Refused

__all__ = ["NODE_ROLES", "Version", "misplaced", "nearest", "parse_version", "role_mistakes"]

Version = tuple[int, int, int]

#: what a node can be; an empty list is one that only coordinates
NODE_ROLES = frozenset(
    "master data ingest ml transform remote_cluster_client voting_only data_content data_hot data_warm data_cold "
    "data_frozen".split()
)

#: first words of settings of the versions 6 to 9
ROOTS = frozenset(
    "action async_search azure bootstrap cache cluster discovery enrich gateway gcs http indices ingest logger monitor "
    "network node path plugin plugins processors readiness reindex repositories resource s3 script search searchable "
    "security slm stack telemetry thread_pool tracing transport xpack".split()
)

#: setting -> the variable that says it, or what became of it
SAID = {
    "cluster.name": "elasticsearch_cluster_name",
    "node.name": "elasticsearch_node_name",
    "node.roles": "elasticsearch_node_roles",
    "node.attr.zone": "elasticsearch_zone",
    "network.host": "elasticsearch_bind",
    "network.bind_host": "elasticsearch_bind",
    "network.publish_host": "elasticsearch_address",
    "http.port": "elasticsearch_http_port",
    "transport.port": "elasticsearch_transport_port",
    "discovery.seed_hosts": "elasticsearch_members",
    "path.data": "elasticsearch_data_dir",
    "path.logs": "elasticsearch_log_dir",
    "path.repo": "elasticsearch_repository_paths",
    "bootstrap.memory_lock": "elasticsearch_is_memory_locked",
    "cluster.fault_detection.follower_check.interval": "elasticsearch_fault_interval_ms",
    "cluster.fault_detection.follower_check.timeout": "elasticsearch_fault_timeout_ms",
    "cluster.fault_detection.follower_check.retry_count": "elasticsearch_fault_retries",
    "cluster.fault_detection.leader_check.interval": "elasticsearch_fault_interval_ms",
    "cluster.fault_detection.leader_check.timeout": "elasticsearch_fault_timeout_ms",
    "cluster.fault_detection.leader_check.retry_count": "elasticsearch_fault_retries",
    "cluster.publish.timeout": "elasticsearch_publish_timeout_ms",
}
OLD = {
    "node.master": "put 'master' into elasticsearch_node_roles, or leave it out",
    "node.data": "put 'data' into elasticsearch_node_roles, or leave it out",
    "node.ingest": "put 'ingest' into elasticsearch_node_roles, or leave it out",
    "node.ml": "put 'ml' into elasticsearch_node_roles, or leave it out",
    "node.voting_only": "put 'voting_only' into elasticsearch_node_roles, or leave it out",
    "transport.tcp.port": "it is transport.port today, and elasticsearch_transport_port says it",
    "discovery.zen.ping.unicast.hosts": "it is discovery.seed_hosts today, and elasticsearch_members says it",
    "discovery.zen.minimum_master_nodes": (
        "from version 7 on the cluster itself keeps account of who may vote, and there is nothing to set; for version "
        "6 the role computes it from elasticsearch_members"
    ),
    "cluster.initial_master_nodes": (
        "the role says it while a cluster is formed that does not exist yet, with all members that may vote, and "
        "never again. With one name on one node and another on another, each of them forms a cluster of its own"
    ),
    "discovery.type": "with single-node a node never joins the others",
}


def parse_version(text: str) -> Version:
    """``8.15.3`` as numbers. Raises Refused."""
    parts = str(text).split(".")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        raise Refused(f"elasticsearch_version is {text!r}, has to be exact, such as 8.15.3")
    major, minor, patch = (int(part) for part in parts)
    if not 6 <= major <= 9:
        raise Refused(f"elasticsearch_version is {text}: this role knows the versions 6 to 9")
    return major, minor, patch


def nearest(word: str, choices: Iterable[str]) -> str:
    """'did you mean …', or what there is."""
    listed = sorted(choices)
    close = difflib.get_close_matches(word, listed, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there is: {', '.join(listed)}"


def _joined(text: str) -> str:
    return text.replace(".", "").replace("_", "").lower()


def misplaced(config: Mapping[str, Any]) -> list[str]:
    """Why settings of the free dictionary can't stand there, one sentence each."""
    found = []
    unpunctuated = {_joined(name): name for name in [*SAID, *OLD]}
    for name in config:
        key = str(name)
        if isinstance(config[name], Mapping):
            found.append(f"elasticsearch_config: {key} has settings below it; write each with its whole name, {key}.…")
        elif key in SAID:
            found.append(f"elasticsearch_config: {key} is said by {SAID[key]}")
        elif key in OLD:
            found.append(f"elasticsearch_config: {key}: {OLD[key]}")
        elif key.startswith("index."):
            found.append(f"elasticsearch_config: {key} belongs to an index, not to a node")
        elif key.split(".", maxsplit=1)[0] not in ROOTS:
            meant = unpunctuated.get(_joined(key))
            hint = f"did you mean {meant!r}?" if meant else nearest(key.split(".", maxsplit=1)[0], ROOTS)
            found.append(f"elasticsearch_config: {key} is no setting of Elasticsearch, {hint}")
    return found


def role_mistakes(roles: Iterable[str], version: Version) -> list[str]:
    """Why a node can't have these roles, one sentence each."""
    listed = [str(role) for role in roles]
    found = [
        f"elasticsearch_node_roles: {role!r} is no role, {nearest(role, NODE_ROLES)}"
        for role in listed
        if role not in NODE_ROLES
    ]
    if "voting_only" in listed and "master" not in listed:
        found.append("elasticsearch_node_roles: voting_only needs 'master' beside it")
    if version < (7, 9, 0):
        unknown = sorted(set(listed) & NODE_ROLES - {"master", "data", "ingest", "voting_only", "ml"})
        found += [
            f"elasticsearch_node_roles: version {'.'.join(map(str, version))} has no role {role!r}" for role in unknown
        ]
    return found
