# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A heartbeat message: an ordered list of named, typed fields.

Values are kept as raw bytes exactly as they travelled, so that decode followed by encode gives the
same datagram. Text is UTF-8 with surrogate escapes, which round-trips any byte.
Source: Linux-HA heartbeat 3.0.6 wire format, as measured (field types, duplicate names: the first wins).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Optional, Union

STRING = 0
BINARY = 1
STRUCT = 2
LIST = 3
COMPRESSED = 4
UNCOMPRESSED = 5

Value = Union[str, bytes]


class Field(NamedTuple):
    """One field; ``type`` is the digit on the wire. A tuple, because a status makes two dozen of them."""

    name: str
    value: bytes
    type: int = STRING

    def text(self) -> str:
        """The value as text."""
        return self.value.decode("utf-8", "surrogateescape")


@dataclass(frozen=True)
class Message:
    """An immutable message. Build with :meth:`of`, read with :meth:`get`."""

    fields: tuple[Field, ...] = ()

    @classmethod
    def of(cls, *pairs: tuple[str, Value]) -> Message:
        """From (name, value) pairs in wire order: ``str`` becomes a string field, ``bytes`` a binary one."""
        return cls(tuple(_field(name, value) for name, value in pairs))

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def field(self, name: str) -> Optional[Field]:
        """The first field of that name, or None."""
        for item in self.fields:
            if item.name == name:
                return item
        return None

    def get(self, name: str, default: str = "") -> str:
        """The first field's value as text."""
        item = self.field(name)
        return default if item is None else item.text()

    def has(self, name: str) -> bool:
        """Is there such a field?"""
        return self.field(name) is not None

    @property
    def kind(self) -> str:
        """The message type, field ``t``."""
        return self.get("t")

    def plus(self, *pairs: tuple[str, Value]) -> Message:
        """A copy with these fields appended."""
        return Message(self.fields + tuple(_field(name, value) for name, value in pairs))

    def without(self, names: Iterable[str]) -> Message:
        """A copy without the fields of these names."""
        unwanted = frozenset(names)
        return Message(tuple(item for item in self.fields if item.name not in unwanted))


def _field(name: str, value: Value) -> Field:
    if isinstance(value, bytes):
        return Field(name, value, BINARY)
    return Field(name, value.encode("utf-8", "surrogateescape"), STRING)
