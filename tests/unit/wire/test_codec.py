# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codec against everything that was not recorded: other digests, both framings, damage, limits."""

from __future__ import annotations

import bz2
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.settings.model import Key, KeyRing, MessageFormat, Method
from heartbeat.wire.codec import Framing, decode, encode
from heartbeat.wire.compression import ALGORITHM, PAYLOAD, Compression
from heartbeat.wire.errors import Reason, WireError
from heartbeat.wire.limits import MAX_DATAGRAM, MAX_MESSAGE
from heartbeat.wire.message import BINARY, COMPRESSED, LIST, STRING, STRUCT, Field, Message

SHA1 = Key(1, Method.SHA1, b"SpecSecretOne")
MD5 = Key(2, Method.MD5, b"other")
SHA256 = Key(3, Method.SHA256, b"a much longer secret of our own")
CRC = Key(4, Method.CRC)
RING = KeyRing(1, (SHA1, MD5, SHA256, CRC))
STATUS = Message.of(("t", "status"), ("st", "up"), ("srcuuid", bytes(range(16))), ("ts", "1"))

names = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x24F, exclude_characters="=("), min_size=1, max_size=20
)
texts = st.text(st.characters(min_codepoint=1, exclude_characters="\x13", exclude_categories=["Cs"]), max_size=60)
string_fields = st.builds(lambda name, text: Field(name, text.encode()), names, texts)
binary_fields = st.builds(lambda name, raw: Field(name, raw, BINARY), names, st.binary(max_size=60))
other_fields = st.builds(Field, names, st.binary(max_size=60), st.sampled_from([STRUCT, LIST, COMPRESSED]))
not_auth = st.lists(string_fields | binary_fields, max_size=12).map(
    lambda fields: Message(tuple(f for f in fields if f.name not in ("auth", PAYLOAD)))
)
rings = st.sampled_from([KeyRing(key.id, RING.keys) for key in RING.keys])


def reason_of(datagram: bytes, keyring: KeyRing = RING) -> Reason:
    with pytest.raises(WireError) as caught:
        decode(datagram, keyring)
    assert str(caught.value) == caught.value.text
    return caught.value.reason


# --- round trips ------------------------------------------------------------------------------------------


@given(not_auth, rings, st.sampled_from(MessageFormat))
def test_netstring_form_round_trips(message: Message, ring: KeyRing, msgfmt: MessageFormat) -> None:
    datagram = encode(message, ring, msgfmt=msgfmt)
    decoded = decode(datagram, ring)
    assert decoded.message.without(["auth"]) == message
    assert decoded.message.has("auth") == (msgfmt is MessageFormat.CLASSIC)
    assert decoded.verdict.method is ring.signing_key().method
    assert encode(decoded.message, ring, msgfmt=msgfmt) == datagram


@given(not_auth, rings, st.booleans())
def test_text_form_round_trips_with_and_without_nul(message: Message, ring: KeyRing, nul: bool) -> None:
    datagram = encode(message, ring, framing=Framing.TEXT)
    decoded = decode(datagram + b"\0" * nul, ring)
    assert decoded.framing is Framing.TEXT
    assert decoded.message.without(["auth"]) == message
    assert encode(decoded.message, ring, framing=Framing.TEXT) == datagram


@given(not_auth, st.sampled_from(["zlib", "bz2"]), st.sampled_from(MessageFormat))
def test_compressed_messages_round_trip(message: Message, algorithm: str, msgfmt: MessageFormat) -> None:
    datagram = encode(message, RING, msgfmt=msgfmt, compression=Compression(algorithm, 0))
    decoded = decode(datagram, RING)
    assert decoded.compressed == algorithm
    assert decoded.message.without(["auth"]) == message


@given(st.lists(other_fields, max_size=5).map(lambda fields: Message(tuple(fields))))
def test_rare_field_types_travel_in_netstring_form(message: Message) -> None:
    datagram = encode(message, RING, msgfmt=MessageFormat.NETSTRING)
    assert decode(datagram, RING).message == message.without(["auth"]) or message.has(PAYLOAD)


def test_a_field_without_text_form_is_refused_when_text_is_needed() -> None:
    message = Message((Field("n", b"###\n%%%\n", STRUCT),))
    with pytest.raises(WireError) as caught:
        encode(message, RING, framing=Framing.TEXT)
    assert caught.value.reason is Reason.BAD_FIELD


