#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module keepalived_info: facts of a running keepalived, read-only."""

from __future__ import annotations

DOCUMENTATION = r"""
module: keepalived_info
short_description: Read the state of a keepalived group as one node sees it
version_added: 0.1.0
description:
  - Asks the running daemon for its JSON dump, with the signal that C(keepalived --signum=JSON) names, and compares what
    it says with the addresses that the kernel has.
  - Changes nothing. A daemon that is not running is an answer, not a failure.
author: the steadfast.ha authors (@steadfast-ha)
extends_documentation_fragment: steadfast.ha.reading
options:
  unit:
    description: The systemd unit of the daemon.
    type: str
    default: keepalived.service
  config_file:
    description: The configuration; its first line tells the hash of what is shared.
    type: path
    default: /etc/keepalived/keepalived.conf
  maintenance_file:
    description: The file that drains the node when it is there.
    type: path
    default: /etc/keepalived/maintenance
  timeout:
    description: Seconds to wait for the dump.
    type: float
    default: 5.0
  ask:
    description:
      - Addresses for which this node looks up who answers, as every host on the segment would.
      - The kernel is made to forget what it knew of them before.
    type: list
    elements: str
    default: []
notes:
  - Needs root, since it signals the daemon.
"""

EXAMPLES = r"""
- name: See who holds what
  steadfast.ha.keepalived_info:
  register: keepalived

- name: Stop when this node does not think that all is well
  ansible.builtin.assert:
    that: keepalived.problems | length == 0
    fail_msg: "{{ keepalived.problems | join('; ') }}"
"""

RETURN = r"""
running:
  description: Whether a daemon answered.
  type: bool
  returned: always
  sample: true
pid:
  description: Its process.
  type: int
  returned: when running
  sample: 812
instances:
  description: >-
    Name of each VRRP instance to its state (V(master), V(backup), V(fault), ...), virtual router id, interface,
    priorities, addresses and counters.
  type: dict
  returned: when running
  sample:
    VI_1: {state: master, virtual_router_id: 51, addresses: [192.0.2.100]}
held_here:
  description: Names of the instances that are master here.
  type: list
  elements: str
  returned: when running
  sample: [VI_1]
is_in_maintenance:
  description: Whether the maintenance file drains this node.
  type: bool
  returned: always
  sample: false
maintenance_mark:
  description: The number in that file, by which the role knows its own drains from an operator's. Empty without one.
  type: str
  returned: always
  sample: ""
shared_hash:
  description: Hash of the configuration that all nodes share, from the file. Empty when the role did not write it.
  type: str
  returned: always
  sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
is_edited:
  description: Whether the configuration was changed since the role wrote it.
  type: bool
  returned: always
  sample: false
macs:
  description: Hardware addresses of this node's interfaces.
  type: list
  elements: str
  returned: always
  sample: ["02:00:00:00:00:01"]
neighbours:
  description: >-
    Each address of O(ask) that is not on this node to the hardware address that answers for it, empty when none does.
  type: dict
  returned: always
  sample: {192.0.2.100: "02:00:00:00:00:02"}
problems:
  description: What keeps this node from being healthy in its own eyes, one sentence each.
  type: list
  elements: str
  returned: always
  sample: []
"""

import glob
import json
import os
import socket
import time
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.keepalived import dump, health
from ansible_collections.steadfast.ha.plugins.module_utils.keepalived.seal import Seal, seal_of

#: where the versions write it, below the daemon's own root: with a private /tmp that is not ours
PLACES = ("tmp/keepalived.json", "run/keepalived/keepalived.json", "run/keepalived.json")


def process_of(module: AnsibleModule, unit: str) -> int:
    """Return the daemon's process id, 0 when it does not run."""
    _rc, shown, _err = module.run_command(["systemctl", "show", unit, "--property=ActiveState,MainPID"], check_rc=False)
    told = dict(line.split("=", 1) for line in shown.splitlines() if "=" in line)
    return int(told.get("MainPID") or 0) if told.get("ActiveState") in ("active", "reloading") else 0


def stamp(path: str) -> Optional[tuple[int, int]]:
    """Return what changes when a file is written anew, None when it is not there."""
    try:
        status = os.stat(path)
        return status.st_ino, status.st_mtime_ns
    except OSError:
        return None


