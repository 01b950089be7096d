#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module elasticsearch_instance: what the Elasticsearch node of this machine is, and what it needs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticsearch_instance
short_description: Look at the Elasticsearch node of this machine
version_added: 0.1.0
description:
  - Tells who the node is by its data directory, whether it runs or not, and which cluster it says it is in.
  - Tells whether it has to be started or restarted, and why it can't be as asked for - a heap above the memory, a port
    that another program uses.
author: the steadfast.ha authors (@steadfast-ha)
extends_documentation_fragment: steadfast.ha.reading
options:
  unit:
    description: The systemd unit.
    type: str
    default: elasticsearch.service
  data_dir:
    description: Its C(path.data).
    type: path
    required: true
  address:
    description: Its address.
    type: str
    required: true
  http_port:
    description: Its port for HTTP.
    type: int
    required: true
  transport_port:
    description: Its port for other nodes.
    type: int
    required: true
  heap:
    description: The heap that is wanted, such as V(4g). Empty for O(memory_percent).
    type: str
    default: ""
  memory_percent:
    description: How much of the memory the heap may have.
    type: float
    default: 50
  revision:
    description: What the node should have been started from. Another one asks for a restart.
    type: str
    default: ""
  revision_file:
    description: Where a running node's unit has written what it was started from.
    type: path
    default: /run/elasticsearch/revision
  config_file:
    description: Its configuration.
    type: path
    default: /etc/elasticsearch/elasticsearch.yml
  transport_tls:
    description:
      - Whether it is to speak TLS with other nodes. A running node that does otherwise is an error, since nodes with
        and without can't be in one cluster. Not compared unless set.
    type: bool
  older_than:
    description: Seconds since 1970. A node that was started before asks for a restart.
    type: float
    default: 0
  is_tls:
    description: Speak TLS?
    type: bool
    default: false
  ca_file:
    description: Certificates of authorities that the node is checked against.
    type: path
  user:
    description: User name, where the cluster has users.
    type: str
  password:
    description: Its password.
    type: str
"""

EXAMPLES = r"""
- name: Look at the node
  steadfast.ha.elasticsearch_instance:
    data_dir: /var/lib/elasticsearch
    address: 192.0.2.21
    http_port: 9200
    transport_port: 9300
  register: found
"""

RETURN = r"""
running:
  description: Whether the unit is active.
  type: bool
  returned: always
  sample: true
crashing:
  description: Whether the unit does not run, but is started again and again.
  type: bool
  returned: always
  sample: false
action:
  description: V(start), V(restart) or V(none).
  type: str
  returned: always
  sample: none
cluster_uuid:
  description: UUID of the cluster that the node is in; empty when it does not answer, V(_na_) when it is in none.
  type: str
  returned: always
  sample: hg5CAMF_TTakHeT7l2cavg
cluster_name:
  description: Name of that cluster.
  type: str
  returned: always
  sample: logs
refused:
  description: What the node says when it does not know the user or the password; empty otherwise.
  type: str
  returned: always
  sample: ""
has_data:
  description: Whether anything lies in the data directory.
  type: bool
  returned: always
  sample: true
identity:
  description:
    - Who the node is by its data directory - C(node_id), C(term) and C(version) of the last state that it accepted. A
      node that has never been in a cluster has version 0. Empty when it can't be read.
  type: dict
  returned: always
  sample: {node_id: L3sifBCNTGqskMuYma9cGw, term: 3, version: 117}
heap_bytes:
  description: Bytes of the heap.
  type: int
  returned: always
  sample: 4294967296
errors:
  description: Why it can't be as declared, one sentence each.
  type: list
  elements: str
  returned: always
  sample: ["port 9200 of 192.0.2.21 is used by another program"]
"""

import errno
import glob
import os
import socket
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.api import (
    Access,
    ApiError,
    Client,
    Unreachable,
)
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.disk import read_commit, state_folders
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.errors import Refused
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.heap import heap_bytes
from ansible_collections.steadfast.ha.plugins.module_utils.elasticsearch.ports import listeners, unit_of
from ansible_collections.steadfast.ha.plugins.module_utils.node.memory import available


def read(path: str) -> str | None:
    """The text of a file, None when it can't be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return None


def identity(data_dir: str) -> dict[str, Any]:
    """Who the node is, from its newest commit."""
    for folder in state_folders(data_dir):
        commits = glob.glob(os.path.join(glob.escape(folder), "segments_*"))
        for path in sorted(commits, key=lambda path: int(path.rpartition("_")[2], 36), reverse=True):
            try:
                with open(path, "rb") as stream:
                    found = read_commit(stream.read())
            except OSError:
                # a running node has just written a newer one
                continue
            if found:
                return {"node_id": found.node_id, "term": found.term, "version": found.version}
    return {}


