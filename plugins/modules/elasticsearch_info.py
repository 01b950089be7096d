#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module elasticsearch_info: what an Elasticsearch cluster is like, and what is wrong with it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticsearch_info
short_description: Read the state of an Elasticsearch cluster and judge it
version_added: 0.1.0
description:
  - Asks every node for itself and compares that with what is declared - one master that all agree about, one cluster
    UUID, all nodes there and nobody else, every vote that should count, no shard without a place.
  - Changes nothing, but for an index of its own with O(write_test), which is deleted again.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Runs in check mode as it does without, but writes nothing.
    support: full
  diff_mode:
    description: There is nothing that could differ.
    support: none
extends_documentation_fragment: steadfast.ha.elasticsearch
options:
  write_test:
    description: Write a document through each node and read it through another one.
    type: bool
    default: false
  wait:
    description: Seconds to wait until there are no problems. What there is then is returned.
    type: float
    default: 0
  fail_on_problems:
    description: Fail when there are problems.
    type: bool
    default: false
seealso:
  - module: steadfast.ha.elasticsearch_node
"""

EXAMPLES = r"""
- name: Wait until the cluster is green with all three nodes
  steadfast.ha.elasticsearch_info:
    nodes:
      - {name: es1, host: 192.0.2.21}
      - {name: es2, host: 192.0.2.22}
      - {name: es3, host: 192.0.2.23}
    wait: 60
    fail_on_problems: true
  run_once: true
"""

RETURN = r"""
problems:
  description: What is wrong, one sentence each.
  type: list
  elements: str
  returned: always
  sample: ["not in the cluster: es3"]
concerns:
  description: What is well and yet worth a thought.
  type: list
  elements: str
  returned: always
  sample: ["nodes have different versions: 8.15.2, 8.15.3"]
running:
  description: Whether at least one node answered.
  type: bool
  returned: always
  sample: true
master:
  description: Name of the elected master, empty when nobody knows one.
  type: str
  returned: always
  sample: es1
cluster_uuid:
  description: UUID of the cluster, empty while there is none.
  type: str
  returned: always
  sample: hg5CAMF_TTakHeT7l2cavg
status:
  description: What the cluster says of its shards.
  type: str
  returned: always
  sample: green
members:
  description: Names of all nodes that are in the cluster, by one that has a master.
  type: list
  elements: str
  returned: always
  sample: [es1, es2, es3]
voting:
  description: Names of the nodes whose votes count for an election.
  type: list
  elements: str
  returned: always
  sample: [es1, es2, es3]
nodes:
  description: Node to what it says itself.
  type: dict
  returned: always
  sample: {es1: {error: "", master: es1, version: 8.15.3, id: L3sifBCNTGqskMuYma9cGw}}
replicas:
  description: The most replicas that an index asks for.
  type: int
  returned: always
  sample: 1
cat_health:
  description: C(_cat/health?v).
  type: str
  returned: always
  sample: ""
cat_nodes:
  description: C(_cat/nodes?v).
  type: str
  returned: always
  sample: ""
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.api import Access, ApiError, Unreachable
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.arguments import (
    access_of,
    connection_arguments,
)
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.gather import first_master, gather, write_test
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.health import (
    Expected,
    View,
    concerns,
    problems,
)
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.members import Member, voters

PAUSE = 0.5


def expected_of(nodes: list[dict[str, Any]]) -> Expected:
    """What the declared nodes amount to."""
    members = [Member(node["name"], node["name"], tuple(node["roles"]), "") for node in nodes]
    return Expected([node["name"] for node in nodes], voters(members), sum(member.has_data for member in members))


def told(nodes: list[dict[str, Any]], views: list[View], access: Access) -> dict[str, Any]:
    """What only a node with a master can tell."""
    found: dict[str, Any] = {"replicas": 0, "cat_health": "", "cat_nodes": ""}
    try:
        at = first_master(nodes, views, access)
        found["cat_health"] = str(at.call("GET", "/_cat/health", query={"v": "true"}) or "")
        found["cat_nodes"] = str(at.call("GET", "/_cat/nodes", query={"v": "true", "s": "name"}) or "")
        rows = at.call("GET", "/_cat/indices", query={"format": "json", "h": "rep", "expand_wildcards": "all"}) or []
        found["replicas"] = max((int(row.get("rep") or 0) for row in rows), default=0)
    except (Unreachable, ApiError):
        # the problems say that there is no master
        pass
    return found


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **connection_arguments(),
            "write_test": {"type": "bool", "default": False},
            "wait": {"type": "float", "default": 0},
            "fail_on_problems": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    nodes = module.params["nodes"]
    access = access_of(module.params)
    expected = expected_of(nodes)
    deadline = time.monotonic() + module.params["wait"]
    while True:
        views = gather(nodes, access)
        found = problems(expected, views)
        if not found or time.monotonic() >= deadline:
            break
        time.sleep(PAUSE)
    if not found and module.params["write_test"] and not module.check_mode:
        found += write_test(nodes, access, min(1, expected.data_nodes - 1))
    leader = next((view for view in views if view.master), None)
    result = {
        "problems": found,
        "concerns": concerns(views),
        "running": any(not view.error for view in views),
        "master": leader.master if leader else "",
        "cluster_uuid": next((view.uuid for view in views if view.uuid), ""),
        "status": str(leader.health.get("status") or "") if leader else "",
        "members": list(leader.nodes) if leader else [],
        "voting": list(leader.voting) if leader else [],
        "nodes": {
            view.name: {"error": view.error, "master": view.master, "version": view.version, "id": view.node_id}
            for view in views
        },
        **told(nodes, views, access),
    }
    if found and module.params["fail_on_problems"]:
        module.fail_json(msg="; ".join(found), **result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
