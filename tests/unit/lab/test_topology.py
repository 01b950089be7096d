# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from steadfast_lab import LabError, addresses
from steadfast_lab.topology import RESERVED, Plan, make_plan, plan_from_dict

PAIR: dict[str, Any] = {
    "lab": "pair",
    "nodes": {
        "node1": {"groups": ["heartbeat"]},
        "node2": {"groups": ["heartbeat"], "hostname": "web2.example.org", "vars": {"x": 1}},
        "client": {"groups": ["lab_clients"], "networks": ["service"]},
    },
}
NAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,29}[a-z0-9])?", fullmatch=True).filter(lambda name: name not in RESERVED)


def plan(data: Any = None, **more: Any) -> Plan:
    return make_plan(PAIR if data is None else data, seed="abc123", **more)


def test_the_same_topology_gives_the_same_plan_and_survives_the_state_file() -> None:
    assert plan() == plan()
    assert plan_from_dict(plan().to_dict()) == plan()
    assert plan().release == "bookworm"


def test_a_folder_in_common_is_planned_and_survives_the_state_file() -> None:
    shared = plan({**PAIR, "shared": "/srv/shared"})
    assert shared.shared == "/srv/shared"
    assert plan_from_dict(shared.to_dict()) == shared
    with pytest.raises(LabError, match="shared: must be an absolute path"):
        plan({**PAIR, "shared": "srv"})


def test_checkouts_and_labs_do_not_share_subnets_or_macs() -> None:
    plans = [plan(), plan(name="other"), make_plan(PAIR, seed="fff000")]
    assert len({network.ipv4 for one in plans for network in one.networks}) == 6
    assert len({network.ipv6 for one in plans for network in one.networks}) == 6
    assert len({cable.mac for one in plans for node in one.nodes for cable in node.cables}) == 15


def test_interfaces_follow_the_order_of_the_networks() -> None:
    node1 = plan().node("node1")
    assert [(cable.network, cable.interface) for cable in node1.cables] == [("service", "eth0"), ("cluster", "eth1")]
    assert [cable.network for cable in plan().node("client").cables] == ["service"]
    assert plan().node("node2").hostname == "web2.example.org"


@given(st.lists(NAMES, min_size=1, max_size=8, unique=True))
def test_every_name_and_address_is_usable_and_unique(names: list[str]) -> None:
    made = plan({"lab": "x", "nodes": dict.fromkeys(names)})
    cables = [cable for node in made.nodes for cable in node.cables]
    for cable in cables:
        assert len(cable.port) <= 15
        assert ipaddress.ip_address(cable.ipv4) in ipaddress.ip_network(made.network(cable.network).ipv4)
        assert ipaddress.ip_address(cable.ipv6) in ipaddress.ip_network(made.network(cable.network).ipv6)
        assert int(cable.mac[:2], 16) & 0b11 == 0b10, "locally administered, unicast"
    for field in ("port", "mac", "ipv4", "ipv6"):
        assert len({getattr(cable, field) for cable in cables}) == len(cables)


def test_subnets_avoid_what_the_host_uses() -> None:
    free = [ipaddress.ip_network(network.ipv4) for network in plan().networks]
    again = plan(taken=[*free, ipaddress.ip_network("0.0.0.0/0")])
    for network in again.networks:
        assert not any(ipaddress.ip_network(network.ipv4).overlaps(used) for used in free)
    used6 = [ipaddress.ip_network(network.ipv6) for network in plan().networks]
    for network in plan(taken=used6).networks:
        assert not any(ipaddress.ip_network(network.ipv6).overlaps(used) for used in used6)
    with pytest.raises(LabError, match="no free /24"):
        plan(taken=[addresses.POOL])


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"lab": "No"}, "lab"),
        ({"release": "sid"}, "release"),
        ({"nodes": {}}, "nodes"),
        ({"nodes": {"Node1": {}}}, r"nodes\.Node1"),
        ({"nodes": {"node-": {}}}, r"nodes\.node-"),
        ({"nodes": {"node1\n": {}}}, r"nodes\.node1"),
        ({"nodes": {"router": {}}}, r"nodes\.router"),
        ({"nodes": {"a": {"network": ["service"]}}}, r"nodes\.a: unknown key network"),
        ({"nodes": {"a": {"networks": ["storage"]}}}, r"nodes\.a\.networks"),
        ({"nodes": {"a": {"networks": []}}}, r"nodes\.a\.networks"),
        ({"nodes": {"a": {"groups": ["b", "b"]}}}, r"nodes\.a\.groups"),
        ({"nodes": {"a": {"hostname": "-x"}}}, r"nodes\.a"),
        ({"nodes": ["a"]}, "nodes"),
        ({"node": {}}, "unknown key node"),
    ],
)
def test_a_mistake_is_told_with_its_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(LabError, match=place):
        plan({**PAIR, **change})


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(LabError, match="node1, node2, client"):
        plan().node("node3")
    with pytest.raises(LabError, match="it is on: service"):
        plan().node("client").cable("cluster")
