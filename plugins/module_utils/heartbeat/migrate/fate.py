# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a line of the old files."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from ..settings.diagnostics import Diagnostic


class Verdict(enum.Enum):
    """Whether the new cluster does what a line says."""

    KEPT = "kept"  # it does
    MAPPED = "mapped"  # it does, in a way of its own
    DROPPED = "dropped"  # it does not; the reason says why that is right, or what is left to do


@dataclass(frozen=True)
class Fate:
    """The fate of one line, or of one resource of haresources."""

    file: str
    line: int
    text: str
    verdict: Verdict
    reason: str
    #: somebody has to do something before the new cluster is as good as the old one
    is_open: bool = False

    def sentence(self) -> str:
        """The same on one line."""
        return f"{self.file}:{self.line}: {self.verdict.value}: {self.text} -- {self.reason}"

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "file": self.file,
            "line": self.line,
            "text": self.text,
            "verdict": self.verdict.value,
            "reason": self.reason,
            "is_open": self.is_open,
        }


@dataclass(frozen=True)
class Conversion:
    """Variables in the order in which a person reads them, the fates of all lines, and what is wrong with the files.

    After an error there are no variables.
    """

    variables: dict[str, Any]
    fates: tuple[Fate, ...]
    diagnostics: tuple[Diagnostic, ...]
