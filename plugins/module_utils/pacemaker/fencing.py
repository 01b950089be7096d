# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which nodes the fence devices of a cluster are for, by what they say themselves, and which nodes nothing fences.

The rules are those of the fencer of Pacemaker 2.1 and 3.0, see "Fencing" in "Pacemaker Explained".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Optional
from xml.etree.ElementTree import Element

from .tree import dictionary
from .words import duration_ms

#: device -> the nodes that it is for in lower case, None for one that is asked, or takes any
Devices = Mapping[str, Optional[Collection[str]]]
#: The device that the cluster itself has where nodes reset themselves and nobody configures it.
_WATCHDOG = "watchdog"
_WATCHDOG_TIMEOUTS = ("stonith-watchdog-timeout", "fencing-watchdog-timeout")


def targets(device: Element) -> Optional[frozenset[str]]:
    """Return the nodes that a fence device is for, in lower case, None for one that is asked, or takes any."""
    if dictionary(device, "meta_attributes").get("target-role", "").lower() == "stopped":
        return frozenset()
    parameters = dictionary(device, "instance_attributes")
    lists = [parameters[name] for name in ("pcmk_host_list", "pcmk_host_map") if name in parameters]
    if parameters.get("pcmk_host_check", "static-list" if lists else "") != "static-list":
        return None
    listed = re.split(r"[\s,;]+", parameters.get("pcmk_host_list", ""))
    mapped = re.split(r"(?<!\\)[\s;]+", parameters.get("pcmk_host_map", ""))
    names = (*listed, *(re.split("[:=]", pair, maxsplit=1)[0] for pair in mapped))
    return frozenset(name.lower() for name in names if name)


def has_watchdog(properties: Mapping[str, str]) -> bool:
    """Tell whether the nodes of a cluster with these properties are taken to reset themselves."""
    return any(duration_ms(properties.get(name, "0")) != 0 for name in _WATCHDOG_TIMEOUTS)


def unfenced(nodes: Iterable[str], devices: Devices, levels: Iterable[Element], *, watchdog: bool = False) -> list[str]:
    """Return the nodes that nothing fences.

    levels: where some name a node, it is fenced by all devices of one of them, or not at all. watchdog: whether nodes
    are taken to reset themselves.
    """
    there: dict[str, Optional[Collection[str]]] = {**({_WATCHDOG: None} if watchdog else {}), **devices}
    ways: dict[str, list[list[str]]] = {}
    for level in levels:
        ways.setdefault(level.get("target", "").lower(), []).append(level.get("devices", "").split(","))

    def is_for(device: str, node: str) -> bool:
        found = there.get(device, ())
        return found is None or node.lower() in found

    anyone = [[name] for name in there]
    return [
        node
        for node in nodes
        if not any(all(is_for(device, node) for device in way) for way in ways.get(node.lower(), anyone))
    ]
