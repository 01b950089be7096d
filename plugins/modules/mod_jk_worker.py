#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module mod_jk_worker: sets the activation of workers and waits until they have nothing to do, or no users."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mod_jk_worker
short_description: Activate, disable or stop workers of a mod_jk balancer
version_added: 0.1.0
description:
  - Runs on a balancer and tells its own Apache, by the status worker.
  - A V(disabled) worker gets requests of its sessions only, a V(stopped) one none at all. Replicated sessions go on
    with another worker, others end.
  - A worker that is in several balancers is told so in each of them.
  - What is set here holds until Apache is reloaded or restarted. C(activation) in C(workers.properties) lasts.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Tells what it would do.
    support: full
  diff_mode:
    description: It has none; RV(workers) tells both states.
    support: none
options:
  names:
    description: Names of workers, which are the routes of Tomcat instances.
    type: list
    elements: str
    required: true
  missing_ok:
    description: Pass over names that this balancer does not have yet, instead of failing?
    type: bool
    default: false
  down_ok:
    description:
      - Pass when nothing listens at O(url) because there is nobody to tell, instead of failing?
      - Then Apache does not run, as C(apache2) or C(httpd), or runs without mod_jk.
    type: bool
    default: false
  activation:
    description: What they are to be.
    type: str
    choices: [active, disabled, stopped]
    required: true
  drain_seconds:
    description: How long to wait until no request is under way to them, unless they are to be V(active).
    type: int
    default: 0
  quiet_seconds:
    description:
      - How long nobody may have come before its users count as gone, within O(drain_seconds). For a V(disabled) worker,
        which gets requests of its sessions until they end.
      - By default only requests that are under way are waited for.
    type: int
    default: 0
  idle_required:
    description: Fail when requests are still under way after that time, or users still come?
    type: bool
    default: false
  url:
    description: URL of the status worker.
    type: str
    default: http://127.0.0.1:8019/jk-status
"""

EXAMPLES = r"""
- name: Send no new users to web2, and wait up to half an hour until nobody has come for a minute
  steadfast.ha.mod_jk_worker:
    names: [web2]
    activation: disabled
    drain_seconds: 1800
    quiet_seconds: 60
    idle_required: true

- name: Send nobody to web1 any more, and let requests that are under way end
  steadfast.ha.mod_jk_worker:
    names: [web1]
    activation: stopped
    drain_seconds: 30
"""

RETURN = r"""
workers:
  description:
    - Worker to C(before) and C(after), its activations, and C(busy), the requests that are still under way.
    - With O(quiet_seconds), C(quiet) tells whether nobody came for so long. Check mode does not wait, and says false.
  type: dict
  returned: always
  sample: {web1: {before: active, after: stopped, busy: 0}}
"""

import time
import urllib.error

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.mod_jk.status import (
    Drain,
    Member,
    members,
    read_query,
    update_query,
)
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.words import nearest

SECONDS = 10
PAUSE = 0.2


def sends_somebody(module: AnsibleModule) -> bool:
    """Whether an Apache runs here that has mod_jk loaded."""
    command = ["systemctl", "show", "apache2.service", "httpd.service", "--property=MainPID", "--value"]
    _rc, out, _err = module.run_command(command)
    for pid in out.split():
        if pid == "0":
            continue
        try:
            with open(f"/proc/{pid}/maps", encoding="utf-8", errors="replace") as file:
                if "mod_jk" in file.read():
                    return True
        except FileNotFoundError:
            continue
        except PermissionError:
            return True
    return False


class Status:
    """The status worker."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.url: str = module.params["url"]

    def ask(self, query: str) -> str:
        """Return the answer to a query; ends the module when there is none."""
        try:
            # this machine's own Apache is nothing to ask a proxy for
            with open_url(f"{self.url}?{query}", timeout=SECONDS, use_proxy=False) as answer:
                return str(answer.read().decode("utf-8", "replace"))
        except (urllib.error.URLError, OSError) as error:
            refused = isinstance(getattr(error, "reason", error), ConnectionRefusedError)
            if refused and self.module.params["down_ok"] and not sends_somebody(self.module):
                self.module.exit_json(changed=False, workers={})
            self.module.fail_json(msg=f"{self.url} does not answer: {error}")
        return ""

    def members(self) -> list[Member]:
        """The members of all balancers; ends the module when that can't be read."""
        try:
            return members(self.ask(read_query()))
        except ValueError as error:
            self.module.fail_json(msg=f"{self.url}: {error}")
        return []


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str", "required": True},
            "missing_ok": {"type": "bool", "default": False},
            "down_ok": {"type": "bool", "default": False},
            "activation": {"type": "str", "choices": ["active", "disabled", "stopped"], "required": True},
            "drain_seconds": {"type": "int", "default": 0},
            "quiet_seconds": {"type": "int", "default": 0},
            "idle_required": {"type": "bool", "default": False},
            "url": {"type": "str", "default": "http://127.0.0.1:8019/jk-status"},
        },
        supports_check_mode=True,
    )
    wanted = module.params["activation"]
    seconds, quiet = module.params["drain_seconds"], module.params["quiet_seconds"]
    if wanted != "active" and quiet > seconds:
        module.fail_json(msg=f"quiet_seconds, {quiet}, can't be over within drain_seconds, {seconds}")
    status = Status(module)
    known = {member.name for member in status.members()}
    names = [name for name in module.params["names"] if name in known or not module.params["missing_ok"]]
    for name in names:
        if name not in known:
            module.fail_json(msg=f"this balancer has no worker {name!r}, {nearest(name, known)}")

    def those() -> list[Member]:
        return [member for member in status.members() if member.name in names]

    found = those()
    # of one that is otherwise in any of its balancers, that one counts
    found.sort(key=lambda member: member.activation != wanted)
    told = {member.name: {"before": member.activation, "after": wanted, "busy": member.busy} for member in found}
    if quiet and wanted != "active":
        told = {name: {**states, "quiet": False} for name, states in told.items()}
    pending = [member for member in found if member.activation != wanted]
    if module.check_mode:
        module.exit_json(changed=bool(pending), workers=told)
    for member in pending:
        status.ask(update_query(member.balancer, member.name, wanted))
    drain = Drain(quiet)
    deadline = time.monotonic() + seconds
    while True:
        found = those()
        waiting = drain.look(found, time.monotonic()) if wanted != "active" else []
        if not waiting or time.monotonic() >= deadline:
            break
        time.sleep(PAUSE)
    wrong = sorted({member.name for member in found if member.activation != wanted})
    if wrong:
        module.fail_json(msg=f"{', '.join(wrong)}: the status worker did not take it, is it read-only?", workers=told)
    for name in names:
        told[name]["busy"] = max([member.busy for member in found if member.name == name], default=0)
        if "quiet" in told[name]:
            told[name]["quiet"] = name not in waiting
    if waiting and module.params["idle_required"]:
        busy = [name for name in waiting if told[name]["busy"]]
        what = (
            f"requests are still under way to {', '.join(busy)}"
            if busy
            else f"users still come to {', '.join(waiting)}"
        )
        module.fail_json(msg=what, workers=told)
    module.exit_json(changed=bool(pending), workers=told)


if __name__ == "__main__":
    main()
