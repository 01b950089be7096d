# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain facts of a live CIB that a request is checked against."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from xml.etree.ElementTree import Element

from .compose import Around
from .fit import RESOURCE_TAGS
from .tree import secrets_of


def around(root: Element) -> Around:
    """Return the names of what a CIB has."""
    resources = [found for found in root.findall("configuration/resources//*") if found.tag in RESOURCE_TAGS]
    return Around(
        tuple(str(node.get("uname")) for node in root.findall("configuration/nodes/node")),
        tuple(str(found.get("id")) for found in resources),
        tuple(str(found.get("id")) for found in resources if found.get("class") == "stonith"),
        tuple(str(found.get("id")) for found in root.findall("configuration/tags/tag")),
        tuple(str(found.get("id")) for found in root.findall("configuration/acls/acl_role")),
        secrets_of(root),
    )


def with_nodes(found: Around, declared: Iterable[str]) -> Around:
    """Return the same with nodes that are about to join. Where the cluster knows none yet, nobody is to be checked."""
    return replace(found, nodes=tuple(dict.fromkeys((*found.nodes, *declared)))) if found.nodes else found
