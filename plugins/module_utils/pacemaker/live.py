# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain facts of a live CIB that a request is checked against."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from .compose import Around
from .fit import RESOURCE_TAGS


def around(root: Element) -> Around:
    """Return the names of nodes, resources and fence devices that a CIB has."""
    resources = [found for found in root.findall("configuration/resources//*") if found.tag in RESOURCE_TAGS]
    return Around(
        tuple(str(node.get("uname")) for node in root.findall("configuration/nodes/node")),
        tuple(str(found.get("id")) for found in resources),
        tuple(str(found.get("id")) for found in resources if found.get("class") == "stonith"),
    )
