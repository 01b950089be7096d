# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Typed data to elements of the CIB, and one sentence with its path for what can't be."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement

import pytest
from pacemaker import compose, describe, live, tree
from pacemaker.words import Refused, duration_ms, is_secret, score

BASE = {"without_fencing": compose.WITHOUT_FENCING}


def composed(configuration: dict[str, Any], metadata: Any = (), **around: Any) -> compose.Wanted:
    return compose.compose({**BASE, **configuration}, {}, dict(metadata), compose.Around(**around))


def operations(found: Element) -> dict[str, tuple[str, str]]:
    return {
        str(op.get("name")) + (f" {op.get('role')}" if op.get("role") else ""): (
            str(op.get("interval")),
            str(op.get("timeout")),
        )
        for op in found.findall("operations/op")
    }


def test_a_vip_becomes_an_address_with_its_operations(metadata: Any) -> None:
    found = composed({"resources": [{"name": "vip", "vip": {"address": "192.0.2.1/24", "device": "eth0"}}]}, metadata)
    (vip,) = found.resources
    assert (vip.get("class"), vip.get("provider"), vip.get("type")) == ("ocf", "heartbeat", "IPaddr2")
    assert tree.dictionary(vip, "instance_attributes") == {"ip": "192.0.2.1", "cidr_netmask": "24", "nic": "eth0"}
    # monitor is the helper's, start and stop are what the agent recommends
    assert operations(vip) == {"monitor": ("5s", "20s"), "start": ("0s", "20s"), "stop": ("0s", "20s")}


def test_a_declared_operation_replaces_only_its_action(metadata: Any) -> None:
    entry = {
        "name": "vip",
        "vip": {"address": "192.0.2.1"},
        "operations": [{"action": "monitor", "interval": "2s", "timeout": "4s", "on_fail": "restart"}],
    }
    (vip,) = composed({"resources": [entry]}, metadata).resources
    assert operations(vip) == {"monitor": ("2s", "4s"), "start": ("0s", "20s"), "stop": ("0s", "20s")}


def test_without_metadata_a_resource_is_still_monitored() -> None:
    (one,) = composed({"resources": [{"name": "one", "agent": "ocf:custom:thing"}]}).resources
    assert operations(one) == {"monitor": ("10s", "None")}


def test_a_web_server_is_a_group_of_address_and_service() -> None:
    found = composed({"web_servers": [{"name": "web", "address": "192.0.2.1/24", "unit": "nginx.service"}]})
    (group,) = found.resources
    assert group.tag == "group"
    assert [(member.get("id"), member.get("type")) for member in group.findall("primitive")] == [
        ("web-vip", "IPaddr2"),
        ("web-server", "nginx"),
    ]


@pytest.mark.parametrize("action", ["start", "stop"])
def test_start_and_stop_of_a_web_server_may_be_given_less_time(action: str) -> None:
    web = {"name": "web", "address": "192.0.2.1/24", "unit": "nginx.service"}
    for given, timeout in ({}, "100s"), ({f"{action}_timeout": "8s"}, "8s"):
        (group,) = composed({"web_servers": [{**web, **given}]}).resources
        address, server = group.findall("primitive")
        other = {"start": "stop", "stop": "start"}[action]
        assert operations(server)[action] == ("0s", timeout)
        assert operations(server)[other] == ("0s", "100s")
        assert operations(server)["monitor"] == ("10s", "30s")
        assert action not in operations(address)


def test_fencing_is_on_with_a_device_and_off_only_in_words() -> None:
    device = {"fence_devices": [{"name": "power", "agent": "fence_apc", "nodes": ["node1"]}]}
    found = compose.compose(device, {}, {}, compose.Around())
    assert found.properties["stonith-enabled"] == "true"
    assert tree.dictionary(found.resources[0], "instance_attributes") == {"pcmk_host_list": "node1"}
    assert composed({}).properties["stonith-enabled"] == "false"
    with pytest.raises(Refused, match="can't fence"):
        compose.compose({}, {}, {}, compose.Around())
    with pytest.raises(Refused, match="word for word"):
        compose.compose({"without_fencing": "yes"}, {}, {}, compose.Around())
    # a device that nobody declares here is a device
    around = compose.Around(fence_devices={"old": None})
    assert compose.compose({}, {}, {}, around).properties["stonith-enabled"] == "true"
    with pytest.raises(Refused, match="can't fence"):
        compose.compose({"absent": ["old"]}, {}, {}, around)


