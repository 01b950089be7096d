#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module elasticsearch_keystore: secure settings of a node, by the vendor's tool."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticsearch_keystore
short_description: Secure settings of an Elasticsearch node
version_added: 0.1.0
description:
  - Brings settings in the keystore of this machine's node to what is declared. Secrets go to the vendor's tool by its
    standard input, and are in no command line, log or difference.
  - Settings that are not named stay, since the node keeps some itself.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Tells what it would do. Where the tool is not installed yet, everything would be added.
    support: full
  diff_mode:
    description: Shows names, never what they say.
    support: full
options:
  home:
    description: Where the program is installed.
    type: path
    required: true
  config_dir:
    description: Folder of the configuration, where the keystore is.
    type: path
    required: true
  java_home:
    description: Java to use. Empty for the one that the program finds.
    type: str
    default: ""
  owner:
    description: User that the node runs as, and the tool with it.
    type: str
    default: elasticsearch
  settings:
    description: Name to secret. An empty one takes the setting away.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Let the node into its bucket
  steadfast.ha.elasticsearch_keystore:
    home: /usr/share/elasticsearch
    config_dir: /etc/elasticsearch
    settings:
      s3.client.default.access_key: "{{ backup_key }}"
      s3.client.default.secret_key: "{{ backup_secret }}"
"""

RETURN = r"""
differs:
  description: Whether anything has to be done, or had to.
  type: bool
  returned: always
  sample: false
unknown:
  description: Names of settings that are there, but whose secret the tool does not show, as before version 7.16.
  type: list
  elements: str
  returned: always
  sample: []
"""

import os
import pwd
from typing import Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.errors import Refused
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.keystore import names_in, steps


class Tool:
    """The vendor's elasticsearch-keystore, as the node's own user: nobody else may replace the file later."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        params = module.params
        self.path = os.path.join(params["home"], "bin", "elasticsearch-keystore")
        self.file = os.path.join(params["config_dir"], "elasticsearch.keystore")
        self.environment = {"ES_PATH_CONF": params["config_dir"]}
        if params["java_home"]:
            self.environment["ES_JAVA_HOME"] = params["java_home"]

    @property
    def is_there(self) -> bool:
        """Is the tool installed?"""
        return os.path.exists(self.path)

    def run(self, *arguments: str, secret: Optional[str] = None, must: bool = True) -> Optional[str]:
        """What it prints, None when it fails and need not succeed."""
        owner = self.module.params["owner"]
        change = [] if pwd.getpwuid(os.geteuid()).pw_name == owner else ["runuser", "-u", owner, "--"]
        command = [*change, self.path, *arguments]
        code, out, err = self.module.run_command(command, data=secret, environ_update=self.environment)
        if code and must:
            # what it was told is in none of its messages, and no_log takes it out if it is
            self.module.fail_json(msg=f"elasticsearch-keystore {arguments[0]}: {err.strip() or out.strip()}")
        return None if code else out

    def names(self) -> list[str]:
        """What is in it; nothing before there is one."""
        return names_in(self.run("list") or "") if self.is_there and os.path.exists(self.file) else []

    def value_of(self, name: str) -> Optional[str]:
        """The secret as it is, None when it can't be read."""
        shown = self.run("show", name, must=False)
        return None if shown is None else shown.rstrip("\n").rpartition("\n")[2]


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "home": {"type": "path", "required": True},
            "config_dir": {"type": "path", "required": True},
            "java_home": {"type": "str", "default": ""},
            "owner": {"type": "str", "default": "elasticsearch"},
            "settings": {"type": "dict", "required": True, "no_log": True},
        },
        supports_check_mode=True,
    )
    tool = Tool(module)
    wanted = {str(name): str(secret or "") for name, secret in module.params["settings"].items()}
    try:
        found = steps(wanted, tool.names(), tool.value_of)
    except Refused as error:
        module.fail_json(msg=str(error))
        return
    if found.is_change and not module.check_mode:
        if not tool.is_there:
            module.fail_json(msg=f"{tool.path} is not there: this installation has no keystore tool")
        if not os.path.exists(tool.file):
            tool.run("create")
        for name in found.remove:
            tool.run("remove", name)
        for name in [*found.add, *found.replace]:
            tool.run("add", "--stdin", "--force", name, secret=wanted[name])
    diff = {
        "before": "".join(f"{name}\n" for name in sorted([*found.remove, *found.replace])),
        "after": "".join(
            f"{name}\n" for name in sorted([*found.add, *(f"{name} (another)" for name in found.replace)])
        ),
    }
    module.exit_json(changed=found.is_change, differs=found.is_change, unknown=list(found.unknown), diff=diff)


if __name__ == "__main__":
    main()
