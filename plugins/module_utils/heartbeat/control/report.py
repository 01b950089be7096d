# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status reply: what the node knows, completed by what only the host knows. ``schema_version`` 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class HostFacts:
    """The host's share of the report. ``addresses``: per group the VIPs as they are, or would be, configured."""

    pid: int
    generation: int
    configuration_hash: str
    cluster_hash: str
    warnings: Sequence[str]
    addresses: Mapping[str, Sequence[str]]
    counters: Mapping[str, Any]
    loop: Mapping[str, Any]
    hooks: Sequence[str] = ()


def report(node: Mapping[str, Any], host: HostFacts) -> dict[str, Any]:
    """Both shares as one object."""
    groups = [
        {**group, "addresses": list(host.addresses.get(group["key"], ())) or group["addresses"]}
        for group in node["groups"]
    ]
    return {
        **node,
        "version": __version__,
        "pid": host.pid,
        "generation": host.generation,
        "groups": groups,
        "configuration_hash": host.configuration_hash,
        "cluster_hash": host.cluster_hash,
        "warnings": [*node.get("warnings", ()), *host.warnings],
        "hooks": list(host.hooks),
        "counters": dict(host.counters),
        "loop": dict(host.loop),
    }


def one_line(node: Mapping[str, Any]) -> str:
    """For ``systemctl status``: our state, what we hold, who is there."""
    held = [group["key"] for group in node["groups"] if group["holder"] == node["node"]]
    peers = ", ".join(f"{peer['name']} {peer['state']}" for peer in node["peers"])
    return f"{node['state']}; holds {', '.join(held) or 'nothing'}; peers: {peers or 'none'}"
