# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From bytes to words that know where they stand.

Rules of Linux-HA heartbeat 3.0.6, as measured: ``#`` starts a comment anywhere in ha.cf and haresources, blanks
and tabs separate words. A word that begins with ``//`` is a value there; here it starts a comment behind other words,
with a warning. CRLF line ends are accepted; comments may hold any text in any encoding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

#: What separates words; a carriage return is here so that files with CRLF line ends work.
BLANKS = " \t\r\f\v"
#: What is said about a ``//comment`` behind a value: tutorials annotate their lines that way, so it is understood.
PASTED_COMMENT = "taken as a comment, which the C daemon would not do: write '#'"
#: The C daemon reads lines into a buffer of 5120 bytes.
LONGEST_LINE = 5119

_WORD = re.compile(f"[^{BLANKS}]+")
_VALUE = re.compile(f"[^{BLANKS},]+")

#: Characters that come along when text is pasted from web pages: what they look like, and their names.
LOOKALIKES = {
    "\u00a0": (" ", "a no-break space (U+00A0)"),
    "\u2002": (" ", "an en space (U+2002)"),
    "\u2003": (" ", "an em space (U+2003)"),
    "\u200b": (" ", "a zero-width space (U+200B)"),
    "\u3000": (" ", "an ideographic space (U+3000)"),
    "\ufeff": (" ", "a byte order mark (U+FEFF)"),
    "\uff03": ("#", "a full-width number sign (U+FF03)"),
}


@dataclass(frozen=True)
class Word:
    """A word and its place: line and column from 1, the column in characters."""

    text: str
    line: int
    column: int


@dataclass(frozen=True)
class Line:
    """One line without its comment. ``content`` keeps its leading blanks so that columns stay true."""

    number: int
    content: str
    too_long: bool = False
    #: lookalike characters found outside the comment, already replaced in ``content``
    lookalikes: tuple[Word, ...] = ()

    def words(self, start: int = 0) -> list[Word]:
        """The words from character ``start`` on, separated by blanks."""
        return self._split(_WORD, start)

    def values(self, start: int = 0) -> list[Word]:
        """The words from character ``start`` on, separated by blanks and commas."""
        return self._split(_VALUE, start)

    def rest(self, start: int) -> Word:
        """Everything from character ``start`` on, without blanks around it, as one word (possibly empty)."""
        tail = self.content[start:]
        lead = len(tail) - len(tail.lstrip(BLANKS))
        return Word(tail.strip(BLANKS), self.number, start + lead + 1)

    def _split(self, pattern: re.Pattern[str], start: int) -> list[Word]:
        return [Word(m.group(), self.number, m.start() + 1) for m in pattern.finditer(self.content, start)]


def decode(data: bytes) -> str:
    """Text of a configuration file. Undecodable bytes (a comment in another encoding) become U+FFFD."""
    return data.decode("utf-8-sig", errors="replace")


def lines(text: str) -> Iterator[Line]:
    """The lines that are left when comments are taken away; empty ones are skipped."""
    for number, raw in enumerate(text.split("\n"), start=1):
        too_long = len(raw.encode("utf-8", errors="replace")) > LONGEST_LINE
        content = raw.split("#", 1)[0]
        found: list[Word] = []
        if not content.isascii():
            content, found = _replace_lookalikes(content, number)
        if content.strip(BLANKS):
            yield Line(number, content, too_long, tuple(found))


def _replace_lookalikes(content: str, number: int) -> tuple[str, list[Word]]:
    found: list[Word] = []
    letters: list[str] = []
    for index, letter in enumerate(content):
        meant = LOOKALIKES.get(letter)
        if meant is None:
            letters.append(letter)
            continue
        found.append(Word(letter, number, index + 1))
        if meant[0] == "#":
            break
        letters.append(meant[0])
    return "".join(letters), found
