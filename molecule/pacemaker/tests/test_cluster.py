# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Truths about the running cluster, asked on the machines and seen from a client."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

if TYPE_CHECKING:
    from steadfast_lab import Lab
    from testinfra.host import Host

NODES = ("node1", "node2", "node3")


@pytest.fixture(scope="module")
def confs(hosts: dict[str, Host]) -> dict[str, str]:
    """Each node's corosync.conf."""
    return {name: hosts[name].check_output("cat /etc/corosync/corosync.conf") for name in NODES}


@pytest.fixture(scope="module")
def views(hosts: dict[str, Host]) -> dict[str, ElementTree.Element]:
    """The cluster as each node sees it."""
    return {
        name: ElementTree.fromstring(hosts[name].check_output("crm_mon --one-shot --output-as=xml")) for name in NODES
    }


def places(view: ElementTree.Element, resource: str) -> list[str]:
    """Where a resource is active."""
    return [
        str(node.get("name"))
        for found in view.iter("resource")
        if found.get("id") == resource and found.get("role") == "Started"
        for node in found.iter("node")
    ]


def test_all_nodes_are_members_and_agree(views: dict[str, ElementTree.Element]) -> None:
    for name, view in views.items():
        nodes = {str(node.get("name")): node for node in view.findall("./nodes/node")}
        assert set(nodes) == set(NODES), name
        assert {node.get("online") for node in nodes.values()} == {"true"}
        assert {node.get("unclean") for node in nodes.values()} == {"false"}
    coordinators = {str(view.find("./summary/current_dc").get("name")) for view in views.values()}  # type: ignore[union-attr]
    assert len(coordinators) == 1


def test_the_cluster_is_quorate(node: Host) -> None:
    assert re.search(r"^Quorate:\s+Yes", node.check_output("corosync-quorumtool -s"), re.MULTILINE)


def test_fencing_is_on_and_its_device_runs(views: dict[str, ElementTree.Element]) -> None:
    for view in views.values():
        options = view.find("./summary/cluster_options")
        assert options is not None
        assert options.get("stonith-enabled") == "true"
        assert len(places(view, "power")) == 1


def test_the_service_runs_on_one_node_and_the_client_reaches_it(
    views: dict[str, ElementTree.Element], hosts: dict[str, Host], client: Host, lab: Lab
) -> None:
    (holder,) = places(views["node1"], "web-vip")
    assert places(views["node1"], "web-server") == [holder]
    network = next(network for network in lab.state.plan.networks if network.name == "service")
    vip = network.ipv4.rsplit(".", 1)[0] + ".200"
    for name in NODES:
        held = vip in hosts[name].check_output("ip -o -4 address show dev eth0")
        assert held == (name == holder), name
        assert hosts[name].service("nginx").is_running == (name == holder), name
        assert not hosts[name].service("nginx").is_enabled
    fetch = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=5).read().decode())"
    assert client.check_output("python3 -c %s http://%s/", fetch, vip).strip() == f"served by {holder}"


def test_the_files_are_the_same_and_the_key_is_for_root_alone(hosts: dict[str, Host], confs: dict[str, str]) -> None:
    assert len(set(confs.values())) == 1
    keys = {hosts[name].check_output("sha256sum < /etc/corosync/authkey") for name in NODES}
    assert len(keys) == 1
    for name in NODES:
        key = hosts[name].file("/etc/corosync/authkey")
        assert (key.user, key.group, key.mode) == ("root", "root", 0o400)
        assert key.size >= 128


def test_packets_are_signed_and_encrypted_on_two_links(node: Host) -> None:
    keys = node.check_output("corosync-cmapctl")
    assert "totem.crypto_cipher (str) = aes256" in keys
    assert "totem.crypto_hash (str) = sha256" in keys
    said = node.check_output("corosync-cfgtool -s")
    assert re.findall(r"^LINK ID (\d)", said, re.MULTILINE) == ["0", "1"]
    assert "disconnected" not in said


def test_pcs_reaches_every_node(node: Host) -> None:
    said = node.check_output("pcs pcsd status node1 node2 node3")
    assert said.count(": Online") == len(NODES)


def test_no_secret_is_in_the_clusters_configuration(node: Host) -> None:
    token = node.check_output("cat /etc/steadfast-lab.token").strip()
    assert token not in node.check_output("cibadmin --query")


def test_only_members_reach_corosync_and_pcsd(node: Host) -> None:
    rules = node.check_output("nft list table inet steadfast")
    assert "5404-5412" in rules
    assert "2224" in rules
