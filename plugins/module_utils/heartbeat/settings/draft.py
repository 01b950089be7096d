# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was read of ha.cf so far, before the rules between directives are applied."""

from __future__ import annotations

from dataclasses import dataclass, field

from .model import Medium, PingNode, Respawn
from .text import Word


@dataclass(frozen=True)
class Given:
    """A checked value and the word that gave it."""

    value: object
    word: Word


@dataclass
class Draft:
    """Grows line by line."""

    #: the port that a medium parsed now would use
    udpport: int
    nodes: dict[str, Word] = field(default_factory=dict)
    #: option -> the value that counts (the last one)
    values: dict[str, Given] = field(default_factory=dict)
    #: options of which a value was rejected; rules between directives leave them out
    broken: set[str] = field(default_factory=set)
    #: directive -> its first line
    lines: dict[str, Word] = field(default_factory=dict)
    media: list[Medium] = field(default_factory=list)
    media_lines: int = 0
    #: media that took the port, and the port they took
    port_readers: list[tuple[Word, int]] = field(default_factory=list)
    pings: list[PingNode] = field(default_factory=list)
    ping_words: dict[str, Word] = field(default_factory=dict)
    respawns: list[Respawn] = field(default_factory=list)
    ipfail: Word | None = None
    env: list[tuple[str, str]] = field(default_factory=list)
    #: texts of directives whose lines add up, as written
    texts: dict[str, list[str]] = field(default_factory=dict)

    def add_text(self, name: str, text: str) -> None:
        """Remember what a line of an adding directive says."""
        self.texts.setdefault(name, []).append(text)