def test_newlines_are_hidden_in_text_form() -> None:
    message = STATUS.plus(("info", "two\nlines"))
    datagram = encode(message, RING, framing=Framing.TEXT)
    assert b"info=two\x13lines\n" in datagram
    assert decode(datagram, RING).message.get("info") == "two\nlines"


def test_duplicate_names_are_kept_and_the_first_one_counts() -> None:
    message = Message.of(("t", "a"), ("t", "b"))
    decoded = decode(encode(message, RING), RING).message
    assert [item.text() for item in decoded if item.name == "t"] == ["a", "b"]
    assert decoded.kind == "a"


# --- who signed -------------------------------------------------------------------------------------------


def signed_by(key: Key) -> bytes:
    return encode(STATUS, KeyRing(key.id, (key,)))


def test_a_listed_key_is_accepted_though_another_is_active() -> None:
    assert decode(signed_by(MD5), RING).verdict.id == 2


def test_the_active_keys_secret_is_accepted_under_another_id() -> None:
    # what a C daemon sends whose id 2 is md5 is verified there with the active key: it must work here as well
    assert decode(signed_by(Key(2, Method.MD5, SHA1.secret)), RING).verdict.method is Method.MD5


def test_listing_crc_does_not_let_unsigned_packets_in() -> None:
    assert reason_of(signed_by(CRC)) is Reason.CRC_NOT_ACTIVE
    assert decode(signed_by(CRC), KeyRing(4, RING.keys)).verdict.method is Method.CRC


def test_an_active_crc_key_does_not_void_the_others() -> None:
    empty = encode(STATUS, KeyRing(1, (Key(1, Method.SHA1, b""),)))
    assert reason_of(empty, KeyRing(4, (SHA1, CRC))) is Reason.BAD_DIGEST
    assert decode(signed_by(SHA1), KeyRing(4, (SHA1, CRC))).verdict.id == 1


def test_unknown_ids_and_wrong_keys() -> None:
    assert reason_of(signed_by(Key(9, Method.SHA1, b"x"))) is Reason.UNKNOWN_KEY
    assert reason_of(signed_by(Key(1, Method.SHA1, b"x"))) is Reason.BAD_DIGEST
    assert reason_of(signed_by(Key(15, Method.SHA1, b"x")).replace(b"43:15 ", b"43:16 ")) is Reason.NO_AUTH


def test_keys_longer_than_a_hash_block() -> None:
    long = KeyRing(1, (Key(1, Method.SHA1, b"k" * 100),))
    assert decode(encode(STATUS, long), long).verdict.id == 1


def test_text_form_needs_its_auth_line() -> None:
    datagram = encode(STATUS, RING, framing=Framing.TEXT)
    lines = [line for line in datagram.split(b"\n") if not line.startswith(b"auth=")]
    assert reason_of(b"\n".join(lines)) is Reason.NO_AUTH
    assert reason_of(datagram.replace(b"st=up", b"st=in")) is Reason.BAD_DIGEST


# --- damage -----------------------------------------------------------------------------------------------


def sign_raw(framed: bytes) -> bytes:
    """A datagram with a valid signature around bytes that are no message."""
    from heartbeat.wire.digest import sign

    stamp = sign(RING, framed).encode()
    return framed + b"%d:%b," % (len(stamp), stamp)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"x", Reason.BAD_NETSTRING),
        (b"3:abc,", Reason.BAD_FIELD),
        (b"9:(0)t=abcd", Reason.BAD_NETSTRING),
        (b"009:(0)t=abcd,", Reason.BAD_NETSTRING),
        (b"99999999999999999999:x,", Reason.BAD_NETSTRING),
        (b"7:(9)t=ab,", Reason.BAD_FIELD),
        (b"6:[0]t=a,", Reason.BAD_FIELD),
        (b"4:(0)=,", Reason.BAD_FIELD),
        (b"6:(0)t=\0,", Reason.BAD_FIELD),
        (b"9:(0)(1)t=a,", Reason.BAD_FIELD),
        (b"6:(0)t=a,\n", Reason.BAD_NETSTRING),
    ],
)
def test_signed_nonsense(body: bytes, reason: Any) -> None:
    assert reason_of(sign_raw(b"###\n" + body + b"%%%\n")) is reason


def test_signed_nonsense_in_text_form() -> None:
    from heartbeat.wire.digest import sign

    for line in (b"no equals sign", b"=x", b"(7)n=AA==", b"(1)n=AA", b"(1)n=A\x80==", b"(1)n=AB=="):
        auth = sign(RING, line + b"\n").encode()
        assert reason_of(b">>>\n" + line + b"\nauth=" + auth + b"\n<<<\n") is Reason.BAD_FIELD, line