def test_ports_become_a_map_and_secrets_are_merged() -> None:
    device = {"name": "power", "agent": "fence_apc", "ports": {"node1": 1, "node2": "7"}}
    found = compose.compose({"fence_devices": [device]}, {"power": {"password": "x"}}, {}, compose.Around())
    assert tree.dictionary(found.resources[0], "instance_attributes") == {
        "pcmk_host_map": "node1:1;node2:7",
        "password": "x",
    }


VIP = {"name": "vip", "vip": {"address": "192.0.2.1"}}


@pytest.mark.parametrize(
    ("configuration", "complaint"),
    [
        ({"resurces": []}, "resurces: nobody knows it, did you mean resources?"),
        (
            {"resources": [{"name": "vip", "vpi": {}}]},
            "pacemaker_resources[vip]: nobody knows 'vpi', did you mean vip?",
        ),
        ({"resources": [{"vip": {"address": "192.0.2.1"}}]}, "pacemaker_resources[0].name: is missing"),
        (
            {"resources": [{"name": "1st", "agent": "systemd:x"}]},
            "pacemaker_resources[1st].name: '1st' can't be a name",
        ),
        (
            {"resources": [{"name": "x"}]},
            "pacemaker_resources[x]: needs exactly one of agent, vip, service, filesystem",
        ),
        ({"resources": [{"name": "x", "agent": "IPaddr2"}]}, "pacemaker_resources[x].agent: 'IPaddr2' is no agent"),
        (
            {"resources": [{"name": "vip", "vip": {"address": "192.0.2.300"}}]},
            "pacemaker_resources[vip].vip.address: '192.0.2.300' is no IP address",
        ),
        ({"resources": [{"name": "vip", "vip": {"address": "192.0.2.1/33"}}]}, "vip.prefix: '33' is no prefix length"),
        (
            {"resources": [{**VIP, "parameters": {"cidr_netmsk": 24}}]},
            "pacemaker_resources[vip].parameters.cidr_netmsk: ocf:heartbeat:IPaddr2 does not know it, "
            "did you mean cidr_netmask?",
        ),
        (
            {"resources": [{"name": "data", "agent": "ocf:heartbeat:Filesystem", "parameters": {"device": "/dev/x"}}]},
            "pacemaker_resources[data].parameters.directory: ocf:heartbeat:Filesystem can't do without it",
        ),
        ({"resources": [{**VIP, "parameters": {"arp_count": "many"}}]}, "arp_count: has to be a whole number"),
        ({"resources": [{**VIP, "parameters": {"lvs_support": "maybe"}}]}, "lvs_support: has to be true or false"),
        (
            {"resources": [{**VIP, "meta": {"migration-treshold": 3}}]},
            "pacemaker_resources[vip].meta: nobody knows 'migration-treshold', did you mean migration-threshold?",
        ),
        (
            {"resources": [{**VIP, "operations": [{"action": "moniter"}]}]},
            "pacemaker_resources[vip].operations[0].action: nobody knows 'moniter', did you mean monitor?",
        ),
        (
            {"resources": [{**VIP, "operations": [{"action": "monitor", "interval": "often"}]}]},
            "pacemaker_resources[vip].operations[0].interval: has to be a time such as 10s, and is 'often'",
        ),
        (
            {"resources": [{**VIP, "operations": [{"action": "monitor", "interval": "0"}]}]},
            "operations[monitor].interval: a monitor needs one above 0",
        ),
        ({"resources": [VIP, VIP]}, "pacemaker_resources[vip]: there is another resource of this name"),
        (
            {"resources": [VIP], "groups": [{"name": "web", "members": ["vpi"]}]},
            "pacemaker_groups[web].members: nobody knows 'vpi', did you mean vip?",
        ),
        (
            {"resources": [VIP], "groups": [{"name": "a", "members": ["vip"]}, {"name": "b", "members": ["vip"]}]},
            "pacemaker_groups[b].members: 'vip' is already in another group or clone",
        ),
        (
            {"resources": [VIP], "locations": [{"resource": "vip", "node": "nod1"}]},
            "pacemaker_locations[0].node: nobody knows 'nod1', did you mean node1?",
        ),
        (
            {"resources": [VIP], "locations": [{"resource": "vip", "node": "node1", "score": "high"}]},
            "pacemaker_locations[0].score: 'high' is no score",
        ),
        ({"resources": [VIP], "colocations": [{"resource": "vip"}]}, "pacemaker_colocations[0].with: is missing"),
        (
            {"resources": [VIP], "orders": [{"first": "vip", "then": "web"}]},
            "pacemaker_orders[0].then: nobody knows 'web', known: vip",
        ),
        (
            {"resources": [VIP], "locations": [{"resource": "vip", "rule": {"score": 1, "expressions": [{}]}}]},
            "pacemaker_locations[0].rule.expressions[0]: needs exactly one of attribute, date, rule, and has none",
        ),
        (
            {"properties": {"no-qorum-policy": "stop"}},
            "pacemaker_properties: nobody knows 'no-qorum-policy', did you mean",
        ),
        ({"properties": {"dc-version": "1"}}, "pacemaker_properties: nobody knows 'dc-version'"),
        ({"properties": {"stonith-enabled": True}}, "pacemaker_properties.stonith-enabled: is on"),
        (
            {"fence_devices": [{"name": "p", "agent": "fence_x", "parameters": {"password": "x"}}]},
            "pacemaker_fence_devices[p].parameters.password: looks like a secret",
        ),
        (
            {"fence_devices": [{"name": "p", "agent": "fence_x", "nodes": ["node1", "node22"]}]},
            "pacemaker_fence_devices[p].nodes: nobody knows 'node22', did you mean node2?",
        ),
        (
            {"fence_devices": [{"name": "p", "agent": "fence_x", "ports": {"nod1": "1"}}]},
            "pacemaker_fence_devices[p].ports: nobody knows 'nod1', did you mean node1?",
        ),
        (
            {"fence_devices": [{"name": "p", "agent": "fence_x", "nodes": []}]},
            "pacemaker_fence_devices[p].nodes: is empty",
        ),
        (
            {"resources": [{**VIP, "operations": [{"action": "monitor", "parameters": {"passwd": "x"}}]}]},
            "pacemaker_resources[vip].operations[monitor].parameters.passwd: looks like a secret, and would be shown "
            "in logs and diffs; put it in pacemaker_secrets.vip.passwd",
        ),
        (
            {"alerts": [{"name": "snmp", "path": "/a", "options": {"trap_community": "x"}}]},
            "pacemaker_alerts[snmp].options.trap_community: looks like a secret",
        ),
        (
            {"alerts": [{"name": "m", "path": "/a", "recipients": [{"value": "x", "options": {"token": "x"}}]}]},
            "pacemaker_alerts[m].recipients[0].options.token: looks like a secret, and would be shown in logs and "
            "diffs; put it in pacemaker_secrets.m.token",
        ),
        (
            {"fence_levels": [{"node": "node1", "level": 1, "devices": ["x"]}]},
            "pacemaker_fence_levels[0].devices: nobody knows",
        ),
        ({"acl_users": [{"name": "alice", "roles": ["x"]}]}, "pacemaker_acl_users[alice].roles: nobody knows 'x'"),
        (
            {"web_servers": [{"name": "web", "address": "192.0.2.1", "unit": "x", "start_timeout": "soon"}]},
            "pacemaker_web_servers[web].start_timeout: has to be a time such as 10s, and is 'soon'",
        ),
        (
            {"web_servers": [{"name": "web", "address": "192.0.2.300", "unit": "x"}]},
            "pacemaker_web_servers[web].address: '192.0.2.300' is no IP address",
        ),
        (
            {"web_servers": [{"name": "web", "address": "192.0.2.1", "unit": "x", "meta": {"priorty": 1}}]},
            "pacemaker_web_servers[web].meta: nobody knows 'priorty', did you mean priority?",
        ),
        ({"without_fencing": "yes"}, "pacemaker_without_fencing: has to be"),
        ({"resources": [VIP], "absent": ["vip"]}, "pacemaker_absent: vip is declared too"),
        (
            {"node_attributes": {"node9": {"a": 1}}},
            "pacemaker_node_attributes: nobody knows 'node9', did you mean node",
        ),
        ({"resources": "vip"}, "pacemaker_resources: has to be a list"),
        ({"resources": [{**VIP, "parameters": ["ip"]}]}, "pacemaker_resources[vip].parameters: has to be a dictionary"),
    ],
)
def test_what_cannot_be_is_named_with_its_path(configuration: dict[str, Any], complaint: str, metadata: Any) -> None:
    with pytest.raises(Refused) as refused:
        composed(configuration, metadata, nodes=["node1", "node2"])
    assert complaint in str(refused.value)
    # a place is a variable as people write it; only a key that no variable has is told as it is
    assert str(refused.value).startswith("pacemaker_") or "resurces" in configuration


