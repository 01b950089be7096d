# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens on a machine, and whether an instance may listen there too. Source: proc_net_tcp(5). No I/O."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Listener", "clashes", "listeners"]

LISTEN = "0A"
#: How people write that an instance listens on all addresses.
ALL = ("", "0.0.0.0", "::")


@dataclass(frozen=True)
class Listener:
    """A socket that listens. address: as text, '' for all; inode: what /proc/PID/fd calls it."""

    address: str
    port: int
    inode: str


def _address(digits: str) -> str:
    """The address of a row: words of four bytes, each in the machine's (little-endian) order. '' for all."""
    raw = b"".join(bytes.fromhex(digits[at : at + 8])[::-1] for at in range(0, len(digits), 8))
    found = ipaddress.ip_address(raw)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return "" if int(found) == 0 else str(found)


def listeners(*tables: str) -> list[Listener]:
    """Return who listens, from the contents of /proc/net/tcp and /proc/net/tcp6."""
    found = []
    for table in tables:
        for row in table.splitlines()[1:]:
            fields = row.split()
            if len(fields) > 9 and fields[3] == LISTEN:
                digits, _colon, port = fields[1].partition(":")
                found.append(Listener(_address(digits), int(port, 16), fields[9]))
    return found


def clashes(wanted: Iterable[Mapping[str, Any]], found: Iterable[Listener], own: Iterable[str]) -> list[str]:
    """Return one sentence per wanted port that somebody else has.

    wanted: ``what``, ``address`` (one of ALL for all) and ``port`` of each; own: inodes of
    sockets that will be given up.
    """
    ours = set(own)
    others = [listener for listener in found if listener.inode not in ours]
    return [
        f"the {entry['what']} port {entry['port']} is used by another program"
        for entry in wanted
        if any(
            other.port == int(entry["port"]) and (not other.address or entry["address"] in (*ALL, other.address))
            for other in others
        )
    ]