def test_too_many_fields() -> None:
    datagram = sign_raw(b"###\n" + b"6:(0)a=b," * 5000 + b"%%%\n")
    assert reason_of(datagram) is Reason.TOO_MANY_FIELDS


def test_sizes() -> None:
    assert reason_of(b"") is Reason.EMPTY
    assert reason_of(b"#" * (MAX_DATAGRAM + 1)) is Reason.TOO_LARGE
    assert reason_of(b"#" * MAX_DATAGRAM) is Reason.BAD_FRAME
    with pytest.raises(WireError) as caught:
        encode(STATUS.plus(("big", "x" * MAX_DATAGRAM)), RING)
    assert caught.value.reason is Reason.TOO_LARGE


def test_a_message_of_256_kib_is_compressed_without_being_asked() -> None:
    datagram = encode(STATUS.plus(("big", "x" * (256 * 1024))), RING)
    assert len(datagram) < 2000
    assert decode(datagram, RING).compressed == "zlib"


def outer(payload: bytes, algorithm: str) -> bytes:
    return encode(Message.of((PAYLOAD, payload), (ALGORITHM, algorithm)), RING, msgfmt=MessageFormat.NETSTRING)


def test_decompression_has_a_limit() -> None:
    bomb = b"\0" * (MAX_MESSAGE + 1)
    assert reason_of(outer(zlib.compress(bomb), "zlib")) is Reason.TOO_LARGE
    assert reason_of(outer(bz2.compress(bomb), "bz2")) is Reason.TOO_LARGE


def test_damaged_compression() -> None:
    good = zlib.compress(b"###\n%%%\n")
    assert decode(outer(good, "zlib"), RING).message == Message()
    assert reason_of(outer(good[:-3], "zlib")) is Reason.BAD_COMPRESSION
    assert reason_of(outer(b"\xff" + good, "zlib")) is Reason.BAD_COMPRESSION
    assert reason_of(outer(bz2.compress(b"x")[:-1], "bz2")) is Reason.BAD_COMPRESSION
    assert reason_of(outer(b"nonsense", "bz2")) is Reason.BAD_COMPRESSION
    assert reason_of(outer(good, "lzo")) is Reason.BAD_COMPRESSION
    assert reason_of(outer(zlib.compress(b"no message"), "zlib")) is Reason.BAD_FRAME


def test_an_inner_text_message_needs_no_auth_line() -> None:
    plain = b">>>\nt=status\n<<<\n\0"
    assert decode(outer(zlib.compress(plain), "zlib"), RING).message.kind == "status"


def decodes_or_refuses(datagram: bytes) -> bool:
    """Any other exception than WireError fails the test."""
    try:
        decode(datagram, RING)
    except WireError:
        return False
    return True


def test_every_truncation_is_refused() -> None:
    for framing in Framing:
        datagram = encode(STATUS, RING, framing=framing)
        assert decodes_or_refuses(datagram)
        assert not any(decodes_or_refuses(datagram[:length]) for length in range(len(datagram)))


def test_every_bit_flip_is_refused() -> None:
    for framing in Framing:
        datagram = encode(STATUS, RING, framing=framing)
        for position in range(len(datagram) * 8):
            flipped = bytearray(datagram)
            flipped[position // 8] ^= 1 << position % 8
            assert not decodes_or_refuses(bytes(flipped)), position


@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    assert not decodes_or_refuses(noise)


@given(st.binary(max_size=200), st.sampled_from([b"###\n%b%%%%%%\n", b">>>\n%b<<<\n", b"###\n%b"]))
def test_framed_noise_is_refused(noise: bytes, shape: bytes) -> None:
    decodes_or_refuses(shape % noise)


@given(st.binary(max_size=200))
def test_signed_noise_never_raises_anything_else(noise: bytes) -> None:
    decodes_or_refuses(sign_raw(b"###\n" + noise + b"%%%\n"))


@given(st.text(max_size=5), st.binary(max_size=10), st.sampled_from([STRING, BINARY, STRUCT]))
def test_fields_that_cannot_travel_raise_only_wire_error(name: str, value: bytes, kind: Any) -> None:
    try:
        datagram = encode(Message((Field(name, value, kind),)), RING, msgfmt=MessageFormat.NETSTRING)
    except WireError:
        return
    (item,) = decode(datagram, RING).message if name != PAYLOAD else (Field(name, value),)
    assert (item.name, item.value) == (name, value)
