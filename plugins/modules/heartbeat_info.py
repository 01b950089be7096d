#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module heartbeat_info: facts of a running daemon, read-only."""

from __future__ import annotations

DOCUMENTATION = r"""
module: heartbeat_info
short_description: Read the state of a heartbeat cluster as one node sees it
version_added: 0.1.0
description:
  - Asks the heartbeat daemon of a node who its peers are, who holds which group of addresses, and what is wrong.
  - Changes nothing. A daemon that is not running is an answer, not a failure.
author: the steadfast.ha authors (@steadfast-ha)
extends_documentation_fragment: steadfast.ha.reading
options:
  runtime_dir:
    description: Folder of the daemon's control socket.
    type: path
    default: /run/heartbeat
  timeout:
    description: Seconds to wait for the daemon's answer.
    type: float
    default: 5.0
  absent:
    description: Names of peers that are known to be away; they are not counted as a problem.
    type: list
    elements: str
    default: []
notes:
  - Needs root, or a user in the group that may use the socket (C(haclient)).
seealso:
  - module: steadfast.ha.heartbeat_switch
"""

EXAMPLES = r"""
- name: See who holds what
  steadfast.ha.heartbeat_info:
  register: heartbeat

- name: Stop when this node does not think that all is well
  ansible.builtin.assert:
    that: heartbeat.problems | length == 0
    fail_msg: "{{ heartbeat.problems | join('; ') }}"
"""

RETURN = r"""
running:
  description: Whether a daemon answered.
  type: bool
  returned: always
  sample: true
node:
  description: Name of the node that answered.
  type: str
  returned: when running
  sample: node1
state:
  description: State of this node, V(init), V(up), V(active) or V(leaving).
  type: str
  returned: when running
  sample: active
holders:
  description: Group key to the name of the node that holds it, V(null) when this node knows none.
  type: dict
  returned: when running
  sample:
    IPaddr::192.0.2.10/24/eth0: node1
held_here:
  description: Keys of the groups that this node itself holds.
  type: list
  elements: str
  returned: when running
  sample:
    - IPaddr::192.0.2.10/24/eth0
peers:
  description: Name of each peer to its state, V(init), V(up), V(active) or V(dead).
  type: dict
  returned: when running
  sample:
    node2: active
problems:
  description: What keeps this node from being healthy in its own eyes, one sentence each.
  type: list
  elements: str
  returned: always
  sample: []
status:
  description: The daemon's whole answer, of schema version 1.
  type: dict
  returned: when running
  sample:
    schema_version: 1
    node: node1
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.heartbeat.control.client import NotRunning, ask
from ansible_collections.steadfast.ha.plugins.module_utils.heartbeat_client import answers


def facts(status: answers.Status, absent: list[str]) -> dict[str, object]:
    """Return what the module returns for a daemon's status. Raises answers.BadAnswer."""
    answers.understood(status)
    return {
        "running": True,
        "node": status["node"],
        "state": status["state"],
        "holders": answers.holders(status),
        "held_here": answers.held_here(status),
        "peers": answers.peer_states(status),
        "problems": answers.problems(status, absent),
        "status": status,
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "runtime_dir": {"type": "path", "default": "/run/heartbeat"},
            "timeout": {"type": "float", "default": 5.0},
            "absent": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        status = ask({"command": "status"}, module.params["runtime_dir"], module.params["timeout"])
        module.exit_json(changed=False, **facts(status, module.params["absent"]))
    except NotRunning as error:
        module.exit_json(changed=False, running=False, problems=[str(error)])
    except (OSError, ValueError, answers.BadAnswer) as error:
        module.fail_json(msg=str(error), running=True, problems=[str(error)])


if __name__ == "__main__":
    main()
