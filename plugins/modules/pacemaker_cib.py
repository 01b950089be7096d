#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module pacemaker_cib: makes the configuration of a running Pacemaker cluster what is declared, by a patch."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pacemaker_cib
short_description: Make the configuration of a Pacemaker cluster what is declared
version_added: 0.1.0
description:
  - Builds the wanted CIB beside the live one, has C(crm_verify) check it and C(crm_simulate) say what would move, and
    pushes nothing but the difference.
  - The patch fits one version of the CIB only. When somebody else was quicker, it is made anew from a fresh one.
  - What operators switch by hand is left alone unless it is declared, in every scope. That is C(target-role),
    C(is-managed) and C(maintenance) of a resource, C(maintenance-mode) of the cluster, attributes of nodes, and the
    constraints that C(crm_resource --move) and C(--ban) leave.
  - Runs on one node of the cluster, for all of it.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Tells what it would do and what would move. Before the cluster runs, it compares with an empty one.
    support: full
  diff_mode:
    description: Shows the configuration as XML, the values of secrets hidden, and what would move.
    support: full
options:
  configuration:
    description:
      - What the cluster should have. The keys are those of the variables of the role C(steadfast.ha.pacemaker) without
        C(pacemaker_), such as C(properties), C(resources), C(groups), C(fence_devices), and each means what is said
        there.
      - Parameters are checked against the metadata of the agents that this node has.
    type: dict
    required: true
  secrets:
    description:
      - Name of a resource, fence device or alert to parameters whose values nobody may see.
      - A secret that the cluster has and that is not named here stays as it is, in every scope, since no export has it.
        One that is null here is taken away.
    type: dict
    default: {}
  scope:
    description:
      - V(additive) changes what is declared and leaves the rest.
      - V(full) takes away what is not declared.
      - V(refuse_on_drift) adds what is missing, and refuses when something is there that is not declared, or is not as
        declared.
    type: str
    choices: [additive, full, refuse_on_drift]
    default: additive
  state:
    description:
      - V(checked) only checks the request, against the agents of this node as far as they are there. It needs no
        running cluster.
      - V(applied) makes it so.
    type: str
    choices: [applied, checked]
    default: applied
  needs_agents:
    description:
      - Whether an agent that this node does not have is refused. Otherwise, as before packages come, a request is
        checked as far as its agents are here.
    type: bool
    default: true
  nodes:
    description:
      - Names of nodes that the request may be about although the cluster does not know them yet, besides those that it
        knows. They are the members. Where fencing is on, a request that leaves one of them without a fence device is
        refused.
    type: list
    elements: str
    default: []
  attempts:
    description: How often the patch may find that the CIB has changed meanwhile.
    type: int
    default: 10
  wait_timeout:
    description: Seconds that the cluster may take to carry out what has changed.
    type: int
    default: 120
"""

EXAMPLES = r"""
- name: Let an address and nginx run together, and never without fencing
  steadfast.ha.pacemaker_cib:
    configuration:
      properties: {no-quorum-policy: stop}
      fence_devices:
        - name: power
          agent: fence_apc
          ports: {node1: "1", node2: "2"}
          parameters: {ip: 192.0.2.10, username: cluster}
      web_servers:
        - {name: web, address: 192.0.2.100/24, unit: nginx.service}
    secrets:
      power: {password: "{{ vaulted_power_password }}"}
  run_once: true
"""

RETURN = r"""
changes:
  description: What is or would be changed, one sentence each.
  type: list
  elements: str
  returned: always
  sample: ["adds resource web-vip (ocf:heartbeat:IPaddr2)"]
moves:
  description: What the simulation says that happens to resources and nodes because of the change.
  type: list
  elements: dict
  returned: when state is applied
  sample: [{resource: web-vip, action: start, from: "", to: node1, reason: "", says: "web-vip would start on node1"}]
knows_cluster:
  description: Whether this node has a configuration of a cluster, running or not, that the request was checked against.
  type: bool
  returned: when state is checked, also when the request is refused
  sample: true
