# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain facts of a live CIB that a request is checked against."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from xml.etree.ElementTree import Element

from . import fencing
from .compose import Around
from .fit import RESOURCE_TAGS
from .resources import brought_nodes
from .tree import secrets_of


def around(root: Element) -> Around:
    """Return the names of what a CIB has."""
    resources = [found for found in root.findall("configuration/resources//*") if found.tag in RESOURCE_TAGS]
    nodes = [str(node.get("uname")) for node in root.findall("configuration/nodes/node")]
    nodes += brought_nodes(resources) if nodes else []
    properties = root.findall("configuration/crm_config/*/nvpair")
    return Around(
        tuple(dict.fromkeys(nodes)),
        (),
        tuple(str(found.get("id")) for found in resources),
        {str(found.get("id")): fencing.targets(found) for found in resources if found.get("class") == "stonith"},
        fencing.has_watchdog({str(pair.get("name")): str(pair.get("value")) for pair in properties}),
        tuple(str(found.get("id")) for found in root.findall("configuration/tags/tag")),
        tuple(str(found.get("id")) for found in root.findall("configuration/acls/acl_role")),
        secrets_of(root),
    )


def with_nodes(found: Around, declared: Collection[str]) -> Around:
    """Return the same with the nodes that are or will be members, each of which something has to fence."""
    return replace(found, nodes=tuple(dict.fromkeys((*found.nodes, *declared))), members=tuple(declared))


def unfenced(root: Element) -> list[str]:
    """Return the nodes of a CIB that nothing fences, without remote ones."""
    nodes = [
        str(node.get("uname")) for node in root.findall("configuration/nodes/node") if node.get("type") != "remote"
    ]
    found, levels = around(root), root.findall("configuration/fencing-topology/fencing-level")
    return fencing.unfenced(nodes, found.fence_devices, levels, watchdog=found.watchdog)
