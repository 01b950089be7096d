#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module mod_jk_info: asks the status worker of mod_jk."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mod_jk_info
short_description: Ask the status worker of mod_jk about its workers
version_added: 0.1.0
description:
  - Runs on a balancer and asks its own Apache.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: It only asks.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
options:
  url:
    description: URL of the status worker.
    type: str
    default: http://127.0.0.1:8019/jk-status
  activations:
    description: Member to the activation that it is to have. Others are to be V(active).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: See which workers are well
  steadfast.ha.mod_jk_info:
  register: balancer
"""

RETURN = r"""
running:
  description: Whether the status worker answered.
  type: bool
  returned: always
  sample: true
workers:
  description:
    - Per member of a balancer, C(state), C(activation), C(busy), C(sessions), C(errors), C(elected) and its
      C(balancer). What a member is in the first of several balancers; RV(problems) are those in all.
  type: dict
  returned: always
  sample: {web1: {state: OK, activation: active, busy: 0, sessions: 3, errors: 0, elected: 9, balancer: lb, name: web1}}
problems:
  description: What is wrong, one sentence each.
  type: list
  elements: str
  returned: always
  sample: ["worker web1 is ERR"]
"""

import urllib.error

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.mod_jk.status import members, problems, read_query

SECONDS = 10


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "default": "http://127.0.0.1:8019/jk-status"},
            "activations": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    url = module.params["url"]
    try:
        # this machine's own Apache is nothing to ask a proxy for
        with open_url(f"{url}?{read_query()}", timeout=SECONDS, use_proxy=False) as answer:
            found = members(answer.read().decode("utf-8", "replace"))
    except (urllib.error.URLError, OSError, ValueError) as error:
        module.exit_json(changed=False, running=False, workers={}, problems=[f"{url} does not answer: {error}"])
    told = {member.name: member.as_dict() for member in reversed(found)}
    wrong = problems(found, module.params["activations"])
    module.exit_json(changed=False, running=True, workers=told, problems=wrong)


if __name__ == "__main__":
    main()
