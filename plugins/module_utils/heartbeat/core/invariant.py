# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Assertions that stay on in production, whatever flags the interpreter was started with."""

from __future__ import annotations


class BrokenInvariant(AssertionError):
    """A defect of this program, never of its input."""


def ensure(condition: bool, what: str) -> None:
    """Raise :class:`BrokenInvariant` unless the condition holds."""
    if not condition:
        raise BrokenInvariant(what)
