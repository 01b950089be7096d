# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subnets, addresses and MACs, worked out from names. Pure: what the host uses is handed in.

The same checkout and lab get the same addresses every time, unless the host already routes that range.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable
from typing import Union

from .errors import LabError

Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

POOL = ipaddress.ip_network("10.64.0.0/10")
ROUTER_HOST = 1
FIRST_NODE_HOST = 11
FIRST_VIP_HOST = 200
VIP_COUNT = 40


def _digest(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode()).digest()


def choose_ipv4(seed: str, index: int, taken: Iterable[Network]) -> ipaddress.IPv4Network:
    """Return the /24 of network number `index`, the first from `seed` on that overlaps nothing in `taken`.

    Raises LabError when the whole pool is taken.
    """
    used = [network for network in taken if network.version == 4 and network.prefixlen > 0]
    slots = 2 ** (24 - POOL.prefixlen)
    start = int.from_bytes(_digest("ipv4", seed)[:4], "big") % slots
    base = int(POOL.network_address)
    for step in range(slots):
        # Networks of one lab lie side by side, which makes captures easier to read.
        slot = (start + index + step) % slots
        candidate = ipaddress.IPv4Network((base + slot * 256, 24))
        if not any(candidate.overlaps(network) for network in used):
            return candidate
    raise LabError(f"no free /24 left in {POOL}: the host routes all of it; remove a route that covers it")


def choose_ipv6(seed: str, index: int, taken: Iterable[Network]) -> ipaddress.IPv6Network:
    """Return a unique local /64 (RFC 4193) for network number `index` that overlaps nothing in `taken`."""
    used = [network for network in taken if network.version == 6 and network.prefixlen > 0]
    for attempt in range(64):
        global_id = int.from_bytes(_digest("ipv6", seed, str(attempt))[:5], "big")
        prefix = (0xFD << 120) | (global_id << 80) | (index << 64)
        candidate = ipaddress.IPv6Network((prefix, 64))
        if not any(candidate.overlaps(network) for network in used):
            return candidate
    raise LabError("no free unique local IPv6 prefix found; remove the route that covers fd00::/8")


def mac_address(seed: str, node: str, network: str) -> str:
    """Return a stable, locally administered unicast MAC: a machine keeps its cards over a reboot."""
    tail = _digest("mac", seed, node, network)[:5]
    return ":".join(f"{octet:02x}" for octet in b"\x02" + tail)


def host_address(network: Network, host: int) -> str:
    """Return address number `host` of a network as text."""
    return str(network[host])


def port_name(node: str, interface: str, index: int) -> str:
    """Return the fabric-side interface name of a cable, at most 15 characters (IFNAMSIZ - 1)."""
    readable = f"{node}-{interface}"
    return readable if len(readable) <= 15 else f"n{index}-{interface}"
