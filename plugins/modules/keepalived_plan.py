#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module keepalived_plan: checks a wanted configuration on the node it is for and says what the change would take."""

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_plan
short_description: Check a keepalived configuration on its node and plan the change
version_added: 0.1.0
description:
  - Gives the wanted configuration to C(keepalived --config-test) on the node, without putting it in place.
  - Says whether the daemon there needs nothing, a start, a reload or a restart to run it.
  - Changes nothing.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Runs in check mode as it does without.
    support: full
  diff_mode:
    description: Files are compared but not shown.
    support: none
options:
  config_file:
    description: Where the configuration belongs.
    type: path
    default: /etc/keepalived/keepalived.conf
  content:
    description: Wanted content of it.
    type: str
    required: true
  restart_files:
    description: Path to wanted content of files that the daemon reads only at its start, such as a drop-in of its unit.
    type: dict
    default: {}
  restart_reasons:
    description: More reasons for a restart, known to the caller.
    type: list
    elements: str
    default: []
  unit:
    description: The systemd unit of the daemon.
    type: str
    default: keepalived.service
"""

EXAMPLES = r"""
- name: See whether this node could run this configuration
  steadfast.ha.keepalived_plan:
    content: "{{ lookup('ansible.builtin.file', 'keepalived.conf') }}"
  register: plan
"""

RETURN = r"""
errors:
  description: What makes the configuration unusable here, in keepalived's own words. Empty when it can be used.
  type: list
  elements: str
  returned: always
  sample: ["(Line 12) Unknown keyword 'prioritty'"]
tested:
  description: Whether there is a keepalived here that could test it.
  type: bool
  returned: always
  sample: true
action:
  description: What the daemon of this node needs, V(none), V(reload), V(restart) or V(start).
  type: str
  returned: always
  sample: reload
reasons:
  description: Why, for people.
  type: list
  elements: str
  returned: always
  sample: ["/etc/keepalived/keepalived.conf differs"]
hazards:
  description: Why nodes with the present and with the wanted configuration would not hear each other.
  type: list
  elements: str
  returned: always
  sample: []
in_step:
  description: >-
    What of the change all nodes have to load at once, since their adverts would not fit each other's configuration.
  type: list
  elements: str
  returned: always
  sample: ["web changes virtual_ipaddress"]
running:
  description: Whether the daemon runs.
  type: bool
  returned: always
  sample: true
"""

import datetime
import os
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.keepalived.planning import (
    Found,
    hazards,
    in_step,
    objections,
    plan,
)


def read(path: str) -> str:
    """Return a file's text, '' when it is not there."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def tested(module: AnsibleModule, binary: str, content: str) -> list[str]:
    """Let keepalived check the content in a file of its own; return what it objects to."""
    handle, path = tempfile.mkstemp(dir=module.tmpdir, prefix="keepalived-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(content)
    rc, out, err = module.run_command([binary, "--config-test", "--use-file", path], check_rc=False)
    os.unlink(path)
    return objections(rc, (out + err).replace(path, "keepalived.conf"))


def last_change(told: dict[str, str]) -> float:
    """Return when systemd last saw the unit start or reload, in seconds since 1970; infinity when it does not say."""
    text = told.get("StateChangeTimestamp", "").split(" ", 1)[-1]
    for form in ("%Y-%m-%d %H:%M:%S.%f UTC", "%Y-%m-%d %H:%M:%S UTC"):
        try:
            moment = datetime.datetime.strptime(text, form).replace(tzinfo=datetime.timezone.utc)
            return moment.timestamp()
        except ValueError:
            continue
    return float("inf")


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "config_file": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
            "content": {"type": "str", "required": True, "no_log": True},
            "restart_files": {"type": "dict", "default": {}},
            "restart_reasons": {"type": "list", "elements": "str", "default": []},
            "unit": {"type": "str", "default": "keepalived.service"},
        },
        supports_check_mode=True,
    )
    given = module.params
    binary = module.get_bin_path("keepalived", opt_dirs=["/usr/sbin"])
    errors = tested(module, binary, given["content"]) if binary else []

    _rc, shown, _err = module.run_command(
        [
            "systemctl",
            "show",
            given["unit"],
            "--timestamp=us+utc",
            "--property=ActiveState,MainPID,StateChangeTimestamp",
        ],
        check_rc=False,
    )
    told = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    running = told.get("ActiveState") in ("active", "reloading") and int(told.get("MainPID") or 0) > 0
    present = read(given["config_file"])
    is_stale = running and bool(present) and os.stat(given["config_file"]).st_mtime > last_change(told)
    found = Found(
        is_running=running,
        conf=present,
        differing=[given["config_file"]] if present != given["content"] else [],
        restart_for=[path for path, content in given["restart_files"].items() if read(path) != content]
        + given["restart_reasons"],
        is_stale=is_stale,
    )
    action, reasons = plan(found, given["content"])
    module.exit_json(
        changed=False,
        errors=errors,
        tested=bool(binary),
        action=action.value,
        reasons=reasons,
        hazards=hazards(present, given["content"]) if running else [],
        in_step=in_step(present, given["content"]) if running else [],
        running=running,
    )


if __name__ == "__main__":
    main()
