#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module elasticsearch_user: users of a secured cluster, and their passwords."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticsearch_user
short_description: A user of an Elasticsearch cluster
version_added: 0.1.0
description:
  - Brings a user of the cluster's own realm to what is declared. Whether the password is right is found out by using
    it, so a second run changes nothing.
  - Of users that come with the cluster, such as V(kibana_system), only the password is set.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Tells what it would do. Where no node answers, it is taken for a cluster that has no such user yet.
    support: full
  diff_mode:
    description: Shows what differs, and never a password.
    support: full
extends_documentation_fragment: steadfast.ha.elasticsearch
options:
  name:
    description: Its name.
    type: str
    required: true
  secret:
    description: Its password. Not needed by a user that is taken away.
    type: str
  body:
    description: C(roles), C(full_name), C(email), C(metadata) and C(enabled), as the cluster's own API takes them.
    type: dict
    default: {}
  state:
    description: Whether there is to be such a user.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Let the shipper of logs in
  steadfast.ha.elasticsearch_user:
    nodes: "{{ nodes }}"
    is_tls: true
    user: elastic
    password: "{{ vaulted_elastic }}"
    name: shipper
    secret: "{{ vaulted_shipper }}"
    body: {roles: [log_writer]}
"""

RETURN = r"""
differing:
  description: Names of what differed, with C(password) among them when that was wrong.
  type: list
  elements: str
  returned: always
  sample: [password]
"""

from dataclasses import replace
from typing import Any, Optional
from urllib.parse import quote

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.api import ApiError, Client, Unreachable
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.arguments import (
    access_of,
    connection_arguments,
)
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.gather import first_master, gather
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.security import (
    UserSteps,
    user_form,
    user_steps,
)

DENIED = 401


def path_of(name: str) -> str:
    """Where the user is."""
    return f"/_security/user/{quote(name, safe='')}"


def present_in(at: Client, name: str) -> Optional[dict[str, Any]]:
    """The user as it is, None when there is none. Raises Unreachable, ApiError."""
    try:
        return dict((at.call("GET", path_of(name)) or {}).get(name) or {})
    except ApiError as error:
        if error.status == 404:
            return None
        raise


def fits(at: Client, name: str, secret: str) -> bool:
    """Whether the password is right, by using it. Raises Unreachable, ApiError."""
    own = Client(at.host, at.port, replace(at.access, user=name, password=secret))
    try:
        own.call("GET", "/_security/_authenticate")
    except ApiError as error:
        if error.status == DENIED:
            return False
        raise
    return True


def carry_out(at: Client, params: dict[str, Any], steps: UserSteps) -> None:
    """Do it. Raises Unreachable, ApiError."""
    path = path_of(params["name"])
    if steps.remove:
        at.call("DELETE", path)
        return
    if steps.write:
        secret = {"password": params["secret"]} if steps.give_password else {}
        at.call("PUT", path, {**user_form(params["body"]), **secret})
    elif steps.give_password:
        at.call("PUT", f"{path}/_password", {"password": params["secret"]})


def told(params: dict[str, Any], steps: UserSteps, present: Optional[dict[str, Any]]) -> dict[str, Any]:
    """The answer, without a password."""
    before = user_form(present) if present is not None else {}
    after = {} if steps.remove else user_form(params["body"]) if steps.write else before
    names = sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
    return {
        "changed": steps.is_change,
        "differing": [*names, *(["password"] if steps.give_password else [])],
        "diff": {"before": before, "after": {**after, **({"password": "another"} if steps.give_password else {})}},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **connection_arguments(),
            "name": {"type": "str", "required": True},
            "secret": {"type": "str", "no_log": True},
            "body": {"type": "dict", "default": {}},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ["secret"])],
        supports_check_mode=True,
    )
    params = module.params
    access = access_of(params)
    is_wanted = params["state"] == "present"
    present: Optional[dict[str, Any]] = None
    try:
        at = first_master(params["nodes"], gather(params["nodes"], access), access)
        present = present_in(at, params["name"])
        # A user that may not get in can't show that the password is right.
        is_open = is_wanted and present is not None and present.get("enabled", True)
        password_fits = fits(at, params["name"], params["secret"]) if is_open else None
        steps = user_steps(params["name"], is_wanted, params["body"], present, password_fits)
        if steps.is_change and not module.check_mode:
            carry_out(at, params, steps)
    except Unreachable as error:
        if not module.check_mode:
            module.fail_json(msg=str(error))
        steps = user_steps(params["name"], is_wanted, params["body"], None, None)
    except ApiError as error:
        module.fail_json(msg=f"user {params['name']}: {error}")
        return
    module.exit_json(**told(params, steps, present))


if __name__ == "__main__":
    main()
