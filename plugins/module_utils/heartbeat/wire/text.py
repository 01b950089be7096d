# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classic text form: ``>>>\n``, one ``name=value`` line per field, ``auth=ID DIGEST``, ``<<<\n``.

The C daemon accepts it on the wire and sends it inside compressed messages; the inner ``auth`` field
of ordinary messages is a digest over these lines.
Source: Linux-HA heartbeat 3.0.6 wire format, as measured (inner auth field, classic text datagrams).
"""

from __future__ import annotations

import base64
import binascii
from typing import NamedTuple

from .errors import Reason, WireError
from .frame import check_value, decode_name, encode_name
from .limits import MAX_FIELDS
from .message import BINARY, COMPRESSED, STRING, Field, Message

START = b">>>\n"
END = b"<<<\n"
AUTH = "auth"

#: stands for a newline inside a value, which would end the line
_NEWLINE = b"\x13"
_AUTH_LINE = b"auth="


class Text(NamedTuple):
    """A text form taken apart: what is signed, and the value of its first ``auth`` line."""

    signed: bytes
    auth: bytes | None


def text_lines(message: Message) -> bytes:
    """The lines of all fields but ``auth``: what the digest of the text form covers. Raises WireError."""
    return b"".join(_line(item) for item in message if item.name != AUTH)


def encode_text(message: Message, auth: str) -> bytes:
    """The complete text form with its ``auth`` line last, without trailing NUL."""
    return b"".join((START, text_lines(message), _AUTH_LINE, auth.encode("ascii"), b"\n", END))


def split_text(data: bytes) -> Text:
    """Take a text form (with or without trailing NUL) apart without looking at its fields. Raises WireError."""
    lines = _lines(data)
    auth = [line[len(_AUTH_LINE) :] for line in lines if line.startswith(_AUTH_LINE)]
    signed = b"".join(line + b"\n" for line in lines if not line.startswith(_AUTH_LINE))
    return Text(signed, auth[0] if auth else None)


def decode_text(data: bytes) -> Message:
    """The message of a text form, ``auth`` included; its digest is not checked here. Raises WireError."""
    return Message(tuple(_field(line) for line in _lines(data)))


def _lines(data: bytes) -> list[bytes]:
    if data.endswith(b"\0"):
        data = data[:-1]
    if not data.startswith(START) or not data.endswith(b"\n" + END):
        raise WireError(Reason.BAD_FRAME, "no >>>/<<< markers around the lines")
    body = data[len(START) : -len(END)]
    if body.count(b"\n") > MAX_FIELDS:
        raise WireError(Reason.TOO_MANY_FIELDS, f"more than {MAX_FIELDS} fields")
    return body.split(b"\n")[:-1]


def _line(item: Field) -> bytes:
    name = encode_name(item.name)
    check_value(item)
    if item.type == STRING:
        return b"%b=%b\n" % (name, item.value.replace(b"\n", _NEWLINE))
    if item.type in (BINARY, COMPRESSED):
        return b"(%d)%b=%b\n" % (item.type, name, base64.b64encode(item.value))
    raise WireError(Reason.BAD_FIELD, f"field {item.name!r} of type {item.type} has no classic text form")


def _field(line: bytes) -> Field:
    kind = STRING
    if line[:1] == b"(":
        if line[:3] not in (b"(1)", b"(4)"):
            raise WireError(Reason.BAD_FIELD, f"unknown field type in {line[:40]!r}")
        kind = line[1] - ord("0")
        line = line[3:]
    raw_name, equals, value = line.partition(b"=")
    if not equals:
        raise WireError(Reason.BAD_FIELD, f"no name=value in {line[:40]!r}")
    item = Field(decode_name(raw_name), _binary(value) if kind else value.replace(_NEWLINE, b"\n"), kind)
    check_value(item)
    return item


def _binary(value: bytes) -> bytes:
    try:
        raw = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError) as error:
        raise WireError(Reason.BAD_FIELD, "a binary field is not base64") from error
    if base64.b64encode(raw) != value:  # another spelling of the same bytes would not be signed as written
        raise WireError(Reason.BAD_FIELD, "a binary field is not canonical base64")
    return raw