def test_a_node_that_is_about_to_join_can_be_meant() -> None:
    more = {
        "resources": [VIP],
        "locations": [{"resource": "vip", "node": "node3"}],
        "node_attributes": {"node3": {"site": "b"}},
    }
    known = compose.Around(nodes=("node1", "node2"))
    with pytest.raises(Refused, match="nobody knows 'node3'"):
        compose.compose({**BASE, **more}, {}, {}, known)
    assert live.with_nodes(known, ["node2", "node3"]).nodes == ("node1", "node2", "node3")
    compose.compose({**BASE, **more}, {}, {}, live.with_nodes(known, ["node2", "node3"]))
    # where the cluster knows nobody yet, those are meant that are declared
    with pytest.raises(Refused, match=r"pacemaker_locations.*nobody knows 'node3', did you mean node2"):
        compose.compose({**BASE, **more}, {}, {}, live.with_nodes(compose.Around(), ["node1", "node2"]))


@pytest.mark.parametrize(
    "brings",
    [
        {"name": "far", "agent": "ocf:pacemaker:remote"},
        {"name": "machine", "agent": "ocf:heartbeat:VirtualDomain", "meta": {"remote-node": "far"}},
    ],
)
def test_a_node_that_a_resource_brings_can_be_meant(brings: dict[str, Any]) -> None:
    more = {
        "resources": [VIP, brings],
        "locations": [{"resource": "vip", "node": "far"}],
        "fence_devices": [{"name": "power", "agent": "fence_x", "nodes": ["node1", "far"]}],
    }
    compose.compose(more, {}, {}, live.with_nodes(compose.Around(), ["node1"]))
    root = tree.empty_cib()
    SubElement(tree.section(root, "nodes"), "node", {"id": "1", "uname": "node1"})
    tree.section(root, "resources").append(composed({"resources": [brings]}).resources[0])
    assert live.around(root).nodes == ("node1", "far")


