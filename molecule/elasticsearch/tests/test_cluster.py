# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Truths about the running cluster, asked on the machines and seen from a client."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from steadfast_lab import Lab
    from testinfra.host import Host

pytestmark = pytest.mark.groups("elasticsearch")

NODES = ("node1", "node2", "node3")


def address(lab: Lab, name: str) -> str:
    found: str = lab.state.plan.node(name).cable("service").ipv4
    return found


def ask(host: Host, at: str, path: str) -> Any:
    """The answer of a node, as an application on the host sees it."""
    program = "import sys, urllib.request as web; print(web.urlopen(sys.argv[1], timeout=30).read().decode())"
    return json.loads(host.check_output("python3 -c %s %s", program, f"http://{at}:9200{path}"))


def test_the_node_runs_and_will_at_boot(node: Host) -> None:
    service = node.service("elasticsearch")
    assert service.is_running
    assert service.is_enabled


def test_all_are_in_one_cluster_with_one_master(client: Host, lab: Lab) -> None:
    uuids = {ask(client, address(lab, name), "/")["cluster_uuid"] for name in NODES}
    masters = {
        ask(client, address(lab, name), "/_cluster/state/master_node?local=true")["master_node"] for name in NODES
    }
    assert len(uuids) == len(masters) == 1
    assert None not in masters
    health = ask(client, address(lab, "node1"), "/_cluster/health")
    assert (health["status"], health["number_of_nodes"]) == ("green", 3)


def test_nobody_will_form_another_cluster(node: Host) -> None:
    assert "initial_master_nodes" not in node.file("/etc/elasticsearch/elasticsearch.yml").content_string
    assert not node.file("/run/elasticsearch-forming.env").exists


def test_the_node_cannot_change_what_root_has_written(node: Host) -> None:
    assert node.file("/etc/elasticsearch").mode == 0o3770
    file = node.file("/etc/elasticsearch/elasticsearch.yml")
    assert (file.user, file.group, file.mode) == ("root", "elasticsearch", 0o640)
    as_daemon = "setpriv --reuid=elasticsearch --regid=elasticsearch --clear-groups"
    answer = node.run(f"{as_daemon} mv /etc/elasticsearch/elasticsearch.yml /tmp")
    assert answer.rc != 0
    assert file.exists


def test_other_nodes_are_for_members_only(client: Host, lab: Lab) -> None:
    connect = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)"
    at = address(lab, "node1")
    assert client.run("python3 -c %s %s 9200", connect, at).rc == 0
    assert client.run("python3 -c %s %s 9300", connect, at).rc != 0


def test_the_sandbox_is_tight(node: Host) -> None:
    answer = node.run("systemd-analyze security elasticsearch.service --no-pager")
    exposure = re.search(r"Overall exposure level.*: ([0-9.]+)", answer.stdout)
    assert exposure, answer.stdout + answer.stderr
    assert float(exposure.group(1)) < 3
