# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket
import struct

from hypothesis import given
from hypothesis import strategies as st

from drill.probe.icmp import checksum, echo_request, parse_echo_reply

TOKEN = b"steadfst"


def reply_to(request: bytes, family: int) -> bytes:
    kind = 0 if family == socket.AF_INET else 129
    return bytes([kind]) + request[1:]


@given(st.binary(min_size=2, max_size=200))
def test_checksum_of_a_packet_with_its_checksum_is_zero(body: bytes) -> None:
    packet = b"\x08\x00\x00\x00" + body + b"\0" * (len(body) % 2)
    packet = packet[:2] + struct.pack("!H", checksum(packet)) + packet[4:]
    assert checksum(packet) == 0


def test_checksum_of_the_rfc_example() -> None:
    # RFC 1071, section 3: 0001 f203 f4f5 f6f7 sums up to ddf2.
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2


@given(st.integers(0, 2**40), st.sampled_from([socket.AF_INET, socket.AF_INET6]))
def test_our_reply_gives_back_the_whole_slot_number(seq: int, family: int) -> None:
    assert parse_echo_reply(family, reply_to(echo_request(family, 7, seq, TOKEN), family), TOKEN) == seq


def test_raw_ipv4_packets_come_with_their_header() -> None:
    reply = reply_to(echo_request(socket.AF_INET, 7, 70_000, TOKEN), socket.AF_INET)
    for words in (5, 6):
        header = bytes([0x40 | words]) + b"\0" * (words * 4 - 1)
        assert parse_echo_reply(socket.AF_INET, header + reply, TOKEN) == 70_000


def test_other_peoples_packets_and_our_own_requests_are_not_answers() -> None:
    request = echo_request(socket.AF_INET, 7, 1, TOKEN)
    assert parse_echo_reply(socket.AF_INET, request, TOKEN) is None
    assert parse_echo_reply(socket.AF_INET, reply_to(request, socket.AF_INET), b"someone!") is None
    assert parse_echo_reply(socket.AF_INET, reply_to(request, socket.AF_INET)[:20], TOKEN) is None
    assert parse_echo_reply(socket.AF_INET, b"", TOKEN) is None