@pytest.mark.parametrize(
    "name",
    "password passwd snmp_auth_passwd userPassword passphrase pass auth_pass secret secret_key access_key private_key "
    "api_key apikey api_token community token auth_key storage_key secretKey hexadecimal_kg credentials".split(),
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", "ip username password_script key_file identity_file passive bypass tokens_per_node keyboard port".split()
)
def test_names_of_other_things(name: str) -> None:
    assert not is_secret(name)


def test_a_secret_for_nobody_is_refused() -> None:
    with pytest.raises(Refused, match=r"pacemaker_secrets: nobody knows 'pwer', did you mean power\?"):
        compose.compose(
            {"fence_devices": [{"name": "power", "agent": "fence_x"}]},
            {"pwer": {"password": "x"}},
            {},
            compose.Around(),
        )


def test_a_fence_agent_has_two_names_for_some_things(metadata: Any) -> None:
    device = {"name": "power", "agent": "fence_ipmilan", "parameters": {"ipaddr": "192.0.2.1", "login": "x"}}
    compose.compose({"fence_devices": [device]}, {}, metadata, compose.Around())
    with pytest.raises(
        Refused, match=r"pacemaker_fence_devices\[power\]\.parameters\.lanpluss: .*did you mean lanplus\?"
    ):
        compose.compose(
            {"fence_devices": [{**device, "parameters": {"lanpluss": True}}]}, {}, metadata, compose.Around()
        )


def test_every_constraint_says_what_it_was_told(everything: dict[str, Any], new_cib: Element, make: Any) -> None:
    things = describe.things(make.merged(everything, new_cib).root)
    assert things["location constraint location-web-node1"] == {"rsc": "web", "node": "node1", "score": "50"}
    assert things["colocation constraint colocation-stack-state-clone"] == {
        "rsc": "stack",
        "with-rsc": "state-clone",
        "with-rsc-role": "Promoted",
        "score": "INFINITY",
    }
    assert things["order constraint order-state-clone-stack-promote-start"] == {
        "first": "state-clone",
        "then": "stack",
        "first-action": "promote",
        "then-action": "start",
        "kind": "Mandatory",
    }


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("10", 10000), ("10s", 10000), ("500ms", 500), ("2min", 120000), ("1h", 3600000), ("soon", None), ("", None)],
)
def test_durations(text: str, milliseconds: Any) -> None:
    assert duration_ms(text) == milliseconds


@pytest.mark.parametrize(("text", "spelt"), [("+10", "10"), ("-inf", "-INFINITY"), ("INFINITY", "INFINITY"), (5, "5")])
def test_scores(text: Any, spelt: str) -> None:
    assert score("x", text) == spelt
