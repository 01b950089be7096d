# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talks to an instance on its Unix socket: no address, port or certificate is needed for that."""

from __future__ import annotations

from collections.abc import Sequence

from ..resp import Access, Client, CommandError, Unreachable

__all__ = ["CommandError", "Local", "Unreachable", "pairs"]


class Local(Client):
    """One connection. Raises Unreachable when there is nobody, CommandError for an error as an answer."""

    def __init__(self, path: str) -> None:
        super().__init__(path=path, access=Access())

    def __enter__(self) -> Local:
        return self

    def login(self, passwords: Sequence[str]) -> int:
        """Try passwords of the user `default`; return the position of the one that is accepted, -1 when none is."""
        for position, password in enumerate(passwords):
            try:
                self.call("AUTH", password)
            except CommandError:
                continue
            return position
        return -1


def pairs(answer: object) -> dict[str, str]:
    """Return an answer of names and values as a dictionary, e.g. that of CONFIG GET."""
    items = [str(item) for item in answer] if isinstance(answer, list) else []
    return dict(zip(items[::2], items[1::2]))