lacks_fencing:
  description: >-
    Whether it is refused because something would not be fenced. A node that does not know the cluster does not know
    either what fence devices others have made by hand.
  type: bool
  returned: when state is checked and the request is refused
  sample: false
undeclared:
  description: What the cluster has and nobody declares. It stays with scope V(additive) and goes with V(full).
  type: list
  elements: str
  returned: when state is applied
  sample: ["resource old-vip"]
kept_secrets:
  description: >-
    Declared resources and alerts to secrets that they have and that are not declared. They stay, in every scope.
  type: dict
  returned: when state is applied
  sample: {power: [password]}
patch:
  description: The patch as XML, the values of secrets hidden.
  type: str
  returned: when there is a difference and the programs to make one
  sample: '<diff format="2">...</diff>'
attempts:
  description: How many patches it took.
  type: int
  returned: when changed
  sample: 1
not_started:
  description: What is declared and could not be started anywhere, one sentence each. The configuration has been taken.
  type: list
  elements: str
  returned: when changed, but for check mode
  sample: ["data does not run: start on node1 failed (no such device). ..."]
checked_agents:
  description: Agents whose metadata the request was checked against.
  type: list
  elements: str
  returned: always
  sample: ["ocf:heartbeat:IPaddr2"]
"""

import time
from collections.abc import Sequence
from typing import Any, Optional
from xml.etree.ElementTree import Element, fromstring

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker import describe, status, tree
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.agents import Agent
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.compose import Wanted, compose
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.live import around, with_nodes
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.local import are_installed, tools_of
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.merge import Merged, Scope, merge
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.resources import agent_names
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.simulate import Move, moves
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.tools import Failed, Tools
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.words import Refused, Unfenced


class Request:
    """One request and the cluster it is for."""

    def __init__(self, module: AnsibleModule, tools: Optional[Tools]) -> None:
        """``tools``: None where Pacemaker is not installed yet."""
        self.module = module
        self.tools = tools
        self.configuration: dict[str, Any] = module.params["configuration"]
        self.secrets: dict[str, Any] = module.params["secrets"]
        self.scope = Scope(module.params["scope"])
        self.agents: dict[str, Agent] = {}
        self.knows_cluster = False
        self.owners = {(str(owner), str(name)) for owner, found in self.secrets.items() for name in found or {}}
        given = [value for owner in self.secrets.values() for value in (owner or {}).values()]
        self.hidden = {str(value) for value in given if value is not None}

    def ask_agents(self) -> None:
        """Read the metadata of the agents that are named. Raises Refused for one that is needed and not here."""
        names = agent_names(self.configuration)
        if self.tools is None:
            return
        if self.module.params["needs_agents"]:
            self.agents = {name: self.tools.known_agent(name) for name in names}
        else:
            found = {name: self.tools.agent(name) for name in names}
            self.agents = {name: agent for name, agent in found.items() if agent is not None}

    def wanted(self, live: Element) -> Wanted:
        """What the CIB should have beside the live one. Raises Refused."""
        there = with_nodes(around(live), self.module.params["nodes"])
        if self.scope is Scope.FULL:
            there = there.of_the_declared()
        return compose(self.configuration, self.secrets, self.agents, there)

    def live(self, *, may_be_missing: bool) -> Optional[Element]:
        """The CIB of the running cluster, or the last one that this node knew; None when there never was one.

        Raises Failed when the cluster does not run and has to.
        """
        if self.tools is None:
            return None
        try:
            return self.tools.query()
        except Failed:
            if may_be_missing:
                return self.tools.last_known()
            raise

    def consequences(self, live: Element, root: Element) -> list[Move]:
        """What would move, and nothing else than because of this. Raises Refused for a CIB that can't be."""
        if self.tools is None:
            return []
        objections = self.tools.verify(root)
        if objections:
            objections = [line for line in objections if line not in self.tools.verify(live)]
        if objections:
            raise Refused("crm_verify refuses it: " + "; ".join(objections))
        already = moves(self.tools.simulate(live))
        return [move for move in moves(self.tools.simulate(root)) if move not in already]

    def result(self, live: Element, merged: Merged, moved: Sequence[Move], patch: str) -> dict[str, Any]:
        """What the module answers."""
        hidden = self.hidden | describe.values_of(live, self.owners)
        found = {
            "changed": bool(merged.changes),
            "changes": list(merged.changes),
            "undeclared": list(merged.undeclared),
            "kept_secrets": {owner: list(names) for owner, names in merged.kept_secrets.items()},
            "moves": [move.as_dict() for move in moved],
            "checked_agents": sorted(self.agents),
        }
        if patch:
            found["patch"] = tree.written(describe.hide(fromstring(patch), hidden))
        if self.module._diff and merged.changes:
            kept = (
                f"keeps {', '.join(names)} of {owner}: a secret stays unless the declaration names another"
                for owner, names in merged.kept_secrets.items()
            )
            told = [*merged.changes, *kept, *(move.sentence() for move in moved)]
            found["diff"] = [
                {
                    "before_header": "CIB as it is",
                    "after_header": "CIB as it should be",
                    "before": describe.shown(live, hidden),
                    "after": describe.shown(merged.root, hidden),
                },
                {"prepared": "".join(f"# {line}\n" for line in told)},
            ]
        return found


