# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two classes of groups that the classic protocol knows, from one node's point of view.

*local*: groups whose haresources line begins with that node's name; *foreign*: all others. Held or not is a statement
about the class, also where it has no groups at all.
Source: Linux-HA heartbeat 3.0.6, as measured (meaning of the resource fields).
"""

from __future__ import annotations

import enum


class Holding(enum.Flag):
    """A set of classes."""

    NONE = 0
    LOCAL = 1
    FOREIGN = 2
    ALL = 3

    def word(self) -> str:
        """As the protocol writes it."""
        return _WORDS[self]

    def mirrored(self) -> Holding:
        """The same classes as the other node of two calls them."""
        swapped = Holding.NONE
        if self & Holding.LOCAL:
            swapped |= Holding.FOREIGN
        if self & Holding.FOREIGN:
            swapped |= Holding.LOCAL
        return swapped


_WORDS = {
    Holding.NONE: "none",
    Holding.LOCAL: "local",
    Holding.FOREIGN: "foreign",
    Holding.ALL: "all",
}
_HOLDINGS = {word: holding for holding, word in _WORDS.items()}


def parse_holding(word: str) -> Holding | None:
    """The classes a message names, None for any other word."""
    return _HOLDINGS.get(word)
