#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module pacemaker_node: what operators do with nodes and resources of a Pacemaker cluster, and a wait for it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pacemaker_node
short_description: Put a node of a Pacemaker cluster into standby or maintenance, move a resource, forget failures
version_added: 0.1.0
description:
  - Asks the cluster for one thing and waits until it is done. What is so already is left alone.
  - Runs on one node of the cluster, whichever node it is about.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Tells what it would ask for.
    support: full
  diff_mode:
    description: Shows the one thing that changes, such as a switch or a place, as it is and as it will be.
    support: full
options:
  action:
    description:
      - V(standby) moves everything off a node, V(unstandby) lets it run resources again.
      - V(maintenance) makes the cluster leave the resources of a node alone, or all resources without O(node), and
        V(unmaintenance) ends that. A maintenance that an interrupted run of the role C(steadfast.ha.pacemaker) has left
        becomes yours by V(maintenance), and the next run no longer ends it.
      - V(cleanup) forgets failed actions, those of O(resource) and on O(node) where these are given.
      - V(move) moves a resource, with all of its group, to O(node) or away from where it is. Once it is there, the
        constraint that moved it is taken away, unless the resource would go back. That of a move that was interrupted
        goes too, and so does that of one that failed; one that takes longer than O(wait_timeout) keeps it, and says so.
        What C(crm_resource --move) or C(--ban) has left by hand stays, and is an error where it would keep the
        resource from moving.
      - V(clear) takes away constraints that moves have left, those by hand too.
    type: str
    required: true
    choices: [standby, unstandby, maintenance, unmaintenance, cleanup, move, clear]
  node:
    description: Name of the node in the cluster.
    type: str
    default: ''
  resource:
    description: Name of the resource.
    type: str
    default: ''
  wait_timeout:
    description: Seconds that the cluster may take.
    type: int
    default: 120
"""

EXAMPLES = r"""
- name: Empty a node before work on it
  steadfast.ha.pacemaker_node:
    action: standby
    node: node2

- name: Let the web server run on node1
  steadfast.ha.pacemaker_node:
    action: move
    resource: web
    node: node1
"""

RETURN = r"""
does:
  description: What is or would be done, in a sentence. Empty when there is nothing to do.
  type: str
  returned: always
  sample: node node2 gives its resources away
constraint_is_kept:
  description: Whether the constraint of a move had to stay, because the resource would go back without it.
  type: bool
  returned: when action is move and changed
  sample: false
nodes:
  description: Where the resource runs afterwards.
  type: list
  elements: str
  returned: when O(resource) is given and not in check mode
  sample: [node1]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker import moving, operate
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.local import are_installed, tools_of
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.status import facts
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.tools import Failed
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.words import Refused


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "action": {"type": "str", "required": True, "choices": list(operate.ACTIONS)},
            "node": {"type": "str", "default": ""},
            "resource": {"type": "str", "default": ""},
            "wait_timeout": {"type": "int", "default": 120},
        },
        supports_check_mode=True,
    )
    action, node, resource = (module.params[key] for key in ("action", "node", "resource"))
    if not are_installed():
        module.fail_json(msg="pacemaker's command line tools are not on this node")
    tools, timeout = tools_of(module), module.params["wait_timeout"]
    result: dict[str, Any] = {}
    try:
        step = operate.decide(action, node, resource, facts(tools.status()), tools.query())
        is_there = action == "move" and not step.command
        if is_there:
            left = operate.end_move(resource, tools.query())
            step = left if left.command and not moving.would_go_back(tools, resource) else step
        result.update(changed=bool(step.command), does=step.says)
        if module._diff and step.command:
            result["diff"] = step.diff()
        if step.command and not module.check_mode:
            for command in (step.command, *step.then):
                tools.ask(*command)
            if action == "move" and not is_there:
                result["constraint_is_kept"] = moving.finish(tools, resource, node, timeout)
            else:
                tools.settle(timeout)
        if resource and not module.check_mode:
            result["nodes"] = operate.places(resource, facts(tools.status()))
    except (Refused, Failed) as error:
        module.fail_json(msg=str(error), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
