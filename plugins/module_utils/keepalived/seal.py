# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first lines of a configuration that the role wrote: which wish it belongs to, and whether it is as written."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

_SHARED, _SEAL = "# shared configuration ", "# of these lines "


@dataclass(frozen=True)
class Seal:
    """``shared``: hash of what all nodes share, '' when the role did not write the file. ``is_broken``: somebody else
    has changed it since."""

    shared: str
    is_broken: bool


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(shared: str, body: str) -> str:
    """Return a configuration's text with its seal in front."""
    return f"{_SHARED}{shared}\n{_SEAL}{_hash(body)}\n{body}"


def seal_of(text: str) -> Seal:
    """Return what the seal of a file tells. Lines before it do not count."""
    head, found, rest = text.partition(_SHARED)
    if not found or (head and not head.endswith("\n")):
        return Seal("", False)
    shared, _end, rest = rest.partition("\n")
    line, _end, body = rest.partition("\n")
    return Seal(shared.strip(), line != _SEAL + _hash(body))
