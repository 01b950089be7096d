# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a running instance is of the program that is installed."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["replaced"]

GONE = " (deleted)"


def replaced(opened: Iterable[str], home: str) -> list[str]:
    """Return the archives of classes that a process has open and that are no more, because an upgrade replaced them.

    opened: what the process has open, as /proc tells it. Only what is below home, its CATALINA_HOME, or came from a
    package counts: the rest is the affair of its applications.
    """
    places = (f"{home}/", "/usr/")
    return sorted({path[: -len(GONE)] for path in opened if path.endswith(f".jar{GONE}") and path.startswith(places)})
