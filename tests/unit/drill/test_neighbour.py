# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
import struct

from hypothesis import given
from hypothesis import strategies as st

from drill.probe.neighbour_table import parse_neighbours
from drill.probe.neighbour_wire import (
    Claim,
    arp_request,
    mac_text,
    neighbour_solicitation,
    parse_advertisement,
    parse_arp,
    solicited_node,
)

US = bytes.fromhex("020000000001")
HOLDER = bytes.fromhex("02000000000a")
VIP = socket.inet_aton("192.0.2.100")
CLIENT = socket.inet_aton("192.0.2.9")
VIP6 = socket.inet_pton(socket.AF_INET6, "2001:db8::1:800:200e:8c6c")


def arp(operation: int, sender_mac: bytes, sender: bytes, target: bytes) -> bytes:
    frame = bytearray(arp_request(sender_mac, sender, target))
    frame[20:22] = struct.pack("!H", operation)
    return bytes(frame)


def test_an_answer_an_announcement_and_everybody_elses_talk() -> None:
    assert parse_arp(arp(2, HOLDER, VIP, CLIENT), VIP, US) == Claim("02:00:00:00:00:0a", announced=False)
    assert parse_arp(arp(1, HOLDER, VIP, VIP), VIP, US) == Claim("02:00:00:00:00:0a", announced=True)
    assert parse_arp(arp(2, HOLDER, VIP, VIP), VIP, US) == Claim("02:00:00:00:00:0a", announced=True)
    # The holder asks for somebody else: that claims nothing new.
    assert parse_arp(arp(1, HOLDER, VIP, CLIENT), VIP, US) is None
    assert parse_arp(arp(2, HOLDER, CLIENT, VIP), VIP, US) is None
    assert parse_arp(arp(2, US, VIP, CLIENT), VIP, US) is None


def test_our_question_is_an_ethernet_broadcast() -> None:
    frame = arp_request(US, CLIENT, VIP)
    assert frame[:6] == b"\xff" * 6
    assert len(frame) == 42
    assert parse_arp(frame, VIP, HOLDER) is None


@given(st.binary(max_size=64))
def test_no_frame_of_any_kind_makes_it_stumble(frame: bytes) -> None:
    parse_arp(frame, VIP, US)
    parse_advertisement(frame, VIP6)
    parse_neighbours(frame, VIP, 1)


def test_the_solicited_node_group_of_the_rfc_example() -> None:
    # RFC 4291, 2.7.1: 4037::01:800:200e:8c6c has the group ff02::1:ff0e:8c6c.
    assert socket.inet_ntop(socket.AF_INET6, solicited_node(VIP6)) == "ff02::1:ff0e:8c6c"


def advertisement(flags: int, target: bytes, options: bytes) -> bytes:
    return bytes([136, 0, 0, 0, flags, 0, 0, 0]) + target + options


def test_advertisements_solicited_and_not() -> None:
    option = bytes([2, 1]) + HOLDER
    assert parse_advertisement(advertisement(0x60, VIP6, option), VIP6) == Claim(mac_text(HOLDER), announced=False)
    assert parse_advertisement(advertisement(0x20, VIP6, bytes([14, 1, 0, 0, 0, 0, 0, 0]) + option), VIP6) == Claim(
        mac_text(HOLDER), announced=True
    )
    assert parse_advertisement(advertisement(0x60, VIP6, b""), VIP6) is None
    assert parse_advertisement(advertisement(0x60, VIP6, bytes([2, 0]) + HOLDER), VIP6) is None
    assert parse_advertisement(advertisement(0x60, bytes(16), option), VIP6) is None
    assert parse_advertisement(neighbour_solicitation(US, VIP6), VIP6) is None


def entry(interface: int, state: int, address: bytes, mac: bytes | None) -> bytes:
    body = struct.pack("=BxxxiHBB", socket.AF_INET, interface, state, 0, 0)
    body += struct.pack("=HH", 8, 1) + address
    if mac is not None:
        body += struct.pack("=HH", 10, 2) + mac + b"\0\0"
    return struct.pack("=IHHII", 16 + len(body), 28, 2, 1, 0) + body


def test_the_kernels_table_is_read_for_one_address_on_one_interface() -> None:
    done = struct.pack("=IHHII", 20, 3, 2, 1, 0) + bytes(4)
    dump = entry(3, 2, VIP, US) + entry(2, 2, CLIENT, US) + entry(2, 4, VIP, HOLDER)
    assert parse_neighbours(dump + done, VIP, 2) == (mac_text(HOLDER), True)
    assert parse_neighbours(dump, VIP, 2) == (mac_text(HOLDER), False)
    assert parse_neighbours(entry(2, 0x20, VIP, HOLDER) + entry(2, 1, VIP, None) + done, VIP, 2) == (None, True)
