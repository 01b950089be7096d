# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the members of a cluster tell of links, quorum and each other, and what is made of it."""

from __future__ import annotations

import base64
from typing import Any

from pacemaker import corosync_state as state

#: a corosync.conf, as far as the members are known by it
TWO = """\
nodelist {
    node {
        name: node1
        nodeid: 1
    }
    node {
        name: node2
        nodeid: 2
    }
}
"""


def test_links_that_are_down_are_told_and_absent_nodes_are_not() -> None:
    said = (
        "Local node ID 1, transport knet\nLINK ID 0 udp\n\taddr\t= 10.0.1.11\n\tstatus:\n"
        "\t\tnodeid:          1:\tlocalhost\n\t\tnodeid:          2:\tconnected\n"
        "LINK ID 1 udp\n\taddr\t= 10.0.0.11\n\tstatus:\n"
        "\t\tnodeid:          1:\tlocalhost\n\t\tnodeid:          2:\tdisconnected\n"
    )
    names = {"node1": 1, "node2": 2}
    assert state.faults(said, names, "node1", []) == ["node1 does not reach node2 on link 1: disconnected"]
    assert state.faults(said, names, "node1", ["node2"]) == []


def test_whoever_runs_pacemaker_speaks_and_whoever_only_runs_corosync_is_named() -> None:
    def planned(running: bool, pacemaker_running: bool) -> dict[str, Any]:
        return {"__pacemaker_plan": {"running": running, "pacemaker_running": pacemaker_running}}

    hosts = {"node1": planned(False, False), "node2": planned(True, False), "node3": planned(True, True)}
    assert state.speaker(["node1", "node2", "node3"], hosts) == "node3"
    assert state.speaker(["node1", "node2"], hosts) == "node2"
    assert state.speaker(["node1"], hosts) == "node1"
    assert state.idle(["node1", "node2", "node3", "node4"], hosts) == ["node2"]


def test_a_resource_that_is_not_found_again_is_named() -> None:
    vip = {"agent": "ocf:heartbeat:IPaddr2", "nodes": ["node1"]}
    power = {"agent": "stonith:fence_x", "nodes": ["node2"]}
    assert state.lost({"vip": vip, "power": power}, {"vip": vip}) == []
    assert state.lost({"vip": vip}, {"vip": {**vip, "nodes": []}}) == ["vip was on node1, is on no node"]


def test_a_running_cluster_in_trouble_is_told_by_all_who_see_it() -> None:
    plan = {"__pacemaker_plan": {"running": True}}
    well = {**plan, "__pacemaker_before": {"quorate": True, "nodes": {"node3": {"unclean": False}}}}
    unclean = {**plan, "__pacemaker_before": {"quorate": True, "nodes": {"node3": {"unclean": True}}}}
    alone = {**plan, "__pacemaker_before": {"quorate": False, "nodes": {"node3": {"unclean": True}}}}
    stopped = {"__pacemaker_plan": {"running": False}, "__pacemaker_before": {"skipped": True}}
    assert state.trouble(["node1", "node2"], {"node1": well, "node2": stopped}) == []
    assert state.trouble(["node1", "node2", "node4"], {"node1": unclean, "node2": alone, "node4": plan}) == [
        "node node3 is unclean",
        "node2 is in no quorate cluster",
        "node4 could not be asked: it did not answer",
    ]


def told(text: str, problems: list[str], links: str = "LINK ID 0 udp\n", device: str = "") -> dict[str, Any]:
    """What a member has told the entry point verify."""
    return {
        "__pacemaker_verified": {"problems": problems},
        "__pacemaker_conf_file": {"content": base64.b64encode(text.encode()).decode()},
        "__pacemaker_links_seen": {"rc": 0, "stdout": links},
        "__pacemaker_device_seen": {"stdout": device},
    }


def test_a_cluster_is_healthy_when_nobody_complains() -> None:
    hosts = {"node1": told(TWO, []), "node2": told(TWO, [])}
    assert state.complaints(["node1", "node2"], hosts, [], has_device=False) == []


def test_a_cluster_that_leaves_all_alone_is_not_healthy_unless_that_is_declared() -> None:
    hosts = {"node1": told(TWO, []), "node2": told(TWO, [])}
    hosts["node2"]["__pacemaker_verified"]["maintenance_mode"] = True
    (complaint,) = state.complaints(["node1", "node2"], hosts, [], has_device=False)
    assert "maintenance-mode" in complaint
    assert state.complaints(["node1", "node2"], hosts, [], has_device=False, may_be_unmanaged=True) == []


def test_an_absent_node_is_known_by_its_name_in_the_cluster() -> None:
    down = "LINK ID 0 udp\n\t\tnodeid:          2:\tdisconnected\n"
    hosts: dict[str, Any] = {
        "node1.example.org": told(TWO, [], links=down),
        "node2.example.org": {"pacemaker_node_name": "node2"},
    }
    (complaint,) = state.complaints(["node1.example.org"], hosts, [], has_device=False)
    assert complaint == "node1.example.org does not reach node2 on link 0: disconnected"
    assert state.complaints(["node1.example.org"], hosts, ["node2.example.org"], has_device=False) == []


def test_probes_that_were_switched_off_for_a_while_are_not_forgotten() -> None:
    hosts = {"node1": told(TWO, []), "node2": told(TWO, [])}
    hosts["node2"]["__pacemaker_probes_seen"] = {"stdout": "true\n"}
    assert state.complaints(["node1", "node2"], hosts, [], has_device=False) == []
    hosts["node2"]["__pacemaker_probes_seen"] = {"stdout": "false\n"}
    (complaint,) = state.complaints(["node1", "node2"], hosts, [], has_device=False)
    assert "enable-startup-probes" in complaint
    assert state.complaints(["node1", "node2"], hosts, [], has_device=False, may_be_unmanaged=True) == []


def test_what_members_complain_of_is_told_once() -> None:
    down = "LINK ID 1 udp\n\t\tnodeid:          2:\tdisconnected\n"
    hosts = {
        "node1": told(TWO, ["node node2 is offline"], links=down, device="State:\tConnected"),
        "node2": told(TWO + "# edited\n", ["node node2 is offline"], device="State:\tConnecting"),
        "node3": {},
    }
    assert state.complaints(["node1", "node2", "node3"], hosts, [], has_device=True) == [
        "node node2 is offline",
        "node1 does not reach node2 on link 1: disconnected",
        "node2 is not connected to the quorum device",
        "node3 could not be asked",
        "corosync.conf is not the same on node1, node2",
    ]
