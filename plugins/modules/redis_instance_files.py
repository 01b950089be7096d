#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module redis_instance_files: writes the files and folders of all instances of a machine in one go."""

from __future__ import annotations

DOCUMENTATION = r"""
module: redis_instance_files
short_description: Write configuration, users and folders of Redis or Valkey instances
version_added: 0.1.0
description:
  - For each instance writes C(PORT.conf) and C(PORT.acl), readable for root and the group of the instances only, and
    creates the folder of its data.
  - In that folder it creates an empty C(redis.conf), for C(CONFIG REWRITE). One that is there is never written to.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Tells what it would write.
    support: full
  diff_mode:
    description: Not supported; the files contain a password.
    support: none
options:
  instances:
    description: The instances of this machine.
    type: list
    elements: dict
    required: true
    suboptions:
      port:
        description: Port for clients, which names the files.
        type: int
        required: true
      config:
        description: Configuration, as in redis.conf.
        type: str
        required: true
      acl:
        description: Users, as in an ACL file.
        type: str
        required: true
  user:
    description: User that instances run as. Its group has the same name.
    type: str
    required: true
  config_dir:
    description: Folder of the files PORT.conf and PORT.acl. It has to be there.
    type: path
    required: true
  data_dir:
    description: Folder in which each instance has one of its own. It has to be there.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Write what an instance is started with
  steadfast.ha.redis_instance_files:
    instances:
      - port: 7000
        config: "port 7000\nbind 192.0.2.11\n"
        acl: "user default on #{{ 'a secret' | hash('sha256') }} ~* &* +@all\n"
    user: redis
    config_dir: /etc/steadfast-redis
    data_dir: /var/lib/steadfast-redis
  no_log: true
"""

RETURN = r"""
written:
  description: What was written or created, or is to be.
  type: list
  elements: str
  returned: success
  sample: [/etc/steadfast-redis/7000.conf]
"""

import grp
import pwd

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.instance.place import Owner, folder, placed


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "instances": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "port": {"type": "int", "required": True},
                    "config": {"type": "str", "required": True},
                    "acl": {"type": "str", "required": True},
                },
            },
            "user": {"type": "str", "required": True},
            "config_dir": {"type": "path", "required": True},
            "data_dir": {"type": "path", "required": True},
        },
        supports_check_mode=True,
    )
    given, is_check = module.params, module.check_mode
    try:
        user, group = pwd.getpwnam(given["user"]).pw_uid, grp.getgrnam(given["user"]).gr_gid
    except KeyError:
        if not is_check:
            module.fail_json(msg=f"there is no user and group {given['user']!r}")
        # the package brings them along
        user = group = -1
    written = []
    try:
        for instance in given["instances"]:
            base, own = f"{given['config_dir']}/{instance['port']}", f"{given['data_dir']}/{instance['port']}"
            done = {
                f"{base}.conf": placed(f"{base}.conf", instance["config"], Owner(0, group, 0o640), is_check=is_check),
                f"{base}.acl": placed(f"{base}.acl", instance["acl"], Owner(0, group, 0o640), is_check=is_check),
                own: folder(own, Owner(user, group, 0o750), is_check=is_check),
                f"{own}/redis.conf": placed(
                    f"{own}/redis.conf", "", Owner(user, group, 0o600), is_check=is_check, replaces=False
                ),
            }
            written += [path for path, is_new in done.items() if is_new]
    except OSError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=bool(written), written=written)


if __name__ == "__main__":
    main()
