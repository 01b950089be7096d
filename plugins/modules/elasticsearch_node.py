#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module elasticsearch_node: takes load off nodes of a cluster, and gives it back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticsearch_node
short_description: Prepare a cluster for a node that goes away, for a moment or for good
version_added: 0.1.0
description:
  - For a restart, V(limited) keeps the cluster from copying the shards of the node elsewhere, and flushes, so that they
    are there again quickly. V(open) ends that.
  - For good, V(drained) moves all shards off the nodes, takes their votes away, and waits. V(returned) takes that back;
    say it for nodes that are gone too, since a vote that was taken away stays so.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Tells what it would do.
    support: full
  diff_mode:
    description: Shows the settings of the cluster that it changes.
    support: full
extends_documentation_fragment: steadfast.ha.elasticsearch
options:
  state:
    description: What is to be.
    type: str
    choices: [limited, open, drained, returned]
    required: true
  names:
    description: The nodes that O(state=drained) and O(state=returned) are about.
    type: list
    elements: str
    default: []
  wait:
    description: Seconds that shards may take to move.
    type: float
    default: 600
"""

EXAMPLES = r"""
- name: Let es4 go for good
  steadfast.ha.elasticsearch_node:
    nodes: "{{ nodes }}"
    state: drained
    names: [es4]
"""

RETURN = r"""
shards:
  description: How many shards are still on the nodes.
  type: int
  returned: with O(state=drained)
  sample: 0
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.api import ApiError, Client, Unreachable
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.arguments import (
    access_of,
    connection_arguments,
)
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.departure import (
    ALLOCATION,
    EXCLUDED,
    excluded,
    flat,
    setting_change,
    shards_on,
    without,
)
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.gather import first_master, gather

PAUSE = 0.5
#: what "limited" sets, and alone what "open" takes back
LIMIT = "primaries"
EXCLUSIONS = "/_cluster/voting_config_exclusions"


class Cluster:
    """The cluster, by a node that follows a master."""

    def __init__(self, module: AnsibleModule, at: Client) -> None:
        self.module = module
        self.at = at
        self.settings = flat(at.call("GET", "/_cluster/settings", query={"flat_settings": "true"}))
        self.before: dict[str, str] = {}
        self.after: dict[str, str] = {}

    def put(self, key: str, value: str) -> bool:
        """Set a setting unless it is so; an empty value is none. Tells whether it changed."""
        if self.settings.get(key, "") == value:
            return False
        self.before[key], self.after[key] = self.settings.get(key, ""), value
        if not self.module.check_mode:
            self.at.call("PUT", "/_cluster/settings", setting_change(key, value), patience=30)
        return True

    def votes_taken(self) -> set[str]:
        """Names of nodes whose votes were taken away."""
        path = "metadata.cluster_coordination.voting_config_exclusions"
        answer = self.at.call("GET", "/_cluster/state/metadata", query={"filter_path": path}) or {}
        coordination = (answer.get("metadata") or {}).get("cluster_coordination") or {}
        return {str(entry.get("node_name")) for entry in coordination.get("voting_config_exclusions") or []}

    def take_votes(self, names: list[str]) -> bool:
        """Take the votes of nodes away. Tells whether it had to."""
        pending = sorted(set(names) - self.votes_taken())
        if pending and not self.module.check_mode:
            self.at.call("POST", EXCLUSIONS, query={"node_names": ",".join(pending)}, patience=60)
        return bool(pending)

    def give_votes(self) -> bool:
        """Let everybody vote again who may. Tells whether it had to."""
        if not self.votes_taken():
            return False
        if not self.module.check_mode:
            self.at.call("DELETE", EXCLUSIONS, query={"wait_for_removal": "false"}, patience=60)
        return True

    def shards(self, names: list[str]) -> int:
        """How many shards are on these nodes."""
        return shards_on(self.at.call("GET", "/_cat/shards", query={"format": "json", "h": "node"}), names)


def drain(cluster: Cluster, params: dict[str, Any]) -> dict[str, Any]:
    """Move everything off the nodes; ends the module when that takes too long."""
    names = params["names"]
    eligible = [node["name"] for node in params["nodes"] if "master" in node["roles"] and node["name"] in names]
    changed = False
    wanted = excluded(cluster.settings, names)
    if wanted is not None:
        changed = cluster.put(EXCLUDED, wanted)
    left = cluster.shards(names)
    deadline = time.monotonic() + params["wait"]
    while left and not cluster.module.check_mode:
        if time.monotonic() >= deadline:
            cluster.module.fail_json(
                msg=f"{left} shards are still on {', '.join(names)} after {params['wait']:g} s. They go on "
                "moving, so run it again. If they do not, GET /_cluster/allocation/explain tells why",
                shards=left,
            )
        time.sleep(PAUSE)
        left = cluster.shards(names)
    # Votes last: until now the node was a full member.
    changed = (cluster.take_votes(eligible) if eligible else False) or changed
    return {"changed": changed, "shards": left}


def give_back(cluster: Cluster, params: dict[str, Any]) -> dict[str, Any]:
    """Take back what drain did."""
    wanted = without(cluster.settings, params["names"])
    changed = cluster.put(EXCLUDED, wanted) if wanted is not None else False
    return {"changed": cluster.give_votes() or changed}


def limit(cluster: Cluster) -> dict[str, Any]:
    """New primaries may still be placed: somebody may create an index while the node is away.

    Where somebody has set another limit, that stays.
    """
    changed = cluster.settings.get(ALLOCATION, "all") == "all" and cluster.put(ALLOCATION, LIMIT)
    if not cluster.module.check_mode:
        cluster.at.call("POST", "/_flush", query={"ignore_unavailable": "true"}, patience=120)
    return {"changed": changed}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **connection_arguments(),
            "state": {"type": "str", "choices": ["limited", "open", "drained", "returned"], "required": True},
            "names": {"type": "list", "elements": "str", "default": []},
            "wait": {"type": "float", "default": 600},
        },
        required_if=[("state", "drained", ["names"]), ("state", "returned", ["names"])],
        supports_check_mode=True,
    )
    params = module.params
    access = access_of(params)
    try:
        cluster = Cluster(module, first_master(params["nodes"], gather(params["nodes"], access), access))
        if params["state"] == "limited":
            result = limit(cluster)
        elif params["state"] == "open":
            result = {"changed": cluster.settings.get(ALLOCATION) == LIMIT and cluster.put(ALLOCATION, "")}
        elif params["state"] == "drained":
            result = drain(cluster, params)
        else:
            result = give_back(cluster, params)
    except (Unreachable, ApiError) as error:
        module.fail_json(msg=str(error))
        return
    module.exit_json(diff={"before": cluster.before, "after": cluster.after}, **result)


if __name__ == "__main__":
    main()
