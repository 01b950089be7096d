# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datagram <-> message. Reading goes length, digest, fields: nothing unsigned is ever parsed by the daemon.

Source: Linux-HA heartbeat 3.0.6 wire format, as measured.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import NamedTuple

from ..settings.model import KeyRing, MessageFormat
from . import frame, text
from .compression import PAYLOAD, Compression, compress, decompress
from .digest import Stamp, Verdict, parse_stamp, sign, verify
from .errors import Reason, WireError
from .limits import MAX_DATAGRAM, MAX_PLAIN
from .message import Message

#: the trailing netstring is at most ``67:15 `` + 64 hex digits + ``,``
_MAX_TRAILER = 80
_TRAILER = re.compile(rb"([0-9]{1,2}):([^,]*),")
_AS_THE_FILE_SAYS = Compression()


class Framing(enum.Enum):
    """How the fields are laid out in the datagram. The C daemon reads both and writes only the first."""

    NETSTRING = "netstring"
    TEXT = "text"


@dataclass(frozen=True)
class Decoded:
    """An authentic datagram. ``message`` keeps every field, the inner ``auth`` included, in wire order."""

    message: Message
    verdict: Verdict
    framing: Framing
    compressed: str | None = None


class _Parts(NamedTuple):
    framing: Framing
    signed: bytes
    stamp: Stamp


def encode(
    message: Message,
    keyring: KeyRing,
    *,
    msgfmt: MessageFormat = MessageFormat.CLASSIC,
    compression: Compression = _AS_THE_FILE_SAYS,
    framing: Framing = Framing.NETSTRING,
) -> bytes:
    """The signed datagram. An ``auth`` field of ``message`` is replaced. Raises WireError (TOO_LARGE, BAD_FIELD)."""
    message = message.without((text.AUTH,))
    if framing is Framing.TEXT:
        return _checked(text.encode_text(message, sign(keyring, text.text_lines(message))))
    if msgfmt is MessageFormat.CLASSIC:
        inner = sign(keyring, text.text_lines(message))
        framed = frame.encode_frame(message.plus((text.AUTH, inner)))
        if compression.wanted(len(framed)) or len(framed) >= MAX_PLAIN:
            plain = text.encode_text(message, inner) + b"\0"
            framed = frame.encode_frame(compress(plain, compression.algorithm))
    else:
        framed = frame.encode_frame(message)
        if compression.wanted(len(framed)) or len(framed) >= MAX_PLAIN:
            framed = frame.encode_frame(compress(framed, compression.algorithm))
    stamp = sign(keyring, framed).encode("ascii")
    return _checked(b"%b%d:%b," % (framed, len(stamp), stamp))


def decode(datagram: bytes, keyring: KeyRing) -> Decoded:
    """Verify, then parse; raises WireError for everything that is not an authentic, well-formed message."""
    parts = split(datagram)
    verdict = verify(keyring, parts.stamp, parts.signed)
    message = parse(datagram, parts)
    if not message.has(PAYLOAD):
        return Decoded(message, verdict, parts.framing)
    algorithm, plain = decompress(message)
    return Decoded(parse_plain(plain), verdict, parts.framing, algorithm)


def split(datagram: bytes) -> _Parts:
    """What is signed, and the stamp on it, without parsing a field. Raises WireError."""
    if not datagram:
        raise WireError(Reason.EMPTY, "an empty datagram")
    if len(datagram) > MAX_DATAGRAM:
        raise WireError(Reason.TOO_LARGE, f"a datagram of {len(datagram)} bytes")
    if datagram.startswith(text.START):
        lines = text.split_text(datagram)
        if lines.auth is None:
            raise WireError(Reason.NO_AUTH, "no auth line")
        return _Parts(Framing.TEXT, lines.signed, parse_stamp(lines.auth))
    if not datagram.startswith(frame.START):
        raise WireError(Reason.BAD_FRAME, "not a heartbeat datagram")
    end = datagram.rfind(frame.END, max(0, len(datagram) - _MAX_TRAILER)) + len(frame.END)
    trailer = _TRAILER.fullmatch(datagram, end)
    if end < len(frame.START) + len(frame.END) or trailer is None or int(trailer.group(1)) != len(trailer.group(2)):
        raise WireError(Reason.NO_AUTH, "no auth part after the end marker")
    return _Parts(Framing.NETSTRING, datagram[:end], parse_stamp(trailer.group(2)))


def parse(datagram: bytes, parts: _Parts) -> Message:
    """The outermost message of a datagram that was split; raises WireError."""
    if parts.framing is Framing.TEXT:
        return text.decode_text(datagram)
    return frame.decode_frame(parts.signed)


def parse_plain(plain: bytes) -> Message:
    """The message inside a compressed one, in either form, which carries no authentication of its own."""
    if plain.startswith(text.START):
        return text.decode_text(plain)
    return frame.decode_frame(plain)


def _checked(datagram: bytes) -> bytes:
    if len(datagram) > MAX_DATAGRAM:
        raise WireError(Reason.TOO_LARGE, f"a message of {len(datagram)} bytes does not fit into a datagram")
    return datagram
