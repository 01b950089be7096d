# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes of a cluster as somebody declares them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Member", "transport", "voters"]


@dataclass(frozen=True)
class Member:
    """One node as the inventory declares it. transport: "address:port"."""

    host: str
    name: str
    roles: tuple[str, ...]
    transport: str
    zone: str = ""

    @property
    def is_eligible(self) -> bool:
        """May it vote?"""
        return "master" in self.roles

    @property
    def has_data(self) -> bool:
        """May it hold shards?"""
        return any(role == "data" or role.startswith("data_") for role in self.roles)


def transport(address: str, port: int) -> str:
    """Where other nodes reach one: "address:port", an IPv6 address in brackets."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def voters(members: Sequence[Member]) -> list[str]:
    """Names of those that may vote, sorted: what cluster.initial_master_nodes says while a cluster is formed."""
    return sorted(member.name for member in members if member.is_eligible)
