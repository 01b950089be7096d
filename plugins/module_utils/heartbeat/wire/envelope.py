# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control fields of a message: who sends it, to whom, which number it has.

Type-specific fields come first in their creator's order; control fields follow in the fixed order
``destuuid src srcuuid seq hg ts ld ttl``. ``src`` keeps its place where the creator already wrote one.
Source: Linux-HA heartbeat 3.0.6 wire format, as measured (header fields).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from .errors import Reason, WireError
from .limits import MAX_HEX_DIGITS, MAX_NODE_NAME, MAX_STATUS
from .message import BINARY, STRING, Field, Message

_HEX = re.compile(f"[0-9a-fA-F]{{1,{MAX_HEX_DIGITS}}}")
_DECIMAL = re.compile("[0-9]{1,19}")
_UUID_LENGTH = 16
_NO_UUID = bytes(_UUID_LENGTH)


@dataclass(frozen=True)
class Identity:
    """Who we are: node name (lower case), 16 raw bytes of ``hb_uuid``, and this start's generation."""

    name: str
    uuid: bytes
    generation: int


@dataclass(frozen=True)
class Envelope:
    """The control fields of a received message. ``seq`` is None for ``NS_*`` messages; absent uuids are None."""

    kind: str
    src: str
    srcuuid: bytes | None
    dest: str | None
    destuuid: bytes | None
    seq: int | None
    generation: int
    ts: int

    def for_node(self, identity: Identity) -> bool:
        """Is it addressed to this node, or to everybody? The uuid decides where there is one."""
        if self.destuuid is not None:
            return self.destuuid == identity.uuid
        return self.dest is None or self.dest == identity.name


def open_envelope(message: Message) -> Envelope:
    """The control fields of a decoded message; raises WireError (MISSING_FIELD, BAD_NUMBER, BAD_FIELD)."""
    kind = _required(message, "t")
    src = _required(message, "src").lower()
    if len(src) >= MAX_NODE_NAME or len(message.get("st")) >= MAX_STATUS:
        raise WireError(Reason.BAD_FIELD, f"node name or status of {kind[:20]!r} is too long")
    ts = hex_number(message, "ts")
    if ts == 0:
        raise WireError(Reason.BAD_NUMBER, "time stamp zero")
    dest = message.get("dest").lower()
    return Envelope(
        kind=kind,
        src=src,
        srcuuid=_uuid(message, "srcuuid"),
        dest=dest or None,
        destuuid=_uuid(message, "destuuid"),
        seq=None if kind.startswith("NS_") else hex_number(message, "seq"),
        generation=hex_number(message, "hg") if message.has("hg") else 0,
        ts=ts,
    )


class Sealing(NamedTuple):
    """What the sender adds. ``seq`` None makes an ``NS_*`` message, without ``seq`` and ``ld``."""

    destuuid: bytes | None
    seq: int | None
    wall_s: int
    load: str
    ttl: int


def seal(message: Message, identity: Identity, sealing: Sealing) -> Message:
    """The message with its control fields."""
    src = _string("src", identity.name)
    fields = [src if item.name == "src" else item for item in message]
    if sealing.destuuid is not None:
        fields.append(Field("destuuid", sealing.destuuid, BINARY))
    if src not in fields:
        fields.append(src)
    fields.append(Field("srcuuid", identity.uuid, BINARY))
    if sealing.seq is not None:
        fields.append(_string("seq", f"{sealing.seq:x}"))
    fields += [_string("hg", f"{identity.generation:x}"), _string("ts", f"{sealing.wall_s:x}")]
    if sealing.seq is not None:
        fields.append(_string("ld", sealing.load or "n/a"))
    fields.append(_string("ttl", str(sealing.ttl)))
    return Message(tuple(fields))


def ping_message(name: str, kind: str, wall_s: int) -> Message:
    """What travels in an ICMP echo request to the ping node (or group) ``name``: it comes back unchanged."""
    pairs: list[Field] = [_string("t", "NS_st"), _string("st", "ping"), _string("info", kind)]
    return Message((*pairs, _string("src", name), _string("ts", f"{wall_s:x}")))


def hex_number(message: Message, name: str) -> int:
    """A mandatory hexadecimal field; raises WireError."""
    return _number(message, name, 16)


def decimal_number(message: Message, name: str) -> int:
    """A mandatory decimal field; raises WireError."""
    return _number(message, name, 10)


def _number(message: Message, name: str, base: int) -> int:
    digits = _required(message, name)
    if (_HEX if base == 16 else _DECIMAL).fullmatch(digits) is None:
        raise WireError(Reason.BAD_NUMBER, f"field {name!r} is not a number: {digits[:24]!r}")
    return int(digits, base)


def _required(message: Message, name: str) -> str:
    value = message.get(name)
    if not value:
        raise WireError(Reason.MISSING_FIELD, f"no field {name!r}")
    return value


def _uuid(message: Message, name: str) -> bytes | None:
    item = message.field(name)
    if item is None or item.value == _NO_UUID:
        return None
    if len(item.value) != _UUID_LENGTH:
        raise WireError(Reason.BAD_FIELD, f"field {name!r} is not a uuid")
    return item.value


def _string(name: str, value: str) -> Field:
    return Field(name, value.encode("utf-8", "surrogateescape"), STRING)
