#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module redis_cluster: brings a Redis or Valkey cluster to its declared state, whatever state it is in."""

from __future__ import annotations

DOCUMENTATION = r"""
module: redis_cluster
short_description: Reconcile a Redis or Valkey cluster with what is declared
version_added: 0.1.0
description:
  - Reads the cluster from every instance, plans the way to the declared state, and goes it step by step - creates the
    cluster, joins instances, attaches replicas on other machines than their master's, moves slots by weight, drains and
    forgets members, replaces dead ones, and completes what an interrupted run has left half done.
  - Who leads a shard is not part of the declared state. After a failover there is nothing to do.
  - Runs on one host that reaches all instances, and needs nothing there but Python.
  - What could lose data, or take something out of the cluster, happens only when O(allow) names it.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Plans, and touches nothing. Instances at whose address nothing listens count as about to be built.
    support: full
  diff_mode:
    description: Shows the plan, one sentence a line.
    support: full
extends_documentation_fragment: steadfast.ha.redis_cluster
options:
  state:
    description:
      - V(present) brings about everything that is declared.
      - V(balanced) does the same, and balances slots to the last one instead of leaving O(threshold) percent alone.
      - V(spread) hands masters over by planned failovers until no machine leads more shards than its share.
      - V(failover) makes each of the O(targets) what O(target_role) says.
      - V(declared) only checks the declaration and connects to nothing.
    type: str
    choices: [present, balanced, spread, failover, declared]
    default: present
  targets:
    description: Names of instances, for O(state=failover).
    type: list
    elements: str
    default: []
  target_role:
    description: With O(state=failover), V(replica) hands masters among the targets over, V(master) promotes replicas.
    type: str
    choices: [replica, master]
    default: replica
  allow:
    description:
      - V(remove) - members that are not declared are drained, forgotten and reset.
      - V(lose_data) - slots whose every copy is gone are given out empty; keys on instances that do not belong to the
        cluster yet are deleted.
      - V(takeover) - a replica of a dead master is promoted though too few masters are left to vote.
    type: list
    elements: str
    choices: [remove, lose_data, takeover]
    default: []
  leaving:
    description: Addresses (C(host:port)) of members that are drained and forgotten without O(allow) in general.
    type: list
    elements: str
    default: []
  threshold:
    description: Percent by which a shard may be off its share of slots before O(state=present) moves any.
    type: float
    default: 5
  batch_keys:
    description: Keys that are moved at a time. A master answers nobody else meanwhile.
    type: int
    default: 100
  pause_ms:
    description: Milliseconds to wait after each batch.
    type: int
    default: 0
  max_slots:
    description: Move at most so many slots, then return with RV(remaining_slots). V(0) moves all.
    type: int
    default: 0
  progress_file:
    description: File on the host of the module that tells how far moving slots has come, as JSON.
    type: path
seealso:
  - module: steadfast.ha.redis_cluster_info
"""

EXAMPLES = r"""
- name: Create the cluster, or bring it to what is declared here
  steadfast.ha.redis_cluster:
    password_file: /etc/redis/cluster.password
    nodes:
      - {name: node1-7000, host: 192.0.2.11, port: 7000, machine: node1}
      - {name: node1-7001, host: 192.0.2.11, port: 7001, machine: node1}
      - {name: node2-7000, host: 192.0.2.12, port: 7000, machine: node2}
      - {name: node2-7001, host: 192.0.2.12, port: 7001, machine: node2}
      - {name: node3-7000, host: 192.0.2.13, port: 7000, machine: node3}
      - {name: node3-7001, host: 192.0.2.13, port: 7001, machine: node3}
  run_once: true

- name: Hand over what node1 leads, before it is restarted
  steadfast.ha.redis_cluster:
    password_file: /etc/redis/cluster.password
    nodes: "{{ instances }}"
    state: failover
    targets: [node1-7000, node1-7001]
  run_once: true

- name: Move slots a thousand at a time
  steadfast.ha.redis_cluster:
    nodes: "{{ instances }}"
    max_slots: 1000
  register: moved
  until: moved.remaining_slots == 0
  retries: 20
  delay: 0
  run_once: true
"""

