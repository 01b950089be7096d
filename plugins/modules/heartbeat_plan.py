#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module heartbeat_plan: check a configuration on a node and say what it takes to run it there."""

from __future__ import annotations

DOCUMENTATION = r"""
module: heartbeat_plan
short_description: Check a heartbeat configuration on a node and plan its change
version_added: 0.1.0
description:
  - Runs the same check as C(hbctl check) on a configuration that is not yet in place, and compares it with what the
    node has and with what its daemon runs.
  - Changes nothing. Works on a node on which nothing is installed yet, because the checker comes with the module.
  - Used by the role P(steadfast.ha.heartbeat#role).
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Runs in check mode as it does without.
    support: full
  diff_mode:
    description: Tells which files differ, not how; the tasks that write them show that.
    support: none
options:
  config_dir:
    description: Folder in which the three files belong.
    type: path
    default: /etc/ha.d
  node:
    description: Name of this node in the configuration.
    type: str
    required: true
  is_live:
    description: Whether interfaces, services and addresses have to fit this machine already.
    type: bool
    default: true
  future_users:
    description: Users that will exist by the time the daemon starts.
    type: list
    elements: str
    default: []
  ha_cf:
    description: Wanted content of ha.cf.
    type: str
    required: true
  authkeys:
    description: Wanted content of authkeys.
    type: str
    required: true
  haresources:
    description: Wanted content of haresources.
    type: str
    required: true
  unit_path:
    description: Where the systemd unit belongs.
    type: path
    required: true
  unit:
    description: Wanted content of the unit.
    type: str
    required: true
  artefact_path:
    description: Where the daemon belongs.
    type: path
    required: true
  artefact_sha256:
    description: SHA-256 of the wanted daemon.
    type: str
    required: true
  revision:
    description: Revision of artefact and unit that the daemon should have been started from.
    type: str
    required: true
  runtime_dir:
    description: Folder of the daemon's control socket.
    type: path
    default: /run/heartbeat
"""

EXAMPLES = r"""
- name: See whether this node could run these files
  steadfast.ha.heartbeat_plan:
    node: node1
    ha_cf: "{{ lookup('ansible.builtin.file', 'ha.cf') }}"
    authkeys: "{{ vaulted_authkeys }}"
    haresources: "{{ lookup('ansible.builtin.file', 'haresources') }}"
    unit_path: /etc/systemd/system/heartbeat.service
    unit: "{{ lookup('ansible.builtin.file', 'heartbeat.service') }}"
    artefact_path: /usr/local/lib/steadfast/heartbeat.pyz
    artefact_sha256: "{{ artefact.sha256 }}"
    revision: "1"
  register: plan
"""

RETURN = r"""
errors:
  description: What makes the files unusable here, as C(file:line:column), one per finding. Empty when they can be used.
  type: list
  elements: str
  returned: always
  sample: ["/etc/ha.d/ha.cf:3:1: error: unknown directive 'keepalife' (did you mean 'keepalive'?)"]
warnings_found:
  description: What is doubtful, in the same form.
  type: list
  elements: str
  returned: always
  sample: []
action:
  description: What the daemon of this node needs, V(none), V(reload), V(restart) or V(start).
  type: str
  returned: always
  sample: restart
reasons:
  description: Why, for people.
  type: list
  elements: str
  returned: always
  sample: ["/etc/ha.d/ha.cf differs"]
hazards:
  description: Why nodes with the running and with the wanted configuration would not hear each other.
  type: list
  elements: str
  returned: always
  sample: []
running:
  description: Whether this daemon runs on the node.
  type: bool
  returned: always
  sample: true
held_here:
  description: Keys of the groups that this node holds.
  type: list
  elements: str
  returned: always
  sample: []
configuration_hash:
  description: What the daemon will report as its C(configuration_hash) when it runs the wanted files. Empty on errors.
  type: str
  returned: always
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
"""

import hashlib
import os
import tempfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.heartbeat.cli.check import check
from ansible_collections.steadfast.ha.plugins.module_utils.heartbeat.control.client import ask
from ansible_collections.steadfast.ha.plugins.module_utils.heartbeat.settings.fingerprint import configuration_hash
from ansible_collections.steadfast.ha.plugins.module_utils.heartbeat.settings.load import load_directory
from ansible_collections.steadfast.ha.plugins.module_utils.heartbeat.settings.this_machine import ThisMachine
from ansible_collections.steadfast.ha.plugins.module_utils.heartbeat_client import answers
from ansible_collections.steadfast.ha.plugins.module_utils.heartbeat_client.planning import (
    Action,
    Found,
    hazards,
    parse_properties,
    plan,
    revision_in,
)

#: file -> permissions it must have
MODES = {"ha.cf": 0o644, "authkeys": 0o600, "haresources": 0o644}


