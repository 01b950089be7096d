# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every recorded datagram of the C daemon: read, compared field by field, written back byte by byte."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.settings.model import Key, KeyRing, Method
from heartbeat.wire.codec import Framing, decode, encode
from heartbeat.wire.compression import Compression
from heartbeat.wire.digest import crc32_msb, sign
from heartbeat.wire.errors import Reason, WireError
from heartbeat.wire.message import BINARY
from heartbeat.wire.text import text_lines


def test_the_recording_is_complete(recorded: Any) -> None:
    assert len(recorded.packets) == 347
    assert {packet.run for packet in recorded.packets} == set(recorded.runs)


def test_decode_gives_the_fields_that_were_recorded(recorded: Any) -> None:
    for packet in recorded.packets:
        decoded = decode(packet.datagram, recorded.keyring(packet.run))
        assert decoded.framing is Framing.NETSTRING, packet.file
        if decoded.compressed is not None:
            continue  # the recording has the outer fields; see test_the_compressed_one
        expected = packet.facts["fields"]
        assert [(item.name, item.type) for item in decoded.message] == [(f["name"], f["type"]) for f in expected]
        for item, fact in zip(decoded.message, expected):
            value = item.value.hex() if item.type == BINARY else item.text()
            wanted = fact["hex"] if item.type == BINARY else fact["value"]
            shown, cut, _ = wanted.partition("...(")
            assert value.startswith(shown) if cut else value == wanted, f"{packet.file} {item.name}"


def test_encode_gives_the_same_bytes_again(recorded: Any) -> None:
    for packet in recorded.packets:
        configuration = recorded.configuration(packet.run)
        decoded = decode(packet.datagram, configuration.keyring)
        again = encode(
            decoded.message,
            configuration.keyring,
            msgfmt=configuration.settings.msgfmt,
            compression=Compression.of(configuration.settings),
        )
        assert again == packet.datagram, packet.file


def test_the_inner_auth_field_covers_the_text_form(recorded: Any) -> None:
    seen = 0
    for packet in recorded.packets:
        keyring = recorded.keyring(packet.run)
        message = decode(packet.datagram, keyring).message
        if message.has("auth"):
            assert message.get("auth") == sign(keyring, text_lines(message)), packet.file
            seen += 1
    assert seen > 300


def test_the_compressed_one(recorded: Any) -> None:
    (packet,) = [packet for packet in recorded.packets if packet.kind == "compressed"]
    decoded = decode(packet.datagram, recorded.keyring(packet.run))
    assert decoded.compressed == "zlib"
    assert decoded.message.kind == "bigtest"
    assert decoded.message.get("src") == "n2"
    assert [len(decoded.message.get(f"f{n}")) for n in range(6)] == [400] * 6


def test_every_digest_is_checked(recorded: Any) -> None:
    for packet in recorded.packets[::7]:
        keyring = recorded.keyring(packet.run)
        active = keyring.signing_key()
        wrong = Key(active.id, Method.SHA1, b"another secret") if active.secret else Key(1, Method.MD5, b"x")
        with pytest.raises(WireError) as caught:
            decode(packet.datagram, KeyRing(active.id, (wrong,)))
        assert caught.value.reason is Reason.BAD_DIGEST


def test_crc_is_the_catalogued_cksum_polynomial() -> None:
    assert crc32_msb(b"123456789") == 0x765E7680  # check value of CRC-32/CKSUM


def test_both_crc_directions_agree_with_a_bitwise_reference() -> None:
    def reference(data: bytes) -> int:
        value = 0
        for byte in data:
            value ^= byte << 24
            for _ in range(8):
                value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
                value &= 0xFFFFFFFF
        return value ^ 0xFFFFFFFF

    for data in (b"", b"\0", b"a", b"###\n%%%\n", bytes(range(256)) * 5):
        assert crc32_msb(data) == reference(data)
