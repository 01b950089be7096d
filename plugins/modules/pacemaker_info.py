#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module pacemaker_info: facts of a running Pacemaker cluster, read-only, and its configuration as variables."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pacemaker_info
short_description: Read the state of a Pacemaker cluster as one node sees it
version_added: 0.1.0
description:
  - Asks C(crm_mon) for the state of the cluster and says in sentences what is wrong.
  - With O(export), it also gives the live configuration as variables of the role C(steadfast.ha.pacemaker). Declared
    again, they change nothing but what RV(not_expressible) names.
  - Changes nothing. A cluster that is not running is an answer, not a failure.
author: the steadfast.ha authors (@steadfast-ha)
extends_documentation_fragment: steadfast.ha.reading
options:
  expected_nodes:
    description: Nodes that have to be members and online. One that is missing is a problem.
    type: list
    elements: str
    default: []
  wait:
    description: Seconds to wait until there are no problems any more.
    type: float
    default: 0
  wants_fencing:
    description: Whether fencing that is switched off, or that no device does for a node, is a problem.
    type: bool
    default: false
  export:
    description: Also give the live configuration as variables.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Wait until the cluster is well
  steadfast.ha.pacemaker_info:
    expected_nodes: [node1, node2, node3]
    wait: 60
  register: cluster
  failed_when: cluster.problems | length > 0

- name: Take over a cluster that somebody made by hand
  steadfast.ha.pacemaker_info:
    export: true
  register: cluster

- name: Write its configuration down
  ansible.builtin.copy:
    content: "{{ cluster.variables | to_nice_yaml(sort_keys=false) }}"
    dest: group_vars/pacemaker/cluster.yml
    mode: "0600"
  delegate_to: localhost
"""

RETURN = r"""
running:
  description: Whether Pacemaker answers on this node.
  type: bool
  returned: always
  sample: true
quorate:
  description: Whether this part of the cluster may decide.
  type: bool
  returned: always
  sample: true
dc:
  description: Node that decides, empty when there is none.
  type: str
  returned: always
  sample: node1
maintenance_mode:
  description: Whether the whole cluster leaves its resources alone.
  type: bool
  returned: always
  sample: false
nodes:
  description: Name of each node to what it is, such as C(online), C(standby), C(maintenance), C(unclean), C(pending).
  type: dict
  returned: always
  sample: {node1: {online: true, standby: false, maintenance: false, unclean: false, pending: false, is_dc: true}}
resources:
  description: >-
    Name of each resource to its agent, whether it is active, managed, failed, blocked, its nodes, and its role on each
    of them.
  type: dict
  returned: always
  sample: {vip: {agent: "ocf:heartbeat:IPaddr2", active: true, nodes: [node1], roles: {node1: Started}}}
symmetric:
  description: Whether resources may run on every node that nobody has excluded.
  type: bool
  returned: always
  sample: true
clones:
  description: >-
    Name of each clone to how many instances it has, the nodes where these are active and where they are promoted, and
    whether it is promotable, unique and managed.
  type: dict
  returned: always
  sample: {state: {promotable: true, unique: false, instances: 2, nodes: [node1, node2], promoted: [node1]}}
failures:
  description: Actions that failed and have not been cleaned up.
  type: list
  elements: dict
  returned: always
  sample: []
bans:
  description: Constraints that keep resources away from nodes, among them those that a move left.
  type: list
  elements: dict
  returned: always
  sample: []
fencing:
  description: Whether fencing is on, its devices, and whom it fenced.
  type: dict
  returned: always
  sample: {enabled: true, devices: [power], history: []}
missing_daemons:
  description: Daemons of Pacemaker that do not run on this node, though pacemakerd does.
  type: list
  elements: str
  returned: always
  sample: []
unfenced:
  description: Nodes that no fence device is for. Not looked for without O(wants_fencing), or while fencing is off.
  type: list
  elements: str
  returned: always
  sample: []
problems:
  description: What is wrong, one sentence each. Empty when all is well.
  type: list
  elements: str
  returned: always
  sample: ["node node3 is offline"]
variables:
  description: The configuration as variables of the role. Without values of secrets.
  type: dict
  returned: when O(export) and the cluster runs
  sample: {pacemaker_properties: {no-quorum-policy: stop}}
secrets:
  description: >-
    Resource or alert to parameters that are secrets, to be declared in C(pacemaker_secrets) by whoever knows them.
  type: dict
  returned: when O(export) and the cluster runs
  sample: {power: [password]}
not_expressible:
  description:
    - What the configuration has and the variables have no words for, one sentence each that says where. Secrets of
      operations, recipients and nodes are among it, and stay in the cluster.
    - Whole things, such as a bundle, are left alone by scope V(additive) and go with V(full). What is part of a
      declared thing, such as an option of an operation, goes in every scope once that is declared.
  type: list
  elements: str
  returned: when O(export) and the cluster runs
  sample: ["in resource db: operations.monitor.10000ms from record-pending=true timeout=20s to timeout=20s"]
"""

import os
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker import daemons, live
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.export import export
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.local import are_installed, tools_of
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.status import NOT_RUNNING, facts, problems
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.tools import Failed, Tools
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.words import Refused


def look(tools: Tools, *, wants_fencing: bool) -> dict[str, Any]:
    """The facts of the cluster as they are now."""
    try:
        found = {**facts(tools.status()), "missing_daemons": daemons.missing(set(daemons.programs()))}
        if wants_fencing and found["fencing"]["enabled"]:
            found["unfenced"] = live.unfenced(tools.query())
        return found
    except Failed:
        return dict(NOT_RUNNING)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "expected_nodes": {"type": "list", "elements": "str", "default": []},
            "wait": {"type": "float", "default": 0},
            "wants_fencing": {"type": "bool", "default": False},
            "export": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    expected, wants_fencing = module.params["expected_nodes"], module.params["wants_fencing"]
    if not are_installed():
        module.exit_json(changed=False, **NOT_RUNNING, problems=problems(NOT_RUNNING))
    tools = tools_of(module)
    deadline = time.monotonic() + module.params["wait"]
    try:
        while True:
            found = look(tools, wants_fencing=wants_fencing)
            wrong = problems(found, expected, os.uname().nodename, wants_fencing=wants_fencing)
            if not wrong or time.monotonic() >= deadline:
                break
            time.sleep(0.5)
        if module.params["export"] and found["running"]:
            exported = export(tools.query())
            for sentence in exported.warnings:
                module.warn(sentence)
            found.update(
                variables=exported.variables,
                secrets=exported.secrets,
                not_expressible=exported.not_expressible,
            )
    except (Refused, Failed) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **found, problems=wrong)


if __name__ == "__main__":
    main()
