#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module tomcat_info: asks a Tomcat instance by AJP whether it is well."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tomcat_info
short_description: Ask a Tomcat instance whether it is well
version_added: 0.1.0
description:
  - Looks at the unit, says CPing to the AJP connector, and asks for pages as a balancer would, with the secret.
  - Asks once without the secret as well. An instance that answers such a request would answer anybody.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: It only asks.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
options:
  name:
    description: Name of the instance.
    type: str
    required: true
  address:
    description: Address of its AJP connector.
    type: str
    required: true
  port:
    description: Port of its AJP connector.
    type: int
    required: true
  secret:
    description: Secret of the AJP connector.
    type: str
    required: true
  pages:
    description: Paths that have to answer with a status below 400.
    type: list
    elements: str
    default: []
  timeout:
    description: Seconds for which it is asked again until it is well.
    type: int
    default: 0
"""

EXAMPLES = r"""
- name: Ask an instance
  steadfast.ha.tomcat_info:
    name: main
    address: 192.0.2.21
    port: 8009
    secret: "{{ tomcat_ajp_secret }}"
    pages: [/shop/]
"""

RETURN = r"""
running:
  description: Whether the unit is active.
  type: bool
  returned: always
  sample: true
problems:
  description: What is wrong, one sentence each.
  type: list
  elements: str
  returned: always
  sample: ["/shop/ answers with 404"]
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.ajp import AjpError, cping, status_of

PAUSE = 1


def problems(given: dict[str, Any]) -> list[str]:
    """What is wrong with the connector and the pages."""
    address, port = given["address"], given["port"]
    try:
        cping(address, port)
    except AjpError as error:
        return [f"AJP at {address}:{port} does not answer: {error}"]
    found = []
    try:
        status = status_of(address, port, "/", None)
        if status != 403:
            found.append(f"a request without the secret was answered with {status}")
    except AjpError:
        # refusing it by closing the connection is as good
        pass
    for page in given["pages"]:
        try:
            status = status_of(address, port, page, given["secret"])
        except AjpError as error:
            found.append(f"{page}: {error}")
            continue
        if status == 403:
            found.append(f"{page} is refused with 403: is it the instance's secret?")
        elif status >= 400:
            found.append(f"{page} answers with {status}")
    return found


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "port": {"type": "int", "required": True},
            "secret": {"type": "str", "required": True, "no_log": True},
            "pages": {"type": "list", "elements": "str", "default": []},
            "timeout": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    unit = f"steadfast-tomcat@{module.params['name']}.service"
    deadline = time.monotonic() + module.params["timeout"]
    while True:
        rc, _out, _err = module.run_command(["systemctl", "is-active", "--quiet", unit])
        found = problems(module.params) if rc == 0 else [f"{unit} is not active"]
        if not found or time.monotonic() >= deadline:
            break
        time.sleep(PAUSE)
    module.exit_json(changed=False, running=rc == 0, problems=found)


if __name__ == "__main__":
    main()
