#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module pacemaker_corosync: checks a wanted corosync.conf and key on a node, plans their change, writes them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pacemaker_corosync
short_description: Check corosync.conf and its key on a node, plan their change, write them
version_added: 0.1.0
description:
  - Gives the wanted configuration to C(corosync -t), in a folder of its own, and compares it with what the running
    corosync says it runs with.
  - Says whether corosync there needs nothing, a reload, a restart together with all other members, or a start; and
    whether pacemaker has to be restarted, because its environment or its program on disk is another by now.
  - Starts, stops and reloads nothing.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: In check mode nothing is written.
    support: full
  diff_mode:
    description: Shows what changes in C(corosync.conf); the key is never shown.
    support: full
options:
  state:
    description: V(planned) changes nothing, V(written) puts both files in place.
    type: str
    choices: [planned, written]
    default: planned
  content:
    description: Wanted content of C(corosync.conf).
    type: str
    required: true
  authkey:
    description: Wanted key of the cluster in base64, 128 to 4096 bytes. Empty leaves the file alone.
    type: str
    default: ""
  config_dir:
    description: Folder of both files.
    type: path
    default: /etc/corosync
  environment:
    description: Variables that the running C(pacemakerd) should have.
    type: dict
    default: {}
  environment_file:
    description:
      - File in which the role keeps these variables. One that is there, in the block of the role, and is not wanted any
        more is a reason to restart.
    type: path
"""

EXAMPLES = r"""
- name: See what a new configuration would take
  steadfast.ha.pacemaker_corosync:
    content: "{{ lookup('ansible.builtin.file', 'corosync.conf') }}"
  register: plan
"""

RETURN = r"""
errors:
  description: What makes the configuration unusable here, in corosync's own words. Empty when it can be used.
  type: list
  elements: str
  returned: always
  sample: ["Invalid cipher type. Should be none, aes256, aes192 or aes128"]
tested:
  description: Whether there is a corosync here that could test it.
  type: bool
  returned: always
  sample: true
action:
  description: What corosync of this node needs, V(none), V(write), V(reload), V(together) or V(start).
  type: str
  returned: always
  sample: reload
reasons:
  description: Why, for people.
  type: list
  elements: str
  returned: always
  sample: ["totem.token is 3000, to be 5000"]
restart_reasons:
  description: Why pacemaker has to be restarted on this node, apart from the above. Empty when it does not have to.
  type: list
  elements: str
  returned: always
  sample: ["PCMK_debug is not set, to be yes"]
restarts_device:
  description: Whether the client of the quorum device has to be restarted on this node, as a reload does not reach it.
  type: bool
  returned: always
  sample: false
running:
  description: Whether corosync runs.
  type: bool
  returned: always
  sample: true
pacemaker_running:
  description: Whether pacemaker runs.
  type: bool
  returned: always
  sample: true
"""

import base64
import binascii
import datetime
import os
import re
import shutil
import tempfile
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.corosync_change import (
    Found,
    of_ours,
    plan,
    restart_reasons,
    restarts_device,
    running_keys,
)
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.corosync_syntax import Unusable
from ansible_collections.steadfast.ha.plugins.module_utils.pacemaker.qdevice_state import is_outdated


def read(path: str) -> Optional[bytes]:
    """Return a file's content, None when it is not there."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
        return None


def shown(module: AnsibleModule, unit: str) -> dict[str, str]:
    """Return what systemd tells of a unit."""
    _rc, out, _err = module.run_command(
        ["systemctl", "show", unit, "--timestamp=us+utc", "--property=ActiveState,MainPID,ActiveEnterTimestamp"],
        check_rc=False,
    )
    return dict(line.split("=", 1) for line in out.splitlines() if "=" in line)


def runs(told: dict[str, str]) -> bool:
    """Return whether a unit runs, by what systemd tells of it."""
    return told.get("ActiveState") in ("active", "reloading")


def started(told: dict[str, str]) -> float:
    """Return since when a unit is active, in seconds since 1970; infinity when systemd does not say."""
    text = told.get("ActiveEnterTimestamp", "").split(" ", 1)[-1]
    for form in ("%Y-%m-%d %H:%M:%S.%f UTC", "%Y-%m-%d %H:%M:%S UTC"):
        try:
            return datetime.datetime.strptime(text, form).replace(tzinfo=datetime.timezone.utc).timestamp()
        except ValueError:
            continue
    return float("inf")


def tested(module: AnsibleModule, binary: str, content: str, key: bytes) -> list[str]:
    """Let corosync check configuration and key in a folder of their own; return what it objects to."""
    folder = tempfile.mkdtemp(dir=module.tmpdir, prefix="corosync-")
    try:
        for name, data in (("authkey", key), ("corosync.conf", with_key(content, f"{folder}/authkey").encode())):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(data)
        rc, out, err = module.run_command([binary, "-t", "-c", f"{folder}/corosync.conf"], check_rc=False)
    finally:
        shutil.rmtree(folder)
    if rc == 0:
        return []
    said = re.sub(re.escape(folder) + r"/corosync\.conf:\d+: ", "", out + err)
    lines = [re.sub(r"^parser error: ", "", line.strip()) for line in said.splitlines()]
    return [line for line in lines if line and "exiting normally" not in line] or [f"corosync -t ended with {rc}"]


