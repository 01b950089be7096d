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
    description: Connectors with C(name), C(address) and C(port).
    type: list
    elements: dict
    required: true
  secret:
    description: The secret.
    type: str
    required: true
  timeout:
    description: How long to wait for each, in seconds.
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
  description: Connectors that refuse it, one sentence each.
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

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.ajp import refusals


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
    problems, silent = refusals(module.params["connectors"], module.params["secret"], module.params["timeout"])
    module.exit_json(changed=False, problems=problems, silent=silent)


if __name__ == "__main__":
    main()