class SoonThisMachine(ThisMachine):
    """This machine as it will be once the role has created its users."""

    def __init__(self, config_directory: str, future_users: list[str]) -> None:
        super().__init__(config_directory)
        self._future_users = future_users

    def user_exists(self, name: str) -> bool:
        return name in self._future_users or super().user_exists(name)


def differs(path: str, content: bytes, mode: int) -> bool:
    """Whether a file is missing, or has other bytes, permissions or owner than wanted."""
    try:
        status = os.stat(path)
        with open(path, "rb") as file:
            return file.read() != content or status.st_mode & 0o7777 != mode or status.st_uid != 0
    except FileNotFoundError:
        return True


def artefact_differs(path: str, sha256: str) -> bool:
    """Whether the daemon's file is missing or another one."""
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest() != sha256
    except FileNotFoundError:
        return True


def checked(module: AnsibleModule, files: dict[str, bytes]) -> tuple[Any, list[str], list[str]]:
    """Check the wanted files in a folder of their own; return the configuration (or None), errors and warnings."""
    wanted = module.params["config_dir"]
    with tempfile.TemporaryDirectory(dir=module.tmpdir, prefix="heartbeat-") as stage:
        for name, content in files.items():
            with open(os.open(os.path.join(stage, name), os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
                file.write(content)
        # scripts are looked for where they will be
        machine = SoonThisMachine(wanted, module.params["future_users"])
        result = check(stage, module.params["node"], live=module.params["is_live"], machine=machine)
        errors = [str(item).replace(stage, wanted) for item in result.errors()]
        warnings = [str(item).replace(stage, wanted) for item in result.warnings()]
    return result.configuration, errors, warnings


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "config_dir": {"type": "path", "default": "/etc/ha.d"},
            "node": {"type": "str", "required": True},
            "is_live": {"type": "bool", "default": True},
            "future_users": {"type": "list", "elements": "str", "default": []},
            "ha_cf": {"type": "str", "required": True},
            "authkeys": {"type": "str", "required": True, "no_log": True},
            "haresources": {"type": "str", "required": True},
            "unit_path": {"type": "path", "required": True},
            "unit": {"type": "str", "required": True},
            "artefact_path": {"type": "path", "required": True},
            "artefact_sha256": {"type": "str", "required": True},
            "revision": {"type": "str", "required": True},
            "runtime_dir": {"type": "path", "default": "/run/heartbeat"},
        },
        supports_check_mode=True,
    )
    given = module.params
    files = {name: given[name.replace(".", "_")].encode() for name in MODES}
    configuration, errors, warnings = checked(module, files)

    _rc, shown, _err = module.run_command(
        ["systemctl", "show", "heartbeat.service", "--property=ActiveState,FragmentPath,MainPID"], check_rc=False
    )
    unit = parse_properties(shown)
    process = int(unit.get("MainPID") or 0)
    if unit.get("ActiveState") in ("active", "reloading") and unit.get("FragmentPath") != given["unit_path"]:
        errors.append(
            f"heartbeat.service ({unit.get('FragmentPath')}) is running and is not ours: this looks like the "
            "distribution's Linux-HA heartbeat. Stop and disable it first; its files in /etc/ha.d can stay"
        )
    status: Any = None
    if process:
        try:
            status = answers.understood(ask({"command": "status"}, given["runtime_dir"]))
        except (OSError, ValueError, answers.BadAnswer) as error:
            warnings.append(f"the running daemon did not say what it runs: {error}")

    differing = {
        os.path.join(given["config_dir"], name): Action.RELOAD
        for name, mode in MODES.items()
        if differs(os.path.join(given["config_dir"], name), files[name], mode)
    }
    if differs(given["unit_path"], given["unit"].encode(), 0o644):
        differing[given["unit_path"]] = Action.RESTART
    if artefact_differs(given["artefact_path"], given["artefact_sha256"]):
        differing[given["artefact_path"]] = Action.RESTART
    found = Found(
        # one that keeps crashing has a process now and then, and is no member of anything
        running=status is not None or (process > 0 and unit.get("ActiveState") in ("active", "reloading")),
        differing=differing,
        revision=revision_in(process),
        configuration_hash=status["configuration_hash"] if status else None,
    )
    wanted_hash = configuration_hash(configuration) if configuration is not None else None
    decided = plan(found, given["revision"], wanted_hash)

    running = load_directory(given["config_dir"], given["node"]).configuration if found.running else None
    module.exit_json(
        changed=False,
        errors=errors,
        warnings_found=warnings,
        action=decided.action.value,
        reasons=list(decided.reasons),
        hazards=list(hazards(running, configuration)) if running is not None and configuration is not None else [],
        running=found.running,
        held_here=answers.held_here(status) if status else [],
        configuration_hash=wanted_hash or "",
    )


if __name__ == "__main__":
    main()
