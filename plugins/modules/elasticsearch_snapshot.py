#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module elasticsearch_snapshot: takes a snapshot, or proves that one can be restored."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticsearch_snapshot
short_description: Take a snapshot of a cluster, or prove that one can be restored
version_added: 0.1.0
description:
  - V(taken) takes a snapshot and waits until it is whole.
  - V(proven) restores one beside the living indices, under other names and without copies, counts its documents, and
    removes them again. It needs as much disk as the indices without their copies take.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Tells what it would do.
    support: full
extends_documentation_fragment: steadfast.ha.elasticsearch
options:
  repository:
    description: Name of the snapshot repository.
    type: str
    required: true
  state:
    description: What is to be.
    type: str
    choices: [taken, proven]
    required: true
  name:
    description:
      - Name of the snapshot, in small letters. When it is empty, V(taken) names it after the time, V(proven) takes the
        newest whole one.
    type: str
    default: ""
  indices:
    description: Patterns of the indices that it is about. By default all but those of the system.
    type: list
    elements: str
    default: ["*", "-.*"]
  wait:
    description: Seconds that it may take.
    type: float
    default: 3600
"""

EXAMPLES = r"""
- name: See whether last night's snapshot can be restored
  steadfast.ha.elasticsearch_snapshot:
    nodes: "{{ nodes }}"
    repository: backup
    state: proven
"""

RETURN = r"""
snapshot:
  description: Its name.
  type: str
  returned: always
  sample: steadfast-20261125t230000z
age_seconds:
  description: How old it is.
  type: int
  returned: with O(state=proven)
  sample: 40312
seconds:
  description: How long it took.
  type: float
  returned: always
  sample: 12.4
documents:
  description: Index to how many documents came back, and how many the living index has; null where there is none.
  type: dict
  returned: with O(state=proven)
  sample: {logs-1: {restored: 4711, living: 4800}}
"""

import time
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.api import ApiError, Client, Unreachable
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.arguments import (
    access_of,
    connection_arguments,
)
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.gather import first_master, gather
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.snapshots import (
    choose,
    failures,
    restore_request,
    shortfalls,
    snapshot_request,
)

#: of the names under which a drill restores; nothing else has names that begin so
PREFIX = "steadfast-restore-drill-"


def count(at: Client, index: str) -> Optional[int]:
    """Documents of an index, None when there is no such index. Raises Unreachable, ApiError."""
    try:
        at.call("POST", f"/{index}/_refresh", patience=60)
        return int(at.call("GET", f"/{index}/_count", patience=60)["count"])
    except ApiError as error:
        if error.status == 404:
            return None
        raise


def sweep(at: Client) -> None:
    """Remove what a restore drill has restored, this one or one that was interrupted. Raises Unreachable, ApiError."""
    try:
        streams = at.call("GET", f"/_data_stream/{PREFIX}*", query={"expand_wildcards": "all"}) or {}
    except ApiError:
        # a server that knows no data streams
        streams = {}
    for stream in streams.get("data_streams") or []:
        at.call("DELETE", f"/_data_stream/{stream['name']}", patience=60)
    rows = at.call("GET", "/_cat/indices", query={"format": "json", "h": "index", "expand_wildcards": "all"}) or []
    for index in sorted(str(row["index"]) for row in rows if str(row["index"]).startswith(PREFIX)):
        at.call("DELETE", f"/{index}", patience=60)


def take(module: AnsibleModule, at: Client) -> dict[str, Any]:
    """Take it, or end the module with what failed."""
    params = module.params
    name = params["name"] or time.strftime("steadfast-%Y%m%dt%H%M%Sz", time.gmtime()).lower()
    if module.check_mode:
        return {"changed": True, "snapshot": name, "seconds": 0.0}
    began = time.monotonic()
    path = f"/_snapshot/{params['repository']}/{name}"
    wait = {"wait_for_completion": "true"}
    answer = at.call("PUT", path, snapshot_request(params["indices"]), wait, patience=params["wait"])
    found = failures(answer)
    if found:
        module.fail_json(msg=f"snapshot {name} is not whole: {'; '.join(found)}", snapshot=name)
    return {"changed": True, "snapshot": name, "seconds": round(time.monotonic() - began, 1)}


def prove(module: AnsibleModule, at: Client) -> dict[str, Any]:
    """Restore it beside what lives, count, remove; ends the module with what is missing."""
    params = module.params
    repository = params["repository"]
    rows = at.call("GET", f"/_snapshot/{repository}/_all", patience=60)["snapshots"]
    chosen = choose(rows, params["name"])
    if chosen is None:
        wanted = params["name"] or "any"
        there = ", ".join(f"{row['snapshot']} ({row['state']})" for row in rows) or "none"
        module.fail_json(msg=f"no whole snapshot in {repository}; wanted: {wanted}, there are: {there}")
    name = str(chosen["snapshot"])
    found: dict[str, Any] = {
        "snapshot": name,
        "age_seconds": int(time.time() - int(chosen.get("start_time_in_millis") or 0) / 1000),
    }
    if module.check_mode:
        return {"changed": False, "seconds": 0.0, "documents": {}, **found}
    sweep(at)
    began = time.monotonic()
    path = f"/_snapshot/{repository}/{name}/_restore"
    wait = {"wait_for_completion": "true"}
    try:
        answer = at.call("POST", path, restore_request(params["indices"], PREFIX), wait, patience=params["wait"])
        names = [str(index).removeprefix(PREFIX) for index in (answer.get("snapshot") or {}).get("indices") or []]
        documents = {index: {"restored": count(at, PREFIX + index), "living": count(at, index)} for index in names}
        problems = failures(answer) + shortfalls(documents)
    finally:
        sweep(at)
    found.update(documents=documents, seconds=round(time.monotonic() - began, 1))
    if not names:
        problems.append("there is no index in it")
    if problems:
        module.fail_json(msg=f"snapshot {name} can't be restored: {'; '.join(problems)}", **found)
    return {"changed": False, **found}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            **connection_arguments(),
            "repository": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["taken", "proven"], "required": True},
            "name": {"type": "str", "default": ""},
            "indices": {"type": "list", "elements": "str", "default": ["*", "-.*"]},
            "wait": {"type": "float", "default": 3600},
        },
        supports_check_mode=True,
    )
    access = access_of(module.params)
    nodes = module.params["nodes"]
    try:
        at = first_master(nodes, gather(nodes, access), access)
        result = take(module, at) if module.params["state"] == "taken" else prove(module, at)
    except (Unreachable, ApiError) as error:
        module.fail_json(msg=str(error))
        return
    module.exit_json(**result)


if __name__ == "__main__":
    main()
