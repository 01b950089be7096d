# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
import struct

import pytest

from heartbeat.host.frames import checksum, frames

MAC = bytes.fromhex("02005e0000a1")


def test_ipv4_is_announced_by_a_request_and_a_reply_for_the_own_address() -> None:
    request, reply = frames("10.0.0.9", MAC)
    head = b"\xff" * 6 + MAC + b"\x08\x06" + bytes.fromhex("0001080006040001") + MAC + b"\x0a\x00\x00\x09"
    assert request == head + bytes(6) + b"\x0a\x00\x00\x09"
    assert reply[20:22] == b"\x00\x02"
    assert reply[28:32] == reply[38:42] == b"\x0a\x00\x00\x09"
    assert reply[32:38] == b"\xff" * 6


def test_ipv6_is_announced_to_all_nodes_with_override_and_a_right_checksum() -> None:
    (frame,) = frames("fd77::9", MAC)
    assert frame[:6] == bytes.fromhex("333300000001")
    header, icmp = frame[14:54], frame[54:]
    assert header[7] == 255  # hop limit: lower ones are dropped by receivers
    assert header[24:40] == socket.inet_pton(socket.AF_INET6, "ff02::1")
    assert icmp[0] == 136
    assert struct.unpack_from("!I", icmp, 4)[0] == 0x20000000
    assert icmp[24:] == b"\x02\x01" + MAC
    pseudo = header[8:40] + struct.pack("!II", len(icmp), 58)
    assert checksum(pseudo + icmp) == 0  # over a packet that carries its checksum


def test_checksum_of_the_example_in_rfc_1071() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == ~0xDDF2 & 0xFFFF
    assert checksum(b"\x01") == ~0x0100 & 0xFFFF


def test_only_ethernet_addresses_are_taken() -> None:
    with pytest.raises(ValueError, match="6 bytes"):
        frames("10.0.0.9", b"\x01" * 20)
