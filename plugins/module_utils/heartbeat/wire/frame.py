# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The netstring frame: ``###\n``, one netstring per field, ``%%%\n``.

A field's payload is ``(TYPE)NAME=VALUE``. Only the spelling that the C daemon writes is accepted
(no leading zeros in lengths), so that a frame that was read is written back byte by byte.
Source: Linux-HA heartbeat 3.0.6 wire format, as measured (datagram anatomy).
"""

from __future__ import annotations

from functools import lru_cache

from .errors import Reason, WireError
from .limits import MAX_FIELDS, MAX_NAME
from .message import STRING, UNCOMPRESSED, Field, Message

START = b"###\n"
END = b"%%%\n"

#: field names remembered: a cluster uses a few dozen, and only who has the key can bring others
_NAMES = 256
_OPEN = ord("(")
_CLOSE = ord(")")
_COMMA = ord(",")
_ZERO = ord("0")


def encode_frame(message: Message) -> bytes:
    """The frame of a message, markers included; raises WireError for a field that can't travel."""
    parts = [START]
    for item in message:
        name = encode_name(item.name)
        check_value(item)
        payload_length = 4 + len(name) + len(item.value)
        parts.append(b"%d:(%d)%b=%b," % (payload_length, item.type, name, item.value))
    parts.append(END)
    return b"".join(parts)


def decode_frame(frame: bytes) -> Message:
    """The message of a complete frame; raises WireError."""
    if not frame.startswith(START) or not frame.endswith(END) or len(frame) < len(START) + len(END):
        raise WireError(Reason.BAD_FRAME, "no ###/%%% markers around the fields")
    fields: list[Field] = []
    position = len(START)
    end = len(frame) - len(END)
    while position < end:
        if len(fields) >= MAX_FIELDS:
            raise WireError(Reason.TOO_MANY_FIELDS, f"more than {MAX_FIELDS} fields")
        begin, position = _netstring(frame, position, end)
        fields.append(_field(frame, begin, position - 1))
    return Message(tuple(fields))


def _netstring(frame: bytes, position: int, end: int) -> tuple[int, int]:
    """Bounds of the netstring at ``position``: where its payload begins, and where the next one does."""
    colon = frame.find(b":", position, min(position + 9, end))
    digits = frame[position:colon] if colon > position else b""
    if not digits.isdigit() or (digits[0] == _ZERO and len(digits) > 1):
        raise WireError(Reason.BAD_NETSTRING, f"no netstring length at byte {position}")
    begin = colon + 1
    stop = begin + int(digits)
    if stop >= end or frame[stop] != _COMMA:
        raise WireError(Reason.BAD_NETSTRING, f"the netstring at byte {position} has no comma at its end")
    return begin, stop + 1


def _field(frame: bytes, begin: int, stop: int) -> Field:
    equals = frame.find(b"=", begin + 3, stop)
    if equals < 0 or frame[begin] != _OPEN or frame[begin + 2] != _CLOSE:
        raise WireError(Reason.BAD_FIELD, f"no (type)name=value at byte {begin}")
    kind = frame[begin + 1] - _ZERO
    if not STRING <= kind <= UNCOMPRESSED:
        raise WireError(Reason.BAD_FIELD, f"unknown field type at byte {begin}")
    item = Field(decode_name(frame[begin + 3 : equals]), frame[equals + 1 : stop], kind)
    check_value(item)
    return item


@lru_cache(maxsize=_NAMES)
def encode_name(name: str) -> bytes:
    """A field name's bytes; raises WireError when it can't be told apart from what surrounds it."""
    raw = name.encode("utf-8", "surrogateescape")
    check_name(raw)
    return raw


@lru_cache(maxsize=_NAMES)
def decode_name(raw: bytes) -> str:
    """A field name as text; raises WireError."""
    check_name(raw)
    return raw.decode("utf-8", "surrogateescape")


def check_name(raw: bytes) -> None:
    """Names are short, not empty, without ``=`` and control characters, and do not look like a type."""
    if not raw or len(raw) > MAX_NAME or b"=" in raw or raw[0] == _OPEN or min(raw) < 0x20:
        raise WireError(Reason.BAD_FIELD, f"impossible field name {raw[:40]!r}")


def check_value(item: Field) -> None:
    """Strings end at the first NUL for a C program: none is let through, so that all readers see the same."""
    if item.type == STRING and b"\0" in item.value:
        raise WireError(Reason.BAD_FIELD, f"field {item.name!r} is a string with a NUL in it")
