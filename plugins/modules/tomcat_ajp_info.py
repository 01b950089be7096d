#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module tomcat_ajp_info: asks AJP connectors whether they take a secret."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tomcat_ajp_info
short_description: Ask AJP connectors whether they take a secret
version_added: 0.1.0
description:
  - Runs on a balancer, before it sends requests to Tomcat with that secret. A connector answers a wrong one with 403.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: It only asks.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
options:
  connectors:
    description:
      - Connectors with C(name), C(address) and C(port), or with C(name) and C(base), the C(CATALINA_BASE) of an
        instance of this machine, whose C(server.xml) tells these and the secret.
      - With C(pages), these are asked for. A page that is missing is an answer, one with a status of 500 or more a
        problem.
    type: list
    elements: dict
    required: true
  secret:
    description: The secret.
    type: str
    required: true
  timeout:
    description: How long to wait for each page, in seconds.
    type: float
    default: 3
"""

EXAMPLES = r"""
- name: See whether both workers take the secret
  steadfast.ha.tomcat_ajp_info:
    connectors:
      - {name: app1, address: 192.0.2.21, port: 8009}
      - {name: app2, address: 192.0.2.22, port: 8009}
    secret: "{{ mod_jk_secret }}"
"""

RETURN = r"""
problems:
  description: Connectors that refuse it, and pages that fail, one sentence each.
  type: list
  elements: str
  returned: always
  sample: ["worker app1 (192.0.2.21:8009) refuses this secret"]
silent:
  description: Names of those that did not answer at all; nobody knows what they would take.
  type: list
  elements: str
  returned: always
  sample: [app3]
"""

import os
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.ajp import refusals
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.files import read
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.server import ajp_place
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.words import Refused


def placed(entry: dict[str, Any]) -> dict[str, Any]:
    """A connector with where it is now, which is not where it is planned before its instance had its turn."""
    if not entry.get("base"):
        return entry
    return {**entry, **ajp_place(read(os.path.join(entry["base"], "conf", "server.xml")) or "")}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "connectors": {"type": "list", "elements": "dict", "required": True},
            "secret": {"type": "str", "required": True, "no_log": True},
            "timeout": {"type": "float", "default": 3.0},
        },
        supports_check_mode=True,
    )
    try:
        connectors = [placed(entry) for entry in module.params["connectors"]]
    except Refused as error:
        module.fail_json(msg=str(error))
    problems, silent = refusals(connectors, module.params["secret"], module.params["timeout"])
    module.exit_json(changed=False, problems=problems, silent=silent)


if __name__ == "__main__":
    main()
