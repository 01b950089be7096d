#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module mod_jk_session: asks for a page several times in one session and looks at who answered."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mod_jk_session
short_description: Ask for a page several times in one session, as a browser does
version_added: 0.1.0
description:
  - Keeps the session cookie, and fails when a page is not there, when the session changes, or when it moves between
    workers although it is to be sticky.
  - Who has a session is in its cookie, behind the dot.
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
    description: The page.
    type: str
    required: true
  host:
    description: What to say in the C(Host) header, for a virtual host.
    type: str
    default: ''
  cookie:
    description: Name of the session cookie.
    type: str
    default: JSESSIONID
  requests:
    description: How often to ask.
    type: int
    default: 4
  begin:
    description: Worker that the session is to begin with; it has to be the one that answers.
    type: str
    default: ''
  sticky:
    description: Fail when the session moves?
    type: bool
    default: true
  required:
    description: Fail when the page starts no session? Otherwise it only has to answer, and redirects are not followed.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: See that sessions stay with their worker
  steadfast.ha.mod_jk_session:
    url: http://127.0.0.1/shop/
"""

RETURN = r"""
sessions:
  description: The session after each request, without the route.
  type: list
  elements: str
  returned: always
  sample: [C8EB1A, C8EB1A]
routes:
  description: The worker that had it after each request.
  type: list
  elements: str
  returned: always
  sample: [web1, web1]
"""

import http.cookiejar
import urllib.error
import urllib.request
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.mod_jk.sessions import complaints, split

SECONDS = 30


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows nobody: where a page leads need not be on this balancer."""

    def redirect_request(self, *_given: Any) -> None:
        """Say no."""


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "url": {"type": "str", "required": True},
            "host": {"type": "str", "default": ""},
            "cookie": {"type": "str", "default": "JSESSIONID"},
            "requests": {"type": "int", "default": 4},
            "begin": {"type": "str", "default": ""},
            "sticky": {"type": "bool", "default": True},
            "required": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    given = module.params
    jar = http.cookiejar.CookieJar()
    # this machine's own Apache is nothing to ask a proxy for
    own = [urllib.request.ProxyHandler({}), *([] if given["required"] else [Stay()])]
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar), *own)
    headers = {"Host": given["host"]} if given["host"] else {}
    if given["begin"]:
        headers["Cookie"] = f"{given['cookie']}=begin.{given['begin']}"
    seen = []
    for number in range(given["requests"]):
        try:
            with opener.open(urllib.request.Request(given["url"], headers=headers), timeout=SECONDS) as answer:
                answer.read()
        except (urllib.error.URLError, OSError) as error:
            if not isinstance(error, urllib.error.HTTPError) or error.code >= 400:
                module.fail_json(msg=f"{given['url']}, request {number + 1}: {error}", sessions=[], routes=[])
        found = [cookie.value or "" for cookie in jar if cookie.name == given["cookie"]]
        # from now on the session is in the jar
        if found:
            headers.pop("Cookie", None)
        seen.append(split(found[0]) if found else ("", ""))
    told = {"sessions": [session for session, _route in seen], "routes": [route for _session, route in seen]}
    if not given["required"] and not any(session for session, _route in seen):
        module.exit_json(changed=False, **told)
    wrong = complaints(seen, given["sticky"], given["begin"])
    if wrong:
        module.fail_json(msg=f"{given['url']}: {'; '.join(wrong)}", **told)
    module.exit_json(changed=False, **told)


if __name__ == "__main__":
    main()