def with_key(content: str, path: str) -> str:
    """Return a configuration that reads its key elsewhere."""
    return content.replace("totem {\n", f"totem {{\n    keyfile: {path}\n", 1)


def looked(module: AnsibleModule, key: bytes) -> Found:
    """Return what is on this node."""
    folder, corosync = module.params["config_dir"], shown(module, "corosync.service")
    running = None
    if runs(corosync):
        _rc, out, _err = module.run_command(["corosync-cmapctl"], check_rc=True)
        running = running_keys(out)
    present = read(f"{folder}/authkey")
    # a key that was written and not taken up: the run that wrote it was interrupted
    is_stale = running is not None and present is not None and os.stat(f"{folder}/authkey").st_mtime > started(corosync)
    return Found(
        conf=(read(f"{folder}/corosync.conf") or b"").decode(errors="replace"),
        running=running,
        is_key_right=not key or (present == key and not is_stale),
    )


def why_restart(module: AnsibleModule, pacemaker: dict[str, str]) -> list[str]:
    """Return why pacemaker would have to be restarted, by what systemd tells of it."""
    pid = pacemaker.get("MainPID", "0")
    if pid in ("", "0"):
        return []
    environment = (read(f"/proc/{pid}/environ") or b"").decode(errors="replace")
    program = os.readlink(f"/proc/{pid}/exe")
    written = (read(module.params["environment_file"] or "") or b"").decode(errors="replace")
    return restart_reasons(environment.split("\0"), program, module.params["environment"], of_ours(written))


def has_outdated_device(module: AnsibleModule, wanted: str) -> bool:
    """Return whether the client of a quorum device runs here with other settings than wanted."""
    binary = module.get_bin_path("corosync-qdevice-tool", opt_dirs=["/usr/sbin"])
    if not binary:
        return False
    _rc, out, _err = module.run_command([binary, "-s", "-v"], check_rc=False)
    return is_outdated(out, wanted)


def write(module: AnsibleModule, path: str, data: bytes, mode: int) -> bool:
    """Put a file in place unless it is there already; return whether it was not."""
    if read(path) == data:
        return False
    if not module.check_mode:
        handle, fresh = tempfile.mkstemp(dir=module.tmpdir)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        module.atomic_move(fresh, path)
        os.chmod(path, mode)
        os.chown(path, 0, 0)
    return True


def decoded(module: AnsibleModule) -> bytes:
    """Return the key; ends the module when it is none."""
    try:
        key = base64.b64decode(module.params["authkey"], validate=True)
    except (binascii.Error, ValueError):
        module.fail_json(msg="authkey: not base64")
    if key and not 128 <= len(key) <= 4096:
        module.fail_json(msg=f"authkey: corosync wants 128 to 4096 bytes, not {len(key)}")
    return key


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["planned", "written"], "default": "planned"},
            "content": {"type": "str", "required": True},
            "authkey": {"type": "str", "default": "", "no_log": True},
            "config_dir": {"type": "path", "default": "/etc/corosync"},
            "environment": {"type": "dict", "default": {}},
            "environment_file": {"type": "path"},
        },
        supports_check_mode=True,
    )
    given = module.params
    key = decoded(module)
    binary = module.get_bin_path("corosync", opt_dirs=["/usr/sbin"])
    found, pacemaker = looked(module, key), shown(module, "pacemaker.service")
    try:
        action, reasons = plan(found, given["content"])
    except Unusable as error:
        module.fail_json(msg=str(error))
    result: dict[str, Any] = {
        "changed": False,
        "errors": tested(module, binary, given["content"], key) if binary and given["state"] == "planned" else [],
        "tested": bool(binary),
        "action": action.value,
        "reasons": reasons,
        "restart_reasons": why_restart(module, pacemaker),
        "restarts_device": restarts_device(found.running, given["content"])
        or has_outdated_device(module, given["content"]),
        "running": found.running is not None,
        "pacemaker_running": runs(pacemaker),
    }
    if given["state"] == "written":
        path = f"{given['config_dir']}/corosync.conf"
        changed = [
            write(module, path, given["content"].encode(), 0o644),
            bool(key) and write(module, f"{given['config_dir']}/authkey", key, 0o400),
        ]
        result["changed"] = any(changed)
        result["diff"] = {"before": found.conf, "after": given["content"], "before_header": path, "after_header": path}
    module.exit_json(**result)


if __name__ == "__main__":
    main()
