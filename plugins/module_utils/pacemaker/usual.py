# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that are set only where nobody has chosen another one, and that follow their reasons afterwards.

The id of a pair that is set this way says its value too. Whoever sets the pair to something else, by whatever tool,
leaves the id as it is or gives it another: either way the two no longer agree, and the value is somebody's choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from .words import made_id

_PREFIX = "steadfast-usual"


def mark(name: str, value: str) -> str:
    """Return the id of a pair that has a usual value."""
    return made_id(_PREFIX, name, value)


def is_of_ours(pair: Element) -> bool:
    """Tell whether a pair has the value that was set because it was usual then."""
    return pair.get("id") == mark(str(pair.get("name")), str(pair.get("value")))


@dataclass(frozen=True)
class Usual:
    """What is wanted of a section's pairs: values that are usual, and over them those that are declared."""

    usual: Mapping[str, str]
    declared: Mapping[str, str]

    def wanted(self, there: Iterable[Element]) -> dict[str, str]:
        """Return what is to be set, given the pairs that the cluster has."""
        chosen = {str(pair.get("name")) for pair in there if not is_of_ours(pair)}
        return {**{name: value for name, value in self.usual.items() if name not in chosen}, **self.declared}

    def identity(self, owner: str, name: str) -> str:
        """Return the id of a new pair in a set of the id ``owner``, or of one that gets a usual value."""
        return made_id(owner, name) if name in self.declared else mark(name, self.usual[name])
