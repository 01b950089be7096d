#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module tomcat_session_info: carries a session from one Tomcat to the next."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tomcat_session_info
short_description: Carry a session from one Tomcat to the next, as after a failure
version_added: 0.1.0
description:
  - Runs on a balancer and asks for a page at one AJP connector after the other, past C(mod_jk), which would send a
    session to its own worker. The session has to stay the same.
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
    description: Connectors with C(name), C(address) and C(port), in the order of the visits.
    type: list
    elements: dict
    required: true
  secret:
    description: The secret of them.
    type: str
    required: true
  path:
    description: A page that starts a session.
    type: str
    required: true
  read_path:
    description: A page that tells what is in the session. The next Tomcat has to tell the same as the one before.
    type: str
    default: ''
  host:
    description: Name of the virtual host.
    type: str
    default: localhost
  cookie:
    description: Name of the session cookie.
    type: str
    default: JSESSIONID
"""

EXAMPLES = r"""
- name: See whether app2 goes on with a session of app1
  steadfast.ha.tomcat_session_info:
    connectors:
      - {name: app1, address: 192.0.2.21, port: 8009}
      - {name: app2, address: 192.0.2.22, port: 8009}
    secret: "{{ mod_jk_secret }}"
    path: /demo/count?n=17
    read_path: /demo/numbers
"""

RETURN = r"""
sessions:
  description: The session after each visit, with its route.
  type: list
  elements: str
  returned: always
  sample: [C8EB1A.app1, C8EB1A.app2]
problems:
  description: What is wrong, one sentence each. Empty when the session went all the way.
  type: list
  elements: str
  returned: always
  sample: ["the session was lost on its way from app1 to app2"]
"""

from typing import Callable

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.ajp import Answer, get
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.hops import carried


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "connectors": {"type": "list", "elements": "dict", "required": True},
            "secret": {"type": "str", "required": True, "no_log": True},
            "path": {"type": "str", "required": True},
            "read_path": {"type": "str", "default": ""},
            "host": {"type": "str", "default": "localhost"},
            "cookie": {"type": "str", "default": "JSESSIONID"},
        },
        supports_check_mode=True,
    )
    given = module.params
    places = {str(entry["name"]): (str(entry["address"]), int(entry["port"])) for entry in given["connectors"]}

    def page(path: str, has_body: bool) -> Callable[[str, str], Answer]:
        def ask(name: str, session: str) -> Answer:
            cookie = f"{given['cookie']}={session}" if session else ""
            return get(*places[name], path, given["secret"], host=given["host"], cookie=cookie, has_body=has_body)

        return ask

    read = page(given["read_path"], True) if given["read_path"] else None
    sessions, problems = carried(list(places), page(given["path"], False), given["cookie"], read)
    module.exit_json(changed=False, sessions=sessions, problems=problems)


if __name__ == "__main__":
    main()
