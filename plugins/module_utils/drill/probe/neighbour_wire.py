# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who-has and neighbour solicitation as bytes (RFC 826, RFC 4861). No socket."""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple, Optional

__all__ = [
    "Claim",
    "arp_request",
    "mac_text",
    "neighbour_solicitation",
    "parse_advertisement",
    "parse_arp",
    "solicited_node",
]

ETH_P_ARP = 0x0806
BROADCAST = b"\xff" * 6
REQUEST, REPLY = 1, 2
SOLICITATION, ADVERTISEMENT = 135, 136
OPTION_SOURCE, OPTION_TARGET = 1, 2
SOLICITED = 0x40


class Claim(NamedTuple):
    """Somebody says that an address is theirs."""

    mac: str
    announced: bool
    """Said to everybody and unasked, as after a takeover; otherwise an answer to us."""


def mac_text(mac: bytes) -> str:
    """aa:bb:cc:dd:ee:ff"""
    return ":".join(f"{byte:02x}" for byte in mac)


def arp_request(our_mac: bytes, our_address: bytes, wanted: bytes) -> bytes:
    """A whole Ethernet frame that asks who has an IPv4 address. With 0.0.0.0 as our own address it
    is a probe (RFC 5227) that fills nobody's cache."""
    head = BROADCAST + our_mac + struct.pack("!H", ETH_P_ARP)
    return head + struct.pack("!HHBBH", 1, 0x0800, 6, 4, REQUEST) + our_mac + our_address + bytes(6) + wanted


def parse_arp(frame: bytes, wanted: bytes, our_mac: bytes) -> Optional[Claim]:
    """The claim in a frame, if it claims the wanted address and is not our own."""
    if len(frame) < 42 or struct.unpack_from("!H", frame, 12)[0] != ETH_P_ARP:
        return None
    if frame[14:20] != struct.pack("!HHBB", 1, 0x0800, 6, 4):
        return None
    (operation,) = struct.unpack_from("!H", frame, 20)
    sender_mac, sender, target = frame[22:28], frame[28:32], frame[38:42]
    if sender != wanted or sender_mac == our_mac:
        return None
    # A gratuitous request or reply names the same address twice (RFC 5227, section 3).
    announced = target == wanted
    if operation == REPLY or (operation == REQUEST and announced):
        return Claim(mac_text(sender_mac), announced)
    return None


def solicited_node(address: bytes) -> bytes:
    """The multicast group that the holder of an IPv6 address listens to (RFC 4291, 2.7.1)."""
    return socket.inet_pton(socket.AF_INET6, "ff02::1:ff00:0")[:13] + address[13:]


def neighbour_solicitation(our_mac: bytes, wanted: bytes) -> bytes:
    """The ICMPv6 message that asks who has an IPv6 address; the kernel adds its checksum."""
    return struct.pack("!BBHI", SOLICITATION, 0, 0, 0) + wanted + struct.pack("!BB", OPTION_SOURCE, 1) + our_mac


def parse_advertisement(message: bytes, wanted: bytes) -> Optional[Claim]:
    """The claim in an ICMPv6 message, if it is an advertisement of the wanted address."""
    if len(message) < 24 or message[0] != ADVERTISEMENT or message[8:24] != wanted:
        return None
    at = 24
    while at + 8 <= len(message):
        kind, words = message[at], message[at + 1]
        if words == 0:
            return None
        if kind == OPTION_TARGET:
            return Claim(mac_text(message[at + 2 : at + 8]), not message[4] & SOLICITED)
        at += words * 8
    return None