def check(request: Request) -> dict[str, Any]:
    """Check the shape of a request and its agents."""
    request.ask_agents()
    found = request.live(may_be_missing=True)
    request.knows_cluster = found is not None
    request.wanted(tree.empty_cib() if found is None else found)
    told = {"changed": False, "changes": [], "checked_agents": sorted(request.agents)}
    return {**told, "knows_cluster": request.knows_cluster}


def apply(request: Request) -> dict[str, Any]:
    """Make it so; try again when somebody else changes the CIB at the same time."""
    module = request.module
    request.ask_agents()
    for attempt in range(1, module.params["attempts"] + 1):
        found = request.live(may_be_missing=module.check_mode)
        live = tree.empty_cib() if found is None else found
        merged = merge(live, request.wanted(live), request.scope)
        if not merged.changes:
            return request.result(live, merged, [], "")
        moved = request.consequences(live, merged.root)
        patch = request.tools.difference(live, merged.root) if request.tools is not None else ""
        result = request.result(live, merged, moved, patch)
        if module.check_mode or request.tools is None:
            return result
        if request.tools.patch(patch):
            seconds = module.params["wait_timeout"]
            request.tools.settle(
                seconds, f"The cluster has the new configuration, but is not done within {seconds} s: "
            )
            others = {name.rpartition(" ")[2] for name in merged.undeclared}
            not_started = status.not_started(status.facts(request.tools.status()), others)
            return {**result, "attempts": attempt, "not_started": not_started}
        time.sleep(0.1 * attempt)
    raise Failed(f"the CIB was changed by somebody else {module.params['attempts']} times while the patch was made")


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "configuration": {"type": "dict", "required": True},
            "secrets": {"type": "dict", "default": {}, "no_log": True},
            "scope": {"type": "str", "choices": ["additive", "full", "refuse_on_drift"], "default": "additive"},
            "state": {"type": "str", "choices": ["applied", "checked"], "default": "applied"},
            "needs_agents": {"type": "bool", "default": True},
            "nodes": {"type": "list", "elements": "str", "default": []},
            "attempts": {"type": "int", "default": 10},
            "wait_timeout": {"type": "int", "default": 120},
        },
        supports_check_mode=True,
    )

    there = are_installed()
    wants_check = module.params["state"] == "checked"
    if not there and not (module.check_mode or wants_check):
        module.fail_json(msg="pacemaker's command line tools are not on this node")
    request = Request(module, tools_of(module) if there else None)
    try:
        module.exit_json(**(check(request) if wants_check else apply(request)))
    except Refused as error:
        of_check = {"knows_cluster": request.knows_cluster, "lacks_fencing": isinstance(error, Unfenced)}
        module.fail_json(msg=f"Nothing was changed. {error}", **(of_check if wants_check else {}))
    except Failed as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
