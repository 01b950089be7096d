# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's own addresses, read from its facts: those that stay, not those that move."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def own(facts: Mapping[str, Any]) -> list[str]:
    """Return the primary IPv4 address of each interface but loopback, that of the default route first.

    Secondary addresses are left out, because an address that moves between nodes is one while it is here, and what is
    derived from it would change with every failover. For the same reason IPv6 addresses, which have no such mark, are
    not told by facts but by the operator.
    """
    found: list[str] = []
    preferred = (facts.get("default_ipv4") or {}).get("interface")
    names = sorted((str(name) for name in facts.get("interfaces") or ()), key=lambda name: (name != preferred, name))
    for name in names:
        interface = facts.get(name.replace("-", "_").replace(".", "_").replace(":", "_")) or {}
        address = (interface.get("ipv4") or {}).get("address")
        if address and interface.get("type") != "loopback" and interface.get("active", True):
            found.append(str(address))
    return found
