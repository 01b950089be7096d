# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames that tell the neighbours where a VIP lives now: gratuitous ARP and unsolicited neighbour advertisement.

Pure bytes, built once per (address, device) and sent from there. IPv4: both forms of RFC 5227 section 3 /
RFC 5944 section 4.6, an ARP request and an ARP reply for the own address, because each kind of host heeds only
one of them. IPv6: RFC 4861 section 7.2.6, neighbour advertisement to all nodes with the override flag.
"""

from __future__ import annotations

import socket
import struct

_BROADCAST = b"\xff" * 6
_ALL_NODES_MAC = b"\x33\x33\x00\x00\x00\x01"
_ALL_NODES = socket.inet_pton(socket.AF_INET6, "ff02::1")
_ETH_ARP, _ETH_IPV6 = 0x0806, 0x86DD
_OVERRIDE = 0x20000000


def frames(ip: str, mac: bytes) -> tuple[bytes, ...]:
    """The Ethernet frames of one announcement of ``ip`` from ``mac`` (6 bytes)."""
    if len(mac) != 6:
        raise ValueError(f"an Ethernet address has 6 bytes, not {len(mac)}")
    if ":" in ip:
        return (_advertisement(socket.inet_pton(socket.AF_INET6, ip), mac),)
    packed = socket.inet_pton(socket.AF_INET, ip)
    return _arp(1, packed, mac, bytes(6)), _arp(2, packed, mac, _BROADCAST)


def _arp(operation: int, ip: bytes, mac: bytes, target_mac: bytes) -> bytes:
    ethernet = _BROADCAST + mac + struct.pack("!H", _ETH_ARP)
    return ethernet + struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + mac + ip + target_mac + ip


def _advertisement(ip: bytes, mac: bytes) -> bytes:
    target_option = struct.pack("!BB", 2, 1) + mac  # target link-layer address, length in units of 8 bytes
    blank = struct.pack("!BBHI", 136, 0, 0, _OVERRIDE) + ip + target_option
    pseudo = ip + _ALL_NODES + struct.pack("!II", len(blank), socket.IPPROTO_ICMPV6)
    icmp = blank[:2] + struct.pack("!H", checksum(pseudo + blank)) + blank[4:]
    # hop limit 255: receivers drop anything lower (RFC 4861 section 7.1.2)
    header = struct.pack("!IHBB", 6 << 28, len(icmp), socket.IPPROTO_ICMPV6, 255) + ip + _ALL_NODES
    return _ALL_NODES_MAC + mac + struct.pack("!H", _ETH_IPV6) + header + icmp


def checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
