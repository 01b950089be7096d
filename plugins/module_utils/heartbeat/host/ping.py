# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ping nodes: ICMP echo requests that carry a signed heartbeat message, and their replies.

Linux-HA heartbeat 3.0.6, as measured: one request per member for every own ``status``; ICMP id = low 16 bits of
the process id; the payload is a signed ``NS_st`` message in the ping node's name, so that a reply counts only
when it returns what we signed. A group is alive when any member answers.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import TYPE_CHECKING, Callable

from .frames import checksum
from .links import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..settings.model import PingNode
    from .loop import Loop

_ECHO_REPLY, _ECHO_REQUEST = 0, 8
_ECHO6_REQUEST, _ECHO6_REPLY = 128, 129
_SOL_RAW, _ICMP_FILTER = 255, 1  # raw(7)
_ICMP6_FILTER = 1  # RFC 3542 section 3.2
_MAX_PER_TURN = 64


class Pings:
    """Asks all ping nodes at once and hands on what comes back."""

    def __init__(
        self,
        loop: Loop,
        payload: Callable[[str], bytes],
        on_reply: Callable[[bytes, str], None],
        on_error: Callable[[str, str], None],
    ) -> None:
        """``payload(name)``: the signed content for a ping node; ``on_reply(content, address)`` must verify it."""
        self._loop, self._payload = loop, payload
        self._on_reply, self._on_error = on_reply, on_error
        self._id = os.getpid() & 0xFFFF
        self._seq = 0
        self._sockets: dict[int, socket.socket] = {}
        self._targets: list[tuple[PingNode, int, str]] = []
        self._nodes: tuple[PingNode, ...] = ()

    def open(self, nodes: Sequence[PingNode], names: Mapping[str, str]) -> list[str]:
        """Ask these nodes from now on; ``names``: host names that were looked up. Returns what went wrong."""
        problems: list[str] = []
        if tuple(nodes) == self._nodes:
            return problems
        targets: list[tuple[PingNode, int, str]] = []
        for node in nodes:
            for member in node.members:
                try:
                    family, address = resolve(member, 0, "", names)
                    self._socket(family)
                    targets.append((node, family, str(address[0])))
                except OSError as error:
                    problems.append(f"{node.kind} {member}: {error.strerror or error}")
        self._targets, self._nodes = targets, tuple(nodes)
        return problems

    def request(self) -> None:
        """One echo request to every member."""
        self._seq = (self._seq + 1) & 0xFFFF
        payloads: dict[str, bytes] = {}
        for node, family, address in self._targets:
            if node.name not in payloads:
                payloads[node.name] = self._payload(node.name)
            try:
                self._sockets[family].sendto(
                    echo_request(family, self._id, self._seq, payloads[node.name]), (address, 0)
                )
            except OSError as error:
                self._on_error(f"{node.kind} {address}", error.strerror or str(error))

    def close(self) -> None:
        """Close the raw sockets."""
        for raw in self._sockets.values():
            self._loop.remove(raw)
            raw.close()
        self._sockets.clear()

    def _socket(self, family: int) -> None:
        if family in self._sockets:
            return
        kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        if family == socket.AF_INET6:
            raw = socket.socket(family, kind, socket.IPPROTO_ICMPV6)
            blocked = [0xFFFFFFFF] * 8
            blocked[_ECHO6_REPLY >> 5] &= ~(1 << (_ECHO6_REPLY & 31))
            raw.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("=8I", *blocked))
        else:
            raw = socket.socket(family, kind, socket.IPPROTO_ICMP)
            raw.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("=I", ~(1 << _ECHO_REPLY) & 0xFFFFFFFF))
        self._sockets[family] = raw
        self._loop.add_reader(raw, lambda: self._receive(raw, family))

    def _receive(self, raw: socket.socket, family: int) -> None:
        for _packet in range(_MAX_PER_TURN):
            try:
                packet, sender = raw.recvfrom(65536)
            except BlockingIOError:
                return
            except OSError as error:
                self._on_error("ping", error.strerror or str(error))
                return
            content = echo_reply(family, packet, self._id)
            if content is not None:
                self._on_reply(content, str(sender[0]))


def echo_request(family: int, identity: int, seq: int, payload: bytes) -> bytes:
    """An ICMP (RFC 792) or ICMPv6 (RFC 4443; the kernel fills in that checksum) echo request."""
    # the id is in host byte order on the wire, as the C daemon has it
    rest = struct.pack("=H", identity) + struct.pack("!H", seq) + payload
    if family == socket.AF_INET6:
        return struct.pack("!BBH", _ECHO6_REQUEST, 0, 0) + rest
    blank = struct.pack("!BBH", _ECHO_REQUEST, 0, 0) + rest
    return blank[:2] + struct.pack("!H", checksum(blank)) + rest


def echo_reply(family: int, packet: bytes, identity: int) -> bytes | None:
    """The payload, if this packet (with its IPv4 header, as raw sockets deliver it) is a reply to ``identity``."""
    if family == socket.AF_INET6:
        offset, wanted = 0, _ECHO6_REPLY
    else:
        if not packet:
            return None
        offset, wanted = (packet[0] & 0x0F) * 4, _ECHO_REPLY
    if len(packet) < offset + 8 or packet[offset] != wanted:
        return None
    if struct.unpack_from("=H", packet, offset + 4)[0] != identity:
        return None
    return packet[offset + 8 :]
