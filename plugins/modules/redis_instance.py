#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module redis_instance: tests configurations of instances on their machine and brings running ones to them."""

from __future__ import annotations

DOCUMENTATION = r"""
module: redis_instance
short_description: Test the configuration of Redis or Valkey instances and bring running ones to it
version_added: 0.1.0
description:
  - Starts the real server for a moment with each wanted configuration, in a folder of its own and on a spare port of
    loopback, and compares what it made of it with what the running instance says. So "64mb" and "67108864" are the
    same, and a wrong value is found before anything is touched.
  - Says whether an instance needs nothing, C(CONFIG SET) and C(ACL LOAD), a restart, or a start; with O(state=applied)
    does what can be done in the running instance.
  - Compares only directives of the wanted configuration. What C(CONFIG REWRITE) wrote elsewhere is left alone.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Tells what it would do. The trial runs happen in check mode too.
    support: full
  diff_mode:
    description: Not supported; values may be passwords.
    support: none
options:
  state:
    description:
      - V(surveyed) tells how much memory the machine has for instances.
      - V(planned) tests and compares.
      - V(applied) also carries out what a running instance takes.
      - V(verified) writes a key into each running instance, reads it and removes it.
      - V(saved) lets each running instance write a snapshot and waits for it.
    type: str
    choices: [surveyed, planned, applied, verified, saved]
    default: planned
  binary:
    description: The server's program. When it is not there, nothing is tested.
    type: path
    default: /usr/bin/redis-server
  user:
    description: User that instances run as.
    type: str
    default: redis
  instances:
    description: The instances of this machine.
    type: list
    elements: dict
    default: []
    suboptions:
      port:
        description: Port for clients.
        type: int
        required: true
      bus_port:
        description: Port for the other instances of a cluster, 0 without one.
        type: int
        default: 0
      address:
        description: Address that it listens on.
        type: str
        required: true
      config:
        description: Wanted configuration, as in redis.conf.
        type: str
        default: ''
      acl:
        description: Wanted ACL file.
        type: str
        default: ''
  config_dir:
    description: Folder of the files PORT.conf and PORT.acl.
    type: path
    default: /etc/steadfast-redis
  runtime_dir:
    description: Folder that has a folder PORT with the Unix socket of each instance.
    type: path
    default: /run/steadfast-redis
  unit:
    description: Name of the systemd template unit without its @.
    type: str
    default: steadfast-redis
  revision:
    description:
      - What the file C(revision) beside the socket of an instance should say. Another one asks for a restart.
    type: str
    default: ''
  passwords:
    description: Passwords of the user default, the wanted one first. Running instances have to accept one of them.
    type: list
    elements: str
    default: []
  memory_percent:
    description: How much of the machine's memory all instances may have together.
    type: float
    default: 60
  timeout:
    description: Seconds that a snapshot may take.
    type: float
    default: 600
"""

EXAMPLES = r"""
- name: See what the instances need
  steadfast.ha.redis_instance:
    instances:
      - port: 7000
        bus_port: 17000
        address: 192.0.2.11
        config: "port 7000\nbind 192.0.2.11\nmaxmemory 64mb\n"
        acl: "user default on #{{ 'a secret' | hash('sha256') }} ~* &* +@all\n"
    passwords: ["a secret"]
  register: plan
"""

RETURN = r"""
memory:
  description: Bytes that processes on this machine may use together, and the file that says so.
  type: dict
  returned: always
  sample: {bytes: 536870912, source: /sys/fs/cgroup/memory.max}
errors:
  description: Why this can't be, one sentence each. Empty when it can.
  type: list
  elements: str
  returned: always
  sample: ["port 7000 of 192.0.2.11 is used by another program"]
tested:
  description: Whether there is a server here that could test the configurations.
  type: bool
  returned: always
  sample: true
snapshots:
  description: Per port the file of the snapshot.
  type: dict
  returned: when O(state) is V(saved)
  sample: {"7000": /var/lib/steadfast-redis/7000/dump.rdb}
instances:
  description:
    - Per port, whether it is C(running), the C(action) it needs (V(none), V(live), V(restart), V(start)), the
      C(reasons), and C(password), the position of the accepted one among O(passwords) or -1.
  type: dict
  returned: when O(state) is V(planned) or V(applied)
  sample: {"7000": {"running": true, "action": "live", "reasons": ["maxmemory differs"], "password": 0}}
"""

import errno
import os
import socket
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.node.memory import available
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.instance import memory, trial
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.instance.compare import (
    Action,
    Running,
    Trial,
    Verdict,
    dropped,
    verdict,
)
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.instance.config import directives, listening
from ansible_collections.steadfast.ha.plugins.module_utils.redis_cluster.instance.local import (
    CommandError,
    Local,
    Unreachable,
    pairs,
)


def read(path: str) -> str | None:
    """Return a file's text, None when it is not there."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return None


def in_use(address: str, port: int) -> bool:
    """Tell whether somebody listens on the port of an address that this machine has."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            # an address that is not there yet is not this test's business
            return error.errno == errno.EADDRINUSE
    return False


