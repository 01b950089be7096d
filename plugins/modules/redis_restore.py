#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module redis_restore: copies the keys of a snapshot into a running cluster, whatever its shards are."""

from __future__ import annotations

DOCUMENTATION = r"""
module: redis_restore
short_description: Copy the keys of a snapshot into a Redis or Valkey cluster
version_added: 0.1.0
description:
  - Starts a server for the snapshot in a folder of its own, without a port, and copies every key to the master of its
    slot, with its time to live. So a backup of three shards fits into a cluster of five.
  - Keys that are there already are left alone unless O(replace) is set. It can be interrupted and run again.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Counts the keys and copies none.
    support: full
  diff_mode:
    description: Not supported.
    support: none
options:
  file:
    description: The snapshot, on the host of the module.
    type: path
    required: true
  binary:
    description: The server's program. It has to be at least as new as the one that made the snapshot.
    type: path
    default: /usr/bin/redis-server
  user:
    description: User that the server for the snapshot runs as.
    type: str
    default: redis
  replace:
    description: Overwrite keys that are there?
    type: bool
    default: false
extends_documentation_fragment:
  - steadfast.ha.redis_cluster
"""

EXAMPLES = r"""
- name: Copy a snapshot into the cluster
  steadfast.ha.redis_restore:
    file: /var/tmp/node1-7000.rdb
    password_file: /etc/steadfast-redis/password
    nodes:
      - {host: 192.0.2.11, port: 7000}
"""

RETURN = r"""
keys:
  description: Keys in the snapshot.
  type: int
  returned: always
  sample: 1000
copied:
  description: Keys that were copied.
  type: int
  returned: always
  sample: 1000
present:
  description: Keys that were there already and left alone.
  type: int
  returned: always
  sample: 0
"""

import contextlib

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.arguments import (
    access_of,
    connection_arguments,
)
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.instance import snapshot
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.resp import CommandError, Unreachable


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **connection_arguments(),
            "file": {"type": "path", "required": True},
            "binary": {"type": "path", "default": "/usr/bin/redis-server"},
            "user": {"type": "str", "default": "redis"},
            "replace": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    given = module.params
    seeds = [(node["host"], node["port"]) for node in given["nodes"]]
    try:
        with (
            contextlib.closing(snapshot.Target(seeds, access_of(given), replaces=given["replace"])) as target,
            snapshot.served(given["binary"], given["user"], given["file"]) as source,
        ):
            found = snapshot.copied(source, None if module.check_mode else target)
    except (snapshot.Failed, CommandError, Unreachable, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(
        changed=found.copied > 0 or (module.check_mode and found.keys > 0),
        keys=found.keys,
        copied=found.copied,
        present=found.present,
    )


if __name__ == "__main__":
    main()
