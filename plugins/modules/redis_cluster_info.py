#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module redis_cluster_info: what a Redis or Valkey cluster is like, and what is wrong with it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: redis_cluster_info
short_description: Read the state of a Redis or Valkey cluster and judge it
version_added: 0.1.0
description:
  - Asks every declared instance, and every other member that they know of, and compares that with what is declared.
  - Changes nothing, but for one key on every master with O(write_test), which is deleted again.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Runs in check mode as it does without, but writes nothing.
    support: full
  diff_mode:
    description: There is nothing that could differ.
    support: none
extends_documentation_fragment: steadfast.ha.redis_cluster
options:
  write_test:
    description: Write a key to every master, read it and delete it. It would expire by itself within a minute.
    type: bool
    default: false
  wait:
    description: Seconds to wait until there are no problems. What there is then is returned.
    type: float
    default: 0
  minds_majority:
    description:
      - Whether a machine that leads the majority of shards is one of the problems. Where it is not, it is one of the
        concerns - in the middle of a rolling change it comes and goes.
    type: bool
    default: true
  fail_on_problems:
    description: Fail when there are problems.
    type: bool
    default: false
seealso:
  - module: steadfast.ha.redis_cluster
"""

EXAMPLES = r"""
- name: See whether all is well, a write on every master included
  steadfast.ha.redis_cluster_info:
    password_file: /etc/redis/cluster.password
    nodes: "{{ instances }}"
    write_test: true
    fail_on_problems: true
  run_once: true
"""

RETURN = r"""
running:
  description: Whether at least one instance answered.
  type: bool
  returned: always
  sample: true
created:
  description: Whether there is a cluster, that is somebody who serves slots.
  type: bool
  returned: always
  sample: true
state:
  description: V(ok) when every instance that answers says so, V(fail) otherwise.
  type: str
  returned: always
  sample: ok
slots_covered:
  description: Number of slots that have a master; 16384 are all.
  type: int
  returned: always
  sample: 16384
problems:
  description: What is wrong, one sentence each.
  type: list
  elements: str
  returned: always
  sample: ["node1 holds 2 of 3 masters: its loss would stop the cluster (state: spread hands some over)"]
concerns:
  description: What is worth knowing though nothing is wrong.
  type: list
  elements: str
  returned: always
  sample: []
majority_machine:
  description: Machine whose loss would take the majority of masters along; empty when there is none.
  type: str
  returned: always
  sample: ""
masters_by_machine:
  description: Machine to the number of masters that it leads.
  type: dict
  returned: always
  sample: {node1: 1, node2: 1, node3: 1}
shards:
  description: Masters with their replicas and slots.
  type: list
  elements: dict
  returned: always
  sample:
    - {master: "node1-7000", replicas: ["node2-7001"], slots: 5461, ranges: "0-5460"}
restart_order:
  description: Names of the instances in the order in which they may be restarted one by one, replicas first.
  type: list
  elements: str
  returned: always
  sample: [node2-7001, node1-7000]
nodes:
  description: Every instance by name.
  type: dict
  returned: always
  sample:
    node1-7000:
      host: 192.0.2.11
      port: 7000
      machine: node1
      reachable: true
      id: 07c37dfeb235213a872192d90877d0cd55635b91
      role: master
      master: ""
      slots: 5461
      link: ""
      lag_bytes: 0
      flags: [master]
      software: redis
      version: 7.0.15
      used_memory: 2621440
      maxmemory: 67108864
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.arguments import (
    access_of,
    connection_arguments,
    declaration_of,
)
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.declare import DeclarationError
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.resp import CommandError
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.survey import survey, write_and_read

POLL_SECONDS = 0.5


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **connection_arguments(),
            "write_test": {"type": "bool", "default": False},
            "wait": {"type": "float", "default": 0},
            "minds_majority": {"type": "bool", "default": True},
            "fail_on_problems": {"type": "bool", "default": False},
        },
        mutually_exclusive=[("password", "password_file")],
        supports_check_mode=True,
    )
    params: dict[str, Any] = module.params
    try:
        declared, access = declaration_of(params), access_of(params)
        deadline = time.monotonic() + params["wait"]
        while True:
            found, picture = survey(declared, access, minds_majority=params["minds_majority"])
            if params["write_test"] and not module.check_mode:
                found["problems"] += write_and_read(picture, access)
            if not found["problems"] or time.monotonic() >= deadline:
                break
            time.sleep(POLL_SECONDS)
    except DeclarationError as error:
        module.fail_json(msg="\n".join(error.reasons), problems=error.reasons)
    except (CommandError, OSError, ValueError) as error:
        module.fail_json(msg=str(error), problems=[str(error)])
    if found["problems"] and params["fail_on_problems"]:
        module.fail_json(msg="\n".join(found["problems"]), **found)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