class Machine:
    """The instances of this machine, looked at one by one."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.given: dict[str, Any] = module.params
        self.errors: list[str] = []
        self.is_tested = os.access(self.given["binary"], os.X_OK)

    def main_pid(self, port: int) -> int:
        """The process of the unit, 0 when it does not run."""
        unit = f"{self.given['unit']}@{port}.service"
        _rc, out, _err = self.module.run_command(["systemctl", "show", unit, "--property=ActiveState,MainPID"])
        told = dict(row.split("=", 1) for row in out.splitlines() if "=" in row)
        is_active = told.get("ActiveState") in ("active", "activating", "reloading")
        return int(told.get("MainPID") or 0) if is_active else 0

    def trial(self, instance: dict[str, Any]) -> Trial | None:
        """What a trial run makes of the files; None when it can't be had, which is on record then."""
        if not self.is_tested:
            return None
        password = (self.given["passwords"] or [""])[0]
        gone = dropped(directives(instance["config"]), self._known(instance["port"]))
        try:
            files = trial.Files(instance["config"], instance["acl"], tuple(gone))
            return trial.run(self.given["binary"], self.given["user"], files, password)
        except (trial.Failed, KeyError) as error:
            self.errors.append(f"the server refuses the configuration of port {instance['port']}: {error}")
            return None

    def local(self, port: int) -> Local:
        """A connection to the running instance. Raises Unreachable."""
        return Local(os.path.join(self.given["runtime_dir"], str(port), "socket"))

    def running(self, instance: dict[str, Any]) -> tuple[Running | None, int]:
        """What the running instance says, and which password it took. Problems are put on record."""
        port = instance["port"]
        try:
            with self.local(port) as redis:
                position = redis.login(self.given["passwords"])
                if position < 0:
                    self.errors.append(
                        f"the running instance on port {port} accepts neither redis_cluster_password nor one of "
                        "redis_cluster_former_passwords"
                    )
                    return None, position
                acl = redis.call("ACL", "LIST")
                return (
                    Running(
                        values=pairs(redis.call("CONFIG", "GET", "*")),
                        acl=[str(row) for row in acl] if isinstance(acl, list) else [],
                        build=trial.build_of(redis),
                        revision=self._revision(port),
                        known=self._known(port),
                    ),
                    position,
                )
        except (Unreachable, CommandError) as error:
            self.errors.append(f"the instance on port {port} runs, but can't be asked: {error}")
            return None, -1

    def _revision(self, port: int) -> str:
        return (read(os.path.join(self.given["runtime_dir"], str(port), "revision")) or "").strip()

    def _known_path(self, port: int) -> str:
        return os.path.join(self.given["runtime_dir"], str(port), "known.conf")

    def _known(self, port: int) -> list[str]:
        """The directives that it was started with or that were set since."""
        return list(directives(read(self._known_path(port)) or ""))

    def files_differ(self, instance: dict[str, Any]) -> list[str]:
        """Names of the files that are not what they should be."""
        base = os.path.join(self.given["config_dir"], str(instance["port"]))
        wanted = {f"{base}.conf": instance["config"], f"{base}.acl": instance["acl"]}
        return [path for path, text in wanted.items() if read(path) != text]

    def look(self, instance: dict[str, Any]) -> tuple[Verdict, bool, int]:
        """Return what an instance needs, whether it runs, and the position of its password."""
        port = instance["port"]
        pid = self.main_pid(port)
        if not pid:
            for number in (port, instance["bus_port"]):
                for address in listening(instance["config"]) or [instance["address"]] if number else ():
                    if in_use(address, number):
                        self.errors.append(f"port {number} of {address} is used by another program (ss -ltnp)")
        found = self.trial(instance)
        running, position = self.running(instance) if pid else (None, 0)
        if not pid:
            return Verdict(Action.START, ["it does not run"]), False, position
        if found is None or running is None:
            return Verdict(Action.NONE), True, position
        needed = verdict(instance["config"], self.files_differ(instance), found, running, self.given["revision"])
        return needed, True, position

    def apply(self, port: int, needed: Verdict) -> bool:
        """CONFIG SET and ACL LOAD in the running instance; tell whether anything was done."""
        if not needed.settings and not needed.is_acl_stale:
            return False
        if self.module.check_mode:
            return True
        try:
            with self.local(port) as redis:
                redis.login(self.given["passwords"])
                if needed.is_acl_stale:
                    redis.call("ACL", "LOAD")
                for key, value in needed.settings.items():
                    redis.call("CONFIG", "SET", key, value)
            # so that one that is taken out later is known to have been set
            with open(self._known_path(port), "a", encoding="utf-8") as file:
                file.write("".join(f"{key}\n" for key in needed.settings))
        except (Unreachable, CommandError, OSError) as error:
            self.module.fail_json(msg=f"port {port}: {error}")
        return True