def has_data(data_dir: str) -> bool:
    """Whether anything lies there beside what making a file system has left."""
    found = glob.glob(os.path.join(glob.escape(data_dir), "*"))
    return any(os.path.basename(path) != "lost+found" for path in found)


def speaks_tls(config_file: str) -> bool:
    """Whether the node speaks TLS with others, by the file that the role has written."""
    return "\nxpack.security.transport.ssl.enabled: true\n" in f"\n{read(config_file) or ''}"


def occupied(address: str, port: int) -> bool:
    """Whether somebody listens there."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def is_own(port: int, unit: str) -> bool:
    """Whether a process of the unit listens on the port."""
    inodes = set().union(*(listeners(read(f"/proc/net/{table}") or "", port) for table in ("tcp", "tcp6")))
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for folder in glob.glob("/proc/[0-9]*") if wanted else ():
        if unit_of(read(f"{folder}/cgroup") or "") != unit:
            continue
        for link in glob.glob(f"{folder}/fd/*"):
            try:
                if os.readlink(link) in wanted:
                    return True
            except OSError:
                # it was closed meanwhile
                continue
    return False


def state_of(module: AnsibleModule, unit: str) -> tuple[bool, bool, float]:
    """Whether the unit runs, whether it only ever tries to, and since when, in seconds since 1970."""
    show = ["systemctl", "show", "--timestamp=unix", "--property=ActiveState,SubState,ExecMainStartTimestamp", unit]
    _rc, out, _err = module.run_command(show)
    told = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    since = told.get("ExecMainStartTimestamp", "").lstrip("@")
    crashing = told.get("SubState") == "auto-restart"
    running = told.get("ActiveState") in ("active", "activating", "reloading") and not crashing
    return running, crashing, float(since) if since.isdigit() else 0.0


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "unit": {"type": "str", "default": "elasticsearch.service"},
            "data_dir": {"type": "path", "required": True},
            "address": {"type": "str", "required": True},
            "http_port": {"type": "int", "required": True},
            "transport_port": {"type": "int", "required": True},
            "heap": {"type": "str", "default": ""},
            "memory_percent": {"type": "float", "default": 50},
            "revision": {"type": "str", "default": ""},
            "revision_file": {"type": "path", "default": "/run/elasticsearch/revision"},
            "config_file": {"type": "path", "default": "/etc/elasticsearch/elasticsearch.yml"},
            "transport_tls": {"type": "bool"},
            "older_than": {"type": "float", "default": 0},
            "is_tls": {"type": "bool", "default": False},
            "ca_file": {"type": "path"},
            "user": {"type": "str"},
            "password": {"type": "str", "no_log": True},
        },
        supports_check_mode=True,
    )
    params = module.params
    running, crashing, started = state_of(module, params["unit"])
    result: dict[str, Any] = {"running": running, "crashing": crashing}
    result.update(cluster_uuid="", cluster_name="", refused="", heap_bytes=0)
    errors = []
    memory = available(read)
    try:
        result["heap_bytes"] = heap_bytes(params["heap"], params["memory_percent"], memory.bytes, memory.source)
    except Refused as error:
        errors.append(str(error))
    if running:
        access = Access(
            params["is_tls"], params["ca_file"] or "", True, params["user"] or "", params["password"] or "", timeout=5
        )
        try:
            answer = Client(params["address"], params["http_port"], access).call("GET", "/")
            result["cluster_uuid"] = str(answer.get("cluster_uuid") or "")
            result["cluster_name"] = str(answer.get("cluster_name") or "")
        except ApiError as error:
            result["refused"] = str(error) if error.status in (401, 403) else ""
        except (Unreachable, AttributeError):
            # it may be on its way up; its data directory tells who it is
            pass
        known = (read(params["revision_file"]) or "").strip()
        is_old = started < params["older_than"] or (params["revision"] and known != params["revision"])
        result["action"] = "restart" if is_old else "none"
        if params["transport_tls"] not in (None, speaks_tls(params["config_file"])):
            errors.append(
                f"it runs {'without' if params['transport_tls'] else 'with'} TLS between nodes, and nodes with and "
                "without can't be in one cluster. Stop all, or restart all at once by elasticsearch_allow_unsafe_change"
            )
    else:
        result["action"] = "start"
    errors += [
        f"port {port} of {params['address']} is used by another program (ss -ltnp)"
        for port in (params["http_port"], params["transport_port"])
        if occupied(params["address"], port) and not is_own(port, params["unit"])
    ]
    result["identity"] = identity(params["data_dir"])
    result["has_data"] = has_data(params["data_dir"])
    module.exit_json(changed=False, errors=errors, **result)


if __name__ == "__main__":
    main()
