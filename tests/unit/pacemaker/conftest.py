# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A declared configuration with a bit of everything, metadata as real agents print it, and Pacemaker's own programs."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional
from xml.etree.ElementTree import Element, SubElement

import pytest
from pacemaker import agents, compose, merge, tools, tree

RECORDED = Path(__file__).parent / "recorded"

EVERYTHING: dict[str, Any] = {
    "properties": {"no-quorum-policy": "stop", "enable-acl": True},
    "resource_defaults": {"resource-stickiness": 100},
    "operation_defaults": {"timeout": "30s"},
    "fence_devices": [
        {
            "name": "power",
            "agent": "fence_ipmilan",
            "ports": {"node1": "1", "node2": "2"},
            "parameters": {"ip": "192.0.2.10", "username": "cluster", "pcmk_reboot_timeout": "60s"},
        },
        {"name": "spare", "agent": "fence_ipmilan", "nodes": ["node1", "node2"], "parameters": {"ip": "192.0.2.11"}},
    ],
    "fence_levels": [
        {"node": "node1", "level": 1, "devices": ["power"]},
        {"node": "node1", "level": 2, "devices": ["spare"]},
        {"pattern": "node.*", "level": 1, "devices": ["power", "spare"]},
    ],
    "resources": [
        {"name": "data", "filesystem": {"device": "/dev/vdb", "directory": "/srv", "type": "ext4"}},
        {"name": "app", "service": {"unit": "app.service"}, "meta": {"migration-threshold": 3}},
        {
            "name": "state",
            "agent": "ocf:pacemaker:Stateful",
            "operations": [
                {"action": "monitor", "interval": "10s", "role": "Promoted"},
                {"action": "monitor", "interval": "11s", "role": "Unpromoted"},
            ],
        },
        {"name": "ping", "agent": "ocf:pacemaker:ping", "parameters": {"host_list": "192.0.2.1"}},
        {"name": "lonely", "vip": {"address": "2001:db8::1/64", "device": "eth0"}, "utilization": {"cpu": 1}},
    ],
    "web_servers": [{"name": "web", "address": "192.0.2.100/24", "unit": "nginx.service"}],
    "groups": [{"name": "stack", "members": ["data", "app"], "meta": {"priority": 5}}],
    "clones": [
        {"name": "state-clone", "resource": "state", "promotable": True},
        {"name": "ping-clone", "resource": "ping", "meta": {"interleave": True}},
    ],
    "locations": [
        {"resource": "web", "node": "node1", "score": 50},
        {
            "resource": "stack",
            "rule": {
                "score": "-INFINITY",
                "operator": "or",
                "expressions": [
                    {"attribute": "pingd", "operation": "not_defined"},
                    {"attribute": "pingd", "operation": "lt", "value": "1", "type": "number"},
                    {"rule": {"expressions": [{"date": {"operation": "gt", "start": "2030-01-01"}}]}},
                ],
            },
        },
    ],
    "colocations": [
        {"resource": "stack", "with": "state-clone", "with_role": "Promoted"},
        {"sets": [{"resources": ["web", "lonely"], "sequential": False}], "score": 10},
    ],
    "orders": [
        {"first": "state-clone", "first_action": "promote", "then": "stack", "then_action": "start"},
        {"sets": [{"resources": ["web"]}, {"resources": ["lonely"], "action": "start"}], "kind": "Optional"},
    ],
    "node_attributes": {"node1": {"site": "a"}},
    "node_utilization": {"node1": {"cpu": 8}},
    "alerts": [
        {
            "name": "mail",
            "path": "/usr/local/bin/alert",
            "options": {"from": "cluster@example.org"},
            "meta": {"timeout": "15s"},
            "select": ["nodes", "attributes"],
            "attributes": ["pingd"],
            "recipients": [{"value": "ops@example.org"}],
        }
    ],
    "acl_roles": [
        {"name": "reader", "permissions": [{"kind": "read", "xpath": "/cib"}]},
        {"name": "secretless", "permissions": [{"kind": "deny", "object_type": "nvpair", "attribute": "value"}]},
    ],
    "acl_users": [{"name": "alice", "roles": ["reader", "secretless"]}],
    "acl_groups": [{"name": "operators", "roles": ["reader"]}],
    "tags": [{"name": "frontend", "members": ["web", "lonely"]}],
}
SECRETS = {"power": {"password": "correct horse"}}


def recorded(name: str) -> str:
    return (RECORDED / name).read_text(encoding="utf-8")


@pytest.fixture
def everything() -> dict[str, Any]:
    return copy.deepcopy(EVERYTHING)


@pytest.fixture(scope="session")
def metadata() -> dict[str, agents.Agent]:
    """Metadata as the agents of Debian 12 and 13 print it (Debian 13: the fence agent)."""
    names = {
        "ocf:heartbeat:IPaddr2": "IPaddr2.xml",
        "ocf:heartbeat:Filesystem": "Filesystem.xml",
        "ocf:pacemaker:Stateful": "Stateful.xml",
        "ocf:pacemaker:ping": "ping.xml",
        "systemd:nginx": "systemd-nginx.xml",
        "stonith:fence_ipmilan": "fence_ipmilan.xml",
    }
    return {name: agents.metadata(name, recorded(f"metadata/{file}")) for name, file in names.items()}


@pytest.fixture
def new_cib() -> Element:
    """A cluster of two nodes that has just been started."""
    root = tree.empty_cib()
    crm_config = tree.section(root, "crm_config")
    own = SubElement(crm_config, "cluster_property_set", {"id": "cib-bootstrap-options"})
    for name, value in (("have-watchdog", "false"), ("cluster-name", "test")):
        SubElement(own, "nvpair", {"id": f"cib-bootstrap-options-{name}", "name": name, "value": value})
    for number in ("1", "2"):
        SubElement(tree.section(root, "nodes"), "node", {"id": number, "uname": f"node{number}"})
    return root


class Make:
    """What a test does most: compose a configuration and merge it into a CIB."""

    def __init__(self, metadata: dict[str, agents.Agent]) -> None:
        self.metadata = metadata

    def wanted(
        self, configuration: dict[str, Any], live: Element, secrets: Optional[dict[str, Any]] = None
    ) -> compose.Wanted:
        from pacemaker.live import around

        return compose.compose(configuration, SECRETS if secrets is None else secrets, self.metadata, around(live))

    def merged(
        self,
        configuration: dict[str, Any],
        live: Element,
        scope: str = "additive",
        secrets: Optional[dict[str, Any]] = None,
    ) -> merge.Merged:
        return merge.merge(live, self.wanted(configuration, live, secrets), merge.Scope(scope))

    @staticmethod
    def find(root: Element, path: str) -> Element:
        """Return what a path leads to in a CIB's configuration."""
        found = root.find(f"configuration/{path}")
        assert found is not None, path
        return found


@pytest.fixture
def make(metadata: dict[str, agents.Agent]) -> Make:
    return Make(metadata)


@pytest.fixture
def live(everything: dict[str, Any], new_cib: Element, make: Make) -> Element:
    """A cluster that has what is declared."""
    return make.merged(everything, new_cib).root


@pytest.fixture
def programs(tmp_path: Path) -> tools.Tools:
    """Pacemaker's programs of this machine."""

    def run(arguments: Sequence[str], stdin: Optional[str]) -> tuple[int, str, str]:
        done = subprocess.run(list(arguments), input=stdin, capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, done.stdout, done.stderr

    return tools.Tools(run, str(tmp_path))