RETURN = r"""
plan:
  description: What was to be done, one sentence each.
  type: list
  elements: str
  returned: always
  sample: ["make node2-7001 a replica of node1-7000"]
done:
  description: What was done of it.
  type: list
  elements: str
  returned: always
  sample: ["make node2-7001 a replica of node1-7000"]
concerns:
  description: What is worth a warning.
  type: list
  elements: str
  returned: always
  sample: ["4 masters are an even number: they survive no more losses than 3 would"]
reasons:
  description: Why the module refused, one sentence each.
  type: list
  elements: str
  returned: on failure
  sample: ["node3-7000 (192.0.2.13:7000): the password is not accepted"]
touched:
  description: Whether anything had been changed before it failed.
  type: bool
  returned: on failure
  sample: false
moved_slots:
  description: Number of slots that were moved.
  type: int
  returned: success
  sample: 4096
remaining_slots:
  description: Number of slots that are still to be moved, because of O(max_slots).
  type: int
  returned: success
  sample: 0
progress:
  description: How far moving has come, for people.
  type: str
  returned: success
  sample: "4096 of 4096 slots moved, 10240 keys: node1-7000 to node4-7000"
shards:
  description: Masters with their replicas and slots.
  type: list
  elements: dict
  returned: success
  sample:
    - {master: "node1-7000", replicas: ["node2-7001"], slots: 5461, ranges: "0-5460"}
masters_by_machine:
  description: Machine to the number of masters that it leads.
  type: dict
  returned: success
  sample: {node1: 1, node2: 1, node3: 1}
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.arguments import (
    access_of,
    connection_arguments,
    declaration_of,
)
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.declare import (
    ALLOWED,
    Declaration,
    DeclarationError,
    reservations,
)
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.execute import Executor, Stuck
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.migrate import Pace, Progress
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.model import Picture
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.operate import Outcome, operate
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.plan import (
    Plan,
    Refused,
    plan_failover,
    plan_present,
    plan_spread,
)


def planned(declared: Declaration, picture: Picture, params: dict[str, Any]) -> Plan:
    state = params["state"]
    if state == "failover":
        return plan_failover(declared, picture, params["targets"], to_master=params["target_role"] == "master")
    if state == "spread":
        return plan_spread(declared, picture)
    return plan_present(declared, picture, is_exact=state == "balanced")


def result(outcome: Outcome, *, is_check: bool) -> dict[str, Any]:
    changed = bool(outcome.plan) if is_check else bool(outcome.done or outcome.moved_slots)
    shown = "".join(f"{sentence}\n" for sentence in outcome.plan)
    return {"changed": changed, "diff": {"before": "", "after": shown}, **vars(outcome)}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **connection_arguments(),
            "state": {
                "type": "str",
                "choices": ["present", "balanced", "spread", "failover", "declared"],
                "default": "present",
            },
            "targets": {"type": "list", "elements": "str", "default": []},
            "target_role": {"type": "str", "choices": ["replica", "master"], "default": "replica"},
            "allow": {"type": "list", "elements": "str", "choices": list(ALLOWED), "default": []},
            "leaving": {"type": "list", "elements": "str", "default": []},
            "threshold": {"type": "float", "default": 5},
            "batch_keys": {"type": "int", "default": 100, "no_log": False},
            "pause_ms": {"type": "int", "default": 0},
            "max_slots": {"type": "int", "default": 0},
            "progress_file": {"type": "path"},
        },
        mutually_exclusive=[("password", "password_file")],
        supports_check_mode=True,
    )
    params = module.params
    outcome = Outcome()
    executor = None
    try:
        declared = declaration_of(params)
        if params["state"] == "declared":
            outcome.concerns = reservations(declared)
        else:
            pace = Pace(max(1, params["batch_keys"]), params["pause_ms"], params["max_slots"])
            progress = Progress(params["progress_file"] or "")
            executor = Executor(declared.instances, access_of(params), params["timeout"], pace, progress)
            outcome = operate(
                declared,
                executor,
                lambda picture: planned(declared, picture, params),
                is_check=module.check_mode,
                absent_is_fine=params["state"] in ("present", "balanced"),
            )
    except (DeclarationError, Refused) as error:
        done = executor.done if executor else []
        module.fail_json(msg="\n".join(error.reasons), reasons=error.reasons, touched=bool(done), plan=[], done=done)
    except (Stuck, OSError, ValueError) as error:
        done = executor.done if executor else []
        moved = executor.progress.moved if executor else 0
        text = f"{error}. Done before: {'; '.join(done) or 'nothing'}"
        module.fail_json(
            msg=f"{text}. Run it again to go on." if done or moved else text,
            reasons=[str(error)],
            touched=bool(done or moved),
            plan=[],
            done=done,
        )
    for concern in outcome.concerns:
        module.warn(concern)
    module.exit_json(**result(outcome, is_check=module.check_mode))


if __name__ == "__main__":
    main()