def verified(module: AnsibleModule) -> list[str]:
    """Write, read and remove a key of each instance; return what went wrong, one sentence each."""
    machine, found = Machine(module), []
    for instance in module.params["instances"]:
        key = f"steadfast:verify:{os.getpid()}"
        try:
            with machine.local(instance["port"]) as redis:
                redis.login(module.params["passwords"])
                redis.call("SET", key, key, "EX", "60")
                answer = redis.call("GET", key)
                redis.call("DEL", key)
                if answer != key:
                    found.append(f"port {instance['port']} does not give back what was written")
        except (Unreachable, CommandError) as error:
            found.append(f"port {instance['port']}: {error}")
    return found


def saved(module: AnsibleModule) -> dict[str, str]:
    """Let each instance write a snapshot; return the files by port. Fails the module when one does not come."""
    machine, found = Machine(module), {}
    for instance in module.params["instances"]:
        port = instance["port"]
        try:
            with machine.local(port) as redis:
                redis.login(module.params["passwords"])
                told = {**pairs(redis.call("CONFIG", "GET", "dir")), **pairs(redis.call("CONFIG", "GET", "dbfilename"))}
                found[str(port)] = os.path.join(told["dir"], told["dbfilename"])
                if not module.check_mode:
                    snapshot(module, redis)
        except (Unreachable, CommandError) as error:
            module.fail_json(msg=f"port {port}: {error}")
    return found


def snapshot(module: AnsibleModule, redis: Local) -> None:
    """Ask for a snapshot and wait until it is there; one that is under way already is waited for first."""
    deadline = time.monotonic() + module.params["timeout"]
    asked = False
    while time.monotonic() < deadline:
        rows = str(redis.call("INFO", "persistence")).splitlines()
        told = dict(row.split(":", 1) for row in rows if ":" in row)
        is_busy = "1" in (told.get("rdb_bgsave_in_progress"), told.get("aof_rewrite_in_progress"))
        if not is_busy and asked:
            if told.get("rdb_last_bgsave_status") != "ok":
                raise CommandError("ERR the snapshot failed; the journal says why")
            return
        if not is_busy:
            redis.call("BGSAVE")
            asked = True
        time.sleep(0.2)
    raise CommandError(f"ERR no snapshot within {module.params['timeout']:g} s")


def wanted_bytes(instances: list[dict[str, Any]]) -> int:
    """The memory that all instances together may take by their configurations."""
    total = 0
    for instance in instances:
        text = directives(instance["config"]).get("maxmemory", ["0"])[-1]
        total += memory.size(text)
    return total


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {
                "type": "str",
                "choices": ["surveyed", "planned", "applied", "verified", "saved"],
                "default": "planned",
            },
            "binary": {"type": "path", "default": "/usr/bin/redis-server"},
            "user": {"type": "str", "default": "redis"},
            "instances": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "port": {"type": "int", "required": True},
                    "bus_port": {"type": "int", "default": 0},
                    "address": {"type": "str", "required": True},
                    "config": {"type": "str", "default": ""},
                    "acl": {"type": "str", "default": ""},
                },
            },
            "config_dir": {"type": "path", "default": "/etc/steadfast-redis"},
            "runtime_dir": {"type": "path", "default": "/run/steadfast-redis"},
            "unit": {"type": "str", "default": "steadfast-redis"},
            "revision": {"type": "str", "default": ""},
            "passwords": {"type": "list", "elements": "str", "default": [], "no_log": True},
            "memory_percent": {"type": "float", "default": 60.0},
            "timeout": {"type": "float", "default": 600.0},
        },
        supports_check_mode=True,
    )
    given = module.params
    found = available(read)
    told = {"bytes": found.bytes, "source": found.source}
    if given["state"] == "surveyed":
        module.exit_json(changed=False, memory=told, errors=[], tested=False)

    if given["state"] == "verified":
        module.exit_json(changed=False, memory=told, errors=verified(module), tested=False)

    if given["state"] == "saved":
        files = saved(module)
        module.exit_json(changed=bool(files), memory=told, errors=[], tested=False, snapshots=files)

    machine = Machine(module)
    try:
        machine.errors += memory.shortage(
            found.bytes, found.source, given["memory_percent"], wanted_bytes(given["instances"])
        )
    except ValueError as error:
        machine.errors.append(f"maxmemory: {error}")
    answers: dict[str, dict[str, Any]] = {}
    changed = False
    for instance in given["instances"]:
        needed, is_running, position = machine.look(instance)
        if given["state"] == "applied" and is_running and not machine.errors:
            changed = machine.apply(instance["port"], needed) or changed
        answers[str(instance["port"])] = {
            "running": is_running,
            "action": needed.action.value,
            "reasons": needed.reasons,
            "settings": sorted(needed.settings),
            "password": position,
        }
    if given["state"] == "applied" and machine.errors:
        module.fail_json(msg="; ".join(machine.errors))
    module.exit_json(changed=changed, memory=told, errors=machine.errors, tested=machine.is_tested, instances=answers)


if __name__ == "__main__":
    main()
