# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Removing what a crashed daemon left, when its successor cannot start: no configuration says whose addresses they are.

The kernel does (Linux 5.18 and later): our addresses carry a mark. Older kernels tell nothing, and nothing is removed.
"""

from __future__ import annotations

from . import rtnl
from .netlink import Netlink


def sweep_marked_addresses() -> list[str]:
    """Remove every address that a daemon of this kind has put here; returns those that are gone. Raises OSError."""
    netlink = Netlink()
    try:
        found = [address for address in netlink.addresses() if address.protocol == rtnl.OUR_PROTOCOL]
        results = netlink.execute([rtnl.delete_address(item.index, item.ip, item.prefix) for item in found])
    finally:
        netlink.close()
    return [f"{item.ip}/{item.prefix}" for item, result in zip(found, results) if result == 0]
