#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module elasticsearch_object: what a cluster keeps under a name - templates, repositories, policies, roles."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticsearch_object
short_description: Templates, snapshot repositories, snapshot policies and roles of a cluster
version_added: 0.1.0
description:
  - Brings one thing that a cluster keeps under a name to what is declared. What the cluster words otherwise - settings
    as strings, with their prefix, nested or dotted - is no difference.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Tells what it would do. Where no node answers, it is taken for a cluster that has none of it yet.
    support: full
  diff_mode:
    description: Shows each key that differs.
    support: full
extends_documentation_fragment: steadfast.ha.elasticsearch
options:
  kind:
    description: What it is.
    type: str
    choices: [component_template, index_template, snapshot_repository, snapshot_policy, security_role]
    required: true
  name:
    description: Its name.
    type: str
    required: true
  body:
    description: What it says, as the cluster's own API takes it. Empty to take it away.
    type: dict
    default: {}
  is_verified:
    description: V(snapshot_repository) only. Have all nodes show that they can write there?
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Give new indices of logs three shards with one copy each
  steadfast.ha.elasticsearch_object:
    nodes: "{{ nodes }}"
    kind: index_template
    name: logs
    body:
      index_patterns: ["logs-*"]
      template: {settings: {number_of_shards: 3, number_of_replicas: 1}}
"""

RETURN = r"""
differing:
  description: Each key that differed, with what was there and what is wanted.
  type: dict
  returned: always
  sample: {priority: ["200", "300"]}
"""

from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.api import ApiError, Client, Unreachable
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.arguments import (
    access_of,
    connection_arguments,
)
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.gather import first_master, gather
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.objects import (
    KINDS,
    differing,
    found_in,
    normal,
    path_of,
)

PATIENCE = 60


def present_in(at: Client, kind: str, name: str) -> Optional[Any]:
    """The thing as it is, None when it is not there. Raises Unreachable, ApiError."""
    try:
        return found_in(kind, name, at.call("GET", path_of(kind, name)) or {})
    except ApiError as error:
        if error.status == 404:
            return None
        raise


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **connection_arguments(),
            "kind": {"type": "str", "choices": sorted(KINDS), "required": True},
            "name": {"type": "str", "required": True},
            "body": {"type": "dict", "default": {}},
            "is_verified": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    params = module.params
    kind, name, body = params["kind"], params["name"], params["body"]
    access = access_of(params)
    try:
        at = first_master(params["nodes"], gather(params["nodes"], access), access)
        present = present_in(at, kind, name)
        found = differing(normal(kind, body), present)
        is_changed = present is not None if not body else present is None or bool(found)
        if is_changed and not module.check_mode:
            query = {"verify": str(params["is_verified"]).lower()} if kind == "snapshot_repository" and body else {}
            at.call("PUT" if body else "DELETE", path_of(kind, name), body or None, query, patience=PATIENCE)
    except Unreachable as error:
        if not module.check_mode:
            module.fail_json(msg=str(error))
        found, is_changed = differing(normal(kind, body), None), bool(body)
    except ApiError as error:
        module.fail_json(msg=f"{kind} {name}: {error}")
        return
    diff = {
        "before": {key: words[0] for key, words in found.items()},
        "after": {key: words[1] for key, words in found.items()},
    }
    module.exit_json(changed=is_changed, differing={key: list(words) for key, words in found.items()}, diff=diff)


if __name__ == "__main__":
    main()