def dumped(module: AnsibleModule, process: int, timeout: float) -> dict[str, dict[str, Any]]:
    """Ask the daemon for a fresh dump and read it. Raises dump.BadDump."""
    rc, number, error = module.run_command(["keepalived", "--signum=JSON"], check_rc=False)
    if rc or not number.strip().isdigit():
        raise dump.BadDump(f"this keepalived has no JSON dump: {error.strip() or number.strip()}")
    places = [f"/proc/{process}/root/{place}" for place in PLACES]
    before = {place: stamp(place) for place in places}
    os.kill(process, int(number))
    deadline = time.monotonic() + timeout
    said: dump.BadDump = dump.BadDump(f"the daemon wrote no JSON dump within {timeout:g} s")
    while time.monotonic() < deadline:
        time.sleep(0.05)
        for place in places:
            if stamp(place) in (None, before[place]):
                continue
            try:
                with open(place, encoding="utf-8", errors="replace") as file:
                    return dump.instances(file.read())
            except dump.BadDump as error_:
                # it may still be writing
                said = error_
            except OSError as error_:
                said = dump.BadDump(str(error_))
    raise said


def kernel_addresses(module: AnsibleModule) -> list[str]:
    """Return every address of every interface."""
    _rc, shown, _err = module.run_command(["ip", "-json", "address", "show"], check_rc=True)
    return [entry["local"] for link in json.loads(shown) for entry in link.get("addr_info", []) if "local" in entry]


def hardware_addresses() -> list[str]:
    """Return the MACs of this node's interfaces."""
    found = set()
    for path in glob.glob("/sys/class/net/*/address"):
        with open(path, encoding="ascii") as file:
            found.add(file.read().strip().lower())
    return sorted(found - {"", "00:00:00:00:00:00"})


def neighbours(module: AnsibleModule, wanted: list[str], timeout: float) -> dict[str, str]:
    """Make the kernel look up who has each address, and return what it found."""
    for address in wanted:
        # only who answers now counts, not who has answered some time ago
        option = "-6" if ":" in address else "-4"
        module.run_command(["ip", option, "neighbour", "flush", "to", address], check_rc=False)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            try:
                sock.sendto(b"", (address, 9))
            except OSError:
                pass  # no route: nobody will answer, which is what is returned
    found = dict.fromkeys(wanted, "")
    deadline = time.monotonic() + min(timeout, 3.0)
    while not all(found.values()) and time.monotonic() < deadline:
        _rc, shown, _err = module.run_command(["ip", "-json", "neighbour", "show"], check_rc=True)
        for entry in json.loads(shown or "[]"):
            if entry.get("dst") in found and entry.get("lladdr"):
                found[entry["dst"]] = entry["lladdr"].lower()
        time.sleep(0.05)
    return found


def sealed(path: str) -> Seal:
    """Return what the seal of a configuration tells; that of a file that is not there tells nothing."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return seal_of(file.read())
    except OSError:
        return Seal("", False)


def mark_of(path: str) -> Optional[str]:
    """Return what is in the maintenance file, None when it is not there or there is no such switch."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(64).strip()
    except (FileNotFoundError, IsADirectoryError):
        return None


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "unit": {"type": "str", "default": "keepalived.service"},
            "config_file": {"type": "path", "default": "/etc/keepalived/keepalived.conf"},
            "maintenance_file": {"type": "path", "default": "/etc/keepalived/maintenance"},
            "timeout": {"type": "float", "default": 5.0},
            "ask": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    given = module.params
    mark = mark_of(given["maintenance_file"])
    seal = sealed(given["config_file"])
    known: dict[str, Any] = {
        "is_in_maintenance": mark is not None,
        "maintenance_mark": mark or "",
        "shared_hash": seal.shared,
        "is_edited": seal.is_broken,
        "macs": hardware_addresses(),
        "neighbours": {},
    }
    process = process_of(module, given["unit"])
    if not process:
        module.exit_json(changed=False, running=False, problems=[f"{given['unit']} does not run"], **known)
    try:
        instances = dumped(module, process, given["timeout"])
    except (dump.BadDump, OSError) as error:
        module.exit_json(changed=False, running=False, problems=[str(error)], **known)
    present = kernel_addresses(module)
    known["neighbours"] = neighbours(module, [one for one in given["ask"] if one not in present], given["timeout"])
    module.exit_json(
        changed=False,
        running=True,
        pid=process,
        instances=instances,
        held_here=health.held(instances),
        problems=health.problems(instances, mark is not None, present),
        **known,
    )


if __name__ == "__main__":
    main()
