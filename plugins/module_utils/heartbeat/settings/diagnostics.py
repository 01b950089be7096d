# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong, where, and what was probably meant. Parsers collect these instead of raising."""

from __future__ import annotations

import difflib
import enum
from collections.abc import Iterable
from dataclasses import dataclass

from .text import Word

#: A spot in a file that later checks can point at: (file, line, column), line and column from 1.
Place = tuple[str, int, int]
#: What stands at a place, e.g. ``("device", "eth0")`` or ``("resource", group key, resource text)``.
PlaceKey = tuple[str, ...]

_LONGEST_SHOWN = 60


class Severity(enum.Enum):
    """An error stops the daemon from starting (exit code 6); a warning is only said."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Diagnostic:
    """One finding. ``line`` and ``column`` count from 1, columns in characters; ``nearest`` is the valid word
    closest to the wrong ``word``, if any is close."""

    severity: Severity
    file: str
    line: int
    column: int
    message: str
    word: str | None = None
    nearest: str | None = None

    def __str__(self) -> str:
        meant = f" (did you mean '{self.nearest}'?)" if self.nearest else ""
        return f"{self.file}:{self.line}:{self.column}: {self.severity.value}: {self.message}{meant}"

    def as_dict(self) -> dict[str, str | int | None]:
        """The finding as plain JSON values."""
        return {
            "severity": self.severity.value,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "word": self.word,
            "nearest": self.nearest,
        }


class Findings:
    """Collects the diagnostics of one file, and the places of what was understood."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.places: dict[PlaceKey, Place] = {}
        self._found: list[Diagnostic] = []

    def add(
        self,
        severity: Severity,
        where: Word | None,
        message: str,
        nearest: str | None = None,
        *,
        quote: bool = True,
    ) -> None:
        """Report ``message`` at ``where`` (None: about the file as a whole, shown at 1:1).
        ``quote=False`` keeps the word itself out of the finding: it may be a secret."""
        line, column = (where.line, where.column) if where is not None else (1, 1)
        word = where.text if where is not None and quote else None
        self._found.append(Diagnostic(severity, self.file, line, column, message, word, nearest))

    def error(self, where: Word | None, message: str, nearest: str | None = None, *, quote: bool = True) -> None:
        """Report an error."""
        self.add(Severity.ERROR, where, message, nearest, quote=quote)

    def warning(self, where: Word | None, message: str, nearest: str | None = None, *, quote: bool = True) -> None:
        """Report a warning."""
        self.add(Severity.WARNING, where, message, nearest, quote=quote)

    def mark(self, key: PlaceKey, where: Word) -> None:
        """Remember where ``key`` stands; the first place wins."""
        self.places.setdefault(key, (self.file, where.line, where.column))

    @property
    def failed(self) -> bool:
        """Whether an error was reported."""
        return any(item.severity is Severity.ERROR for item in self._found)

    def result(self) -> tuple[Diagnostic, ...]:
        """All findings by line and column; findings at one spot keep the order in which they were made."""
        return tuple(sorted(self._found, key=lambda item: (item.line, item.column)))


def shown(word: str) -> str:
    """A word as messages quote it: control characters escaped (a file must not steer a terminal), long ones cut."""
    cut = word if len(word) <= _LONGEST_SHOWN else word[:_LONGEST_SHOWN] + "…"
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in cut)


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate closest to ``word``: equal but for case, else similar; None when nothing is close."""
    known = list(candidates)
    folded = word.casefold()
    for candidate in known:
        if candidate.casefold() == folded:
            return candidate
    # The comparison is quadratic in the word's length, and no valid word is long.
    close = difflib.get_close_matches(word[:_LONGEST_SHOWN], known, n=1, cutoff=0.6)
    return close[0] if close else None


def nearest_node(name: str, nodes: Iterable[str]) -> str | None:
    """The node name closest to ``name``; a host's short and full names count as close."""
    known = list(nodes)
    host = name.split(".", 1)[0]
    for node in known:
        if node.split(".", 1)[0] == host:
            return node
    return nearest(name, known)


def together(words: Iterable[str]) -> str:
    """``'a', 'b' and 'c'``."""
    return _joined(words, "and")


def listed(words: Iterable[str]) -> str:
    """``'a', 'b' or 'c'``."""
    return _joined(words, "or")


def _joined(words: Iterable[str], last: str) -> str:
    quoted = [f"'{word}'" for word in words]
    if len(quoted) < 2:
        return "".join(quoted)
    return ", ".join(quoted[:-1]) + f" {last} " + quoted[-1]
