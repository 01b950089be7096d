# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ICMP echo, IPv4 and IPv6 (RFC 792, RFC 4443): does the address itself answer?"""

from __future__ import annotations

import socket
import struct
from typing import Optional

from .datagram import TOKEN_BYTES, DatagramProber

__all__ = ["IcmpProber", "checksum", "echo_request", "parse_echo_reply"]

ECHO_REQUEST = {socket.AF_INET: 8, socket.AF_INET6: 128}
ECHO_REPLY = {socket.AF_INET: 0, socket.AF_INET6: 129}
PROTOCOL = {socket.AF_INET: socket.IPPROTO_ICMP, socket.AF_INET6: socket.IPPROTO_ICMPV6}
ICMP6_FILTER = 1


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def echo_request(family: int, identifier: int, seq: int, token: bytes) -> bytes:
    """An echo request. The whole slot number travels behind the token: the protocol's own
    sequence field wraps after 65,536 requests."""
    body = token + struct.pack("!Q", seq)
    head = struct.pack("!BBHHH", ECHO_REQUEST[socket.AddressFamily(family)], 0, 0, identifier, seq & 0xFFFF)
    # ICMPv6 checksums cover the addresses; the kernel fills them in (RFC 3542, 3.1).
    total = checksum(head + body) if family == socket.AF_INET else 0
    return head[:2] + struct.pack("!H", total) + head[4:] + body


def parse_echo_reply(family: int, packet: bytes, token: bytes) -> Optional[int]:
    """The slot number of one of our own replies, or None for anything else."""
    if family == socket.AF_INET and packet and packet[0] >> 4 == 4:
        # Raw IPv4 sockets deliver the IP header too, ping sockets do not. An ICMP message
        # cannot begin with 4x: types 64-79 are unassigned.
        packet = packet[(packet[0] & 0xF) * 4 :]
    if len(packet) < 8 + TOKEN_BYTES + 8 or packet[0] != ECHO_REPLY[socket.AddressFamily(family)]:
        return None
    if packet[8 : 8 + TOKEN_BYTES] != token:
        return None
    return int(struct.unpack_from("!Q", packet, 8 + TOKEN_BYTES)[0])


class IcmpProber(DatagramProber):
    """An unprivileged ping socket where ``net.ipv4.ping_group_range`` allows it, else a raw socket (CAP_NET_RAW)."""

    def make_socket(self) -> socket.socket:
        """The socket, for ``self.family``."""
        protocol = PROTOCOL[self.family]
        try:
            return socket.socket(self.family, socket.SOCK_DGRAM, protocol)
        except PermissionError:
            sock = socket.socket(self.family, socket.SOCK_RAW, protocol)
        if self.family == socket.AF_INET6:
            # Block every type but the reply; a set bit blocks (RFC 3542, 3.2).
            blocked = [0xFFFFFFFF] * 8
            blocked[129 >> 5] &= ~(1 << (129 & 31))
            sock.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, struct.pack("8I", *blocked))
        return sock

    def packet(self, seq: int) -> bytes:
        """An echo request."""
        return echo_request(self.family, int.from_bytes(self.token[:2], "big"), seq, self.token)

    def read(self, data: bytes) -> Optional[tuple[int, str]]:
        """The slot of an echo reply; nobody signs those."""
        seq = parse_echo_reply(self.family, data, self.token)
        return None if seq is None else (seq, "")
