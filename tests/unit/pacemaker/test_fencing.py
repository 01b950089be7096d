# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom the fence devices are for, and that a member that nothing fences is refused, and told by a running cluster."""

from __future__ import annotations

from typing import Any, Optional
from xml.etree.ElementTree import Element, fromstring

import pytest
from pacemaker import compose, fencing, live, tree
from pacemaker.words import Refused


def device(meta: str = "", **parameters: str) -> Element:
    """A device as it stands in a CIB."""
    made = tree.element("primitive", id="power", type="fence_x")
    made.set("class", "stonith")
    return tree.put(
        made,
        tree.pairs("instance_attributes", "power", parameters),
        tree.pairs("meta_attributes", "power", {"target-role": meta} if meta else {}),
    )


@pytest.mark.parametrize(
    ("found", "nodes"),
    [
        (device(), None),
        (device(pcmk_host_list="node1 node2"), {"node1", "node2"}),
        (device(pcmk_host_list="node1,Node2; node3"), {"node1", "node2", "node3"}),
        (device(pcmk_host_map="node1:1,2;node2=7 node3:a\\;b"), {"node1", "node2", "node3"}),
        (device(pcmk_host_list="node1", pcmk_host_map="node2:7"), {"node1", "node2"}),
        (device(pcmk_host_list=""), set()),
        (device(pcmk_host_check="static-list"), set()),
        (device(pcmk_host_check="dynamic-list", pcmk_host_map="node1:1"), None),
        (device(pcmk_host_check="none"), None),
        (device(meta="Stopped"), set()),
        (device(meta="Started"), None),
    ],
)
def test_whom_a_device_is_for(found: Element, nodes: Optional[set[str]]) -> None:
    assert fencing.targets(found) == nodes


def level(node: str, *devices: str) -> Element:
    return tree.element("fencing-level", target=node, devices=",".join(devices))


@pytest.mark.parametrize(
    ("devices", "levels", "nodes"),
    [
        ({"a": {"node1"}, "b": {"node2"}}, [], []),
        ({"a": {"node1"}}, [], ["Node2"]),
        ({"a": None}, [], []),
        ({}, [], ["node1", "Node2"]),
        # one level that works is enough, and where there is none that does, other devices are not asked
        ({"a": {"node1"}, "b": None}, [level("node1", "a"), level("node2", "a"), level("node2", "b")], []),
        ({"a": {"node1"}, "b": None}, [level("node2", "a")], ["Node2"]),
        ({"a": {"node1"}, "b": None}, [level("node2", "b", "a")], ["Node2"]),
        ({"a": {"node1"}, "b": None}, [level("node1", "gone")], ["node1"]),
    ],
)
def test_who_is_fenced_by_nothing(devices: Any, levels: list[Element], nodes: list[str]) -> None:
    assert fencing.unfenced(["node1", "Node2"], devices, levels) == nodes


def test_nodes_that_reset_themselves_need_no_device_unless_it_is_limited() -> None:
    assert fencing.unfenced(["node1"], {"a": set()}, [], watchdog=True) == []
    assert fencing.unfenced(["node1"], {"watchdog": {"node2"}}, [], watchdog=True) == ["node1"]
    for value, told in (("10s", True), ("-1", True), ("0", False), ("0s", False)):
        assert fencing.has_watchdog({"stonith-watchdog-timeout": value}) is told


POWER = {"name": "power", "agent": "fence_x", "nodes": ["node1", "node2"]}
THREE = ["node1", "node2", "node3"]


def composed(configuration: dict[str, Any], members: list[str], **around: Any) -> compose.Wanted:
    return compose.compose(configuration, {}, {}, live.with_nodes(compose.Around(**around), members))


def test_a_member_that_no_device_fences_is_refused() -> None:
    composed({"fence_devices": [POWER]}, THREE[:2])
    with pytest.raises(Refused, match=r"^pacemaker_fence_devices: none of power fences node3, "):
        composed({"fence_devices": [POWER]}, THREE)
    with pytest.raises(Refused, match="none of power fences node1, node2, "):
        composed({"fence_devices": [{**POWER, "meta": {"target-role": "Stopped"}}]}, THREE[:2])
    # a second one for the rest, one that is asked, and one that nobody declares
    composed({"fence_devices": [POWER, {**POWER, "name": "more", "nodes": ["node3"]}]}, THREE)
    composed({"fence_devices": [POWER, {"name": "any", "agent": "fence_x"}]}, THREE)
    composed({"fence_devices": [POWER]}, THREE, fence_devices={"by-hand": {"node3"}})
    with pytest.raises(Refused, match="fences node3"):
        composed({"fence_devices": [POWER], "absent": ["by-hand"]}, THREE, fence_devices={"by-hand": {"node3"}})
    # whoever does without fencing in words
    composed({"fence_devices": [POWER], "without_fencing": compose.WITHOUT_FENCING}, THREE)
    composed({"fence_devices": [POWER], "properties": {"stonith-watchdog-timeout": "10s"}}, THREE)


def test_a_node_that_leaves_needs_no_device_any_more() -> None:
    around = {"nodes": THREE, "fence_devices": {}}
    composed({"fence_devices": [POWER]}, THREE[:2], **around)
    # as long as it is there, a device may still name it
    composed({"fence_devices": [{**POWER, "nodes": THREE}]}, THREE[:2], **around)


def test_a_declaration_for_all_of_the_cluster_has_no_device_but_its_own() -> None:
    found = live.with_nodes(compose.Around(fence_devices={"by-hand": None}), THREE).of_the_declared()
    with pytest.raises(Refused, match="none of power fences node3"):
        compose.compose({"fence_devices": [POWER]}, {}, {}, found)


def test_a_running_cluster_tells_whom_it_can_not_fence(live_cib: Element) -> None:
    assert live.unfenced(live_cib) == []
    nodes = live_cib.find("configuration/nodes")
    assert nodes is not None
    nodes.append(fromstring('<node id="3" uname="node3"/>'))
    nodes.append(fromstring('<node id="far" uname="far" type="remote"/>'))
    assert live.unfenced(live_cib) == ["node3"]


@pytest.fixture
def live_cib(live: Element) -> Element:
    """The cluster that has a bit of everything, by a name that the module of the same name leaves free."""
    return live
