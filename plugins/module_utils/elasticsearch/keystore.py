# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be done to a node's keystore: pure, so that no secret is anywhere but in the arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from .errors import Refused

__all__ = ["Steps", "names_in", "steps"]

NAME = re.compile(r"[A-Za-z0-9_.-]+\Z")


@dataclass(frozen=True)
class Steps:
    """Names of settings. unknown: there, but what they say can't be read, so they are taken for right."""

    add: Sequence[str]
    replace: Sequence[str]
    remove: Sequence[str]
    unknown: Sequence[str]

    @property
    def is_change(self) -> bool:
        """Is anything to be done?"""
        return bool(self.add or self.replace or self.remove)


def names_in(listing: str) -> list[str]:
    """Names from what ``elasticsearch-keystore list`` prints; warnings of Java among them are none."""
    return [line.strip() for line in listing.splitlines() if NAME.match(line.strip())]


def steps(wanted: Mapping[str, str], present: Sequence[str], value_of: Callable[[str], Optional[str]]) -> Steps:
    """What to do. wanted: name -> secret, empty to take it away; value_of: the secret that is there, None for unknown.

    Names that nobody declares stay: the node itself keeps some. Raises Refused for a name that can be none.
    """
    for name in wanted:
        if not NAME.match(name):
            raise Refused(f"elasticsearch_keystore: {name!r} is no name of a setting")
    found: dict[str, list[str]] = {"add": [], "replace": [], "remove": [], "unknown": []}
    for name, secret in sorted(wanted.items()):
        if not secret:
            if name in present:
                found["remove"].append(name)
        elif name not in present:
            found["add"].append(name)
        else:
            value = value_of(name)
            if value is None:
                found["unknown"].append(name)
            elif value != secret:
                found["replace"].append(name)
    return Steps(**found)
