# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the client host itself believes: its neighbour table, read over rtnetlink(7)."""

from __future__ import annotations

import socket
import struct
from typing import Optional

from .neighbour_wire import mac_text

__all__ = ["NeighbourTable", "parse_neighbours"]

RTM_NEWNEIGH, RTM_GETNEIGH = 28, 30
NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
NDA_DST, NDA_LLADDR = 1, 2
# linux/neighbour.h; an entry that is being resolved or has failed says nothing of a holder.
NUD_INCOMPLETE, NUD_FAILED = 0x01, 0x20
READ_BYTES = 1 << 17


def parse_neighbours(data: bytes, address: bytes, interface: int) -> tuple[Optional[str], bool]:
    """(MAC address of the entry, if one is there and known, and whether the dump has ended)."""
    found: Optional[str] = None
    at = 0
    while at + 16 <= len(data):
        length, kind = struct.unpack_from("=IH", data, at)
        if length < 16 or kind in (NLMSG_DONE, NLMSG_ERROR):
            return found, True
        if kind == RTM_NEWNEIGH and length >= 28:
            _family, index, state = struct.unpack_from("=BxxxiH", data, at + 16)
            attributes = _attributes(data[at + 28 : at + length])
            known = not state & (NUD_INCOMPLETE | NUD_FAILED)
            if index == interface and known and attributes.get(NDA_DST) == address and NDA_LLADDR in attributes:
                found = mac_text(attributes[NDA_LLADDR])
        at += (length + 3) & ~3
    return found, False


def _attributes(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if length < 4:
            break
        found[kind] = data[at + 4 : at + length]
        at += (length + 3) & ~3
    return found


class NeighbourTable:
    """Looks one address up in the kernel's table. Answers come from the kernel at once."""

    def __init__(self, family: int, address: bytes, interface: int) -> None:
        self._request = struct.pack(
            "=IHHIIBxxxiHBB", 28, RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, 1, 0, family, interface, 0, 0, 0
        )
        self._address = address
        self._interface = interface
        self._sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._sock.setblocking(False)

    def lookup(self) -> Optional[str]:
        """The MAC address of the entry, or None where there is none that is resolved."""
        found: Optional[str] = None
        try:
            self._sock.send(self._request)
            while True:
                part, ended = parse_neighbours(self._sock.recv(READ_BYTES), self._address, self._interface)
                found = part or found
                if ended:
                    return found
        except OSError:
            return found

    def close(self) -> None:
        """Release the socket."""
        self._sock.close()
