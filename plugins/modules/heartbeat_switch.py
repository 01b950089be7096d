#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module heartbeat_switch: hand a group to a node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: heartbeat_switch
short_description: Hand a group of addresses to a node of a heartbeat cluster
version_added: 0.1.0
description:
  - Asks the heartbeat daemon of a node to move one group, or all groups, to a node, and waits until they are there.
  - Does nothing when they are there already.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Reports what would move and asks for nothing.
    support: full
  diff_mode:
    description: Shows the holders before and after.
    support: full
options:
  group:
    description:
      - Key of the group, which is its first resource as written in haresources.
      - V(all) moves every group.
    type: str
    default: all
  node:
    description: Name of the node that is to hold the group, as in the node lines of ha.cf.
    type: str
    required: true
  timeout:
    description: Seconds to wait until the node holds the group. The daemons go on with the move when it takes longer.
    type: float
    default: 30.0
  runtime_dir:
    description: Folder of the daemon's control socket.
    type: path
    default: /run/heartbeat
notes:
  - Run it on the node that is to get the group or on the one that holds it. In a cluster of two that is any node.
  - With C(auto_failback on) the daemon moves a group by itself only when its preferred node comes back, so a group
    that was switched away stays where it is until then.
seealso:
  - module: steadfast.ha.heartbeat_info
"""

EXAMPLES = r"""
- name: Empty node1 before its maintenance
  steadfast.ha.heartbeat_switch:
    node: node2
  delegate_to: node1

- name: Give one address to this node
  steadfast.ha.heartbeat_switch:
    group: IPaddr::192.0.2.10/24/eth0
    node: "{{ ansible_facts['nodename'] }}"
"""

RETURN = r"""
before:
  description: Group key to the node that held it before, V(null) when none did.
  type: dict
  returned: success
  sample:
    IPaddr::192.0.2.10/24/eth0: node1
after:
  description: Group key to the node that holds it now, or would hold it in check mode.
  type: dict
  returned: success
  sample:
    IPaddr::192.0.2.10/24/eth0: node2
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.heartbeat.control.client import ask
from ansible_collections.steadfast.ha.plugins.module_utils.heartbeat_client import answers, switching


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "group": {"type": "str", "default": "all"},
            "node": {"type": "str", "required": True},
            "timeout": {"type": "float", "default": 30.0},
            "runtime_dir": {"type": "path", "default": "/run/heartbeat"},
        },
        supports_check_mode=True,
    )
    try:
        outcome = switching.switch(
            lambda request: ask(dict(request), module.params["runtime_dir"], module.params["timeout"]),
            module.params["group"],
            module.params["node"],
            timeout_s=module.params["timeout"],
            dry_run=module.check_mode,
            clock=time.monotonic,
            sleep=time.sleep,
        )
    except (OSError, ValueError, answers.BadAnswer, switching.CannotSwitch, switching.NotInTime) as error:
        module.fail_json(msg=str(error))
    else:
        module.exit_json(
            changed=outcome.changed,
            before=outcome.before,
            after=outcome.after,
            diff={"before": outcome.before, "after": outcome.after},
        )


if __name__ == "__main__":
    main()
