#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module tomcat_instance: tests files of a Tomcat instance beside the running one, puts them in place, or back."""

from __future__ import annotations

DOCUMENTATION = r"""
module: tomcat_instance
short_description: Test the configuration of a Tomcat instance, put it in place, or take it back
version_added: 0.1.0
description:
  - Compares the files of a C(CATALINA_BASE) with wanted ones and says what the instance needs.
  - Before anything is put in place, Tomcat's own C(configtest) reads the wanted C(server.xml) in a scratch
    C(CATALINA_BASE) with all ports 0 and C(EXIT_ON_INIT_FAILURE), since the plain one binds the live ports and ends
    with 0 on errors. Attributes that Tomcat would ignore count as errors.
  - O(state=applied) keeps what it replaces, O(state=reverted) puts that back, and O(state=settled) forgets it. None
    of them starts or stops anything.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Tells what it would do. The test happens in check mode too.
    support: full
  diff_mode:
    description: Not supported; the files have secrets in them.
    support: none
options:
  name:
    description: Name of the instance.
    type: str
    required: true
  base:
    description: Its C(CATALINA_BASE).
    type: path
    required: true
  home:
    description: C(CATALINA_HOME), the program. When it is not there, nothing is tested.
    type: path
    required: true
  files:
    description:
      - Path below O(base) to the wanted content.
      - Contexts in C(conf/Catalina/localhost) that are not named are removed.
    type: dict
    default: {}
  links:
    description: Path below O(base) to the target of a symbolic link.
    type: dict
    default: {}
  user:
    description: User and group of the instance. Files belong to root and can be read by this group only.
    type: str
    default: tomcat
  listens:
    description:
      - Where the instance will listen, C(what), C(address) and C(port) of each.
      - A port that another program has is an error.
    type: list
    elements: dict
    default: []
  siblings:
    description: Names of the wanted instances here, whose ports a change may free. Those of others are taken.
    type: list
    elements: str
    default: []
  java:
    description: C(JAVA_HOME) and C(JRE_HOME), if the instance has them in its environment. The test is made with them.
    type: dict
    default: {}
  revision:
    description:
      - What C(STEADFAST_REVISION) in the environment of the running instance should be. Another asks for a restart.
    type: str
    default: ''
  state:
    description: What to do.
    type: str
    choices: [planned, applied, reverted, settled]
    default: planned
"""

EXAMPLES = r"""
- name: Test the configuration of an instance and see what it needs
  steadfast.ha.tomcat_instance:
    name: main
    base: /var/lib/steadfast-tomcat/main
    home: /usr/share/tomcat10
    files: {conf/server.xml: "{{ server_xml }}"}
  register: plan
"""

RETURN = r"""
errors:
  description: Why these files can't be, one sentence each. Empty when they can.
  type: list
  elements: str
  returned: always
  sample: ["server.xml: WARNING: Match [Server/Service/Connector] failed to set property [maxThread]"]
tested:
  description: Whether there is a Tomcat here that could test them.
  type: bool
  returned: always
  sample: true
action:
  description: What the instance needs, V(none), V(restart) or V(start).
  type: str
  returned: always
  sample: restart
reasons:
  description: Why, for people.
  type: list
  elements: str
  returned: always
  sample: ["conf/server.xml differs"]
running:
  description: Whether the instance runs.
  type: bool
  returned: always
  sample: true
"""

import contextlib
import os
import re
import shutil
import tempfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.files import File, FileSet, read, user_ids, write
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.ports import clashes, listeners
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.program import replaced
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.server import scratch
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.words import Refused

CONTEXTS = "conf/Catalina/localhost"
#: What Tomcat says of something that it goes on without.
IGNORED = re.compile(
    r"did not find a matching property|No rules found matching|Unable to|Failed to|SEVERE|Exception", re.IGNORECASE
)
#: A value that could not be set. It may be a secret, and the name of its property will do.
VALUE = re.compile(r"(property [\['][^\]']*[\]']) to [\['].*[\]'](?= did not find|$)")


class Instance:
    """One instance on this machine, and its wanted files."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.given: dict[str, Any] = module.params
        self.base: str = self.given["base"]
        wanted = {
            path: File(content=text, mode=0o640, group=self.given["user"]) for path, text in self.given["files"].items()
        }
        wanted.update({path: File(target=target) for path, target in self.given["links"].items()})
        if self.given["state"] in ("planned", "applied"):
            for name in self._contexts():
                wanted.setdefault(f"{CONTEXTS}/{name}", File())
        self.files = FileSet(
            {os.path.join(self.base, path): file for path, file in wanted.items()},
            os.path.join(self.base, ".previous.json"),
        )

    def _contexts(self) -> list[str]:
        try:
            return sorted(name for name in os.listdir(os.path.join(self.base, CONTEXTS)) if name.endswith(".xml"))
        except OSError:
            return []

    def main_pid(self) -> int:
        """The process of the unit, 0 when it does not run."""
        unit = f"steadfast-tomcat@{self.given['name']}.service"
        _rc, out, _err = self.module.run_command(["systemctl", "show", unit, "--property=ActiveState,MainPID"])
        told = dict(row.split("=", 1) for row in out.splitlines() if "=" in row)
        return int(told.get("MainPID") or 0) if told.get("ActiveState") in ("active", "activating", "reloading") else 0

    def revision(self, pid: int) -> str:
        """The revision that a process was started from."""
        for entry in (read(f"/proc/{pid}/environ") or "").split("\0"):
            if entry.startswith("STEADFAST_REVISION="):
                return entry.partition("=")[2]
        return ""

    def needs(self, pid: int) -> tuple[str, list[str]]:
        """What the instance needs, and why."""
        reasons = [f"{os.path.relpath(path, self.base)} differs" for path in self.files.differing()]
        if not pid:
            return "start", [*reasons, "it does not run"]
        wanted = self.given["revision"]
        if wanted and self.revision(pid) != wanted and not reasons:
            reasons.append("it was started from an earlier configuration")
        reasons += [
            f"{path} was upgraded since it was started" for path in replaced(opened(str(pid)), self.given["home"])[:1]
        ]
        return ("restart" if reasons else "none"), reasons

    def taken(self) -> list[str]:
        """Wanted ports that somebody else has. What it and its siblings listen on now, the change may free."""
        names = [self.given["name"], *self.given["siblings"]]
        units = [f"steadfast-tomcat@{name}.service" for name in names]
        _rc, out, _err = self.module.run_command(["systemctl", "show", *units, "--property=MainPID", "--value"])
        own = [inode for pid in out.split() if pid.isdigit() and pid != "0" for inode in sockets(opened(pid))]
        tables = [read(f"/proc/net/{name}") or "" for name in ("tcp", "tcp6")]
        return clashes(self.given["listens"], listeners(*tables), own)

    def test(self) -> tuple[bool, list[str]]:
        """Let Tomcat read server.xml where nobody is in its way: (whether it was tested, errors)."""
        text = self.given["files"].get("conf/server.xml")
        program = os.path.join(self.given["home"], "bin", "catalina.sh")
        if text is None or not os.path.exists(program):
            return False, []
        try:
            user_ids(self.given["user"])
        except KeyError:
            return False, []
        try:
            trial = scratch(text)
        except Refused as error:
            return True, [str(error)]
        place = tempfile.mkdtemp(prefix="steadfast-tomcat-")
        try:
            return True, self._tried(place, program, trial)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _tried(self, place: str, program: str, trial: str) -> list[str]:
        uid, gid = user_ids(self.given["user"])
        for folder in ("conf", "logs", "temp", "webapps", "work"):
            os.mkdir(os.path.join(place, folder))
        for path, text in self.given["files"].items():
            if path.startswith("conf/") and path.count("/") == 1:
                write(os.path.join(place, path), trial if path == "conf/server.xml" else text, 0o600)
        for path, target in self.given["links"].items():
            os.symlink(target, os.path.join(place, path))
        for folder, folders, names in os.walk(place):
            os.chown(folder, uid, gid)
            for name in folders + names:
                os.chown(os.path.join(folder, name), uid, gid, follow_symlinks=False)
        # classes that server.xml may name
        os.symlink(os.path.join(self.base, "lib"), os.path.join(place, "lib"))
        # Where it ends well with what it ignores, only its words tell, and those that are looked for are English.
        options = "-Duser.language=en -Duser.country=US -Dorg.apache.catalina.startup.EXIT_ON_INIT_FAILURE=true"
        rc, out, err = self.module.run_command(
            ["runuser", "-u", self.given["user"], "--", program, "configtest"],
            environ_update={
                "CATALINA_BASE": place,
                "CATALINA_HOME": self.given["home"],
                "CATALINA_TMPDIR": os.path.join(place, "temp"),
                "LC_ALL": "C.UTF-8",
                "JAVA_OPTS": f"{options} -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx128m -Djava.awt.headless=true",
                "CATALINA_OPTS": "",
                **{name: str(value) for name, value in self.given["java"].items()},
            },
            cwd=place,
        )
        lines = [VALUE.sub(r"\1", line.strip()) for line in (out + err).splitlines() if IGNORED.search(line)]
        errors = [f"server.xml: {line.replace(place + '/', '')[:300]}" for line in lines[:3]]
        if rc != 0 and not errors:
            errors = [f"configtest of Tomcat ended with {rc}: {(out + err).strip()[-300:]}"]
        return errors

    def forget_unpacked(self, changed: list[str]) -> None:
        """Remove what Tomcat unpacked of changed applications: to it, an archive of the same date is the same."""
        for path in changed:
            if os.path.dirname(os.path.relpath(path, self.base)) == CONTEXTS:
                name = os.path.basename(path)[: -len(".xml")]
                for folder in (f"webapps/{name}", f"work/Catalina/localhost/{name}"):
                    shutil.rmtree(os.path.join(self.base, folder), ignore_errors=True)


def opened(pid: str) -> list[str]:
    """What a process has open, as /proc tells it; nothing when it has ended."""
    folder = f"/proc/{pid}/fd"
    found = []
    try:
        for name in os.listdir(folder):
            # files come and go meanwhile
            with contextlib.suppress(FileNotFoundError):
                found.append(os.readlink(os.path.join(folder, name)))
    except OSError:
        return []
    return found


def sockets(targets: list[str]) -> list[str]:
    """The inodes of the sockets among what is open."""
    return [target[len("socket:[") : -1] for target in targets if target.startswith("socket:[")]


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "base": {"type": "path", "required": True},
            "home": {"type": "path", "required": True},
            "files": {"type": "dict", "default": {}, "no_log": True},
            "links": {"type": "dict", "default": {}},
            "user": {"type": "str", "default": "tomcat"},
            "listens": {"type": "list", "elements": "dict", "default": []},
            "siblings": {"type": "list", "elements": "str", "default": []},
            "java": {"type": "dict", "default": {}},
            "revision": {"type": "str", "default": ""},
            "state": {"type": "str", "choices": ["planned", "applied", "reverted", "settled"], "default": "planned"},
        },
        supports_check_mode=True,
    )
    instance = Instance(module)
    state = module.params["state"]
    pid = instance.main_pid()
    if state == "reverted":
        changed = [] if module.check_mode else instance.files.take_back()
        instance.forget_unpacked(changed)
        module.exit_json(changed=bool(changed), errors=[], tested=False, action="start", reasons=[], running=bool(pid))

    if state == "settled":
        if not module.check_mode:
            instance.files.settle()
        module.exit_json(changed=False, errors=[], tested=False, action="none", reasons=[], running=bool(pid))

    action, reasons = instance.needs(pid)
    tested, errors = (False, []) if action == "none" else instance.test()
    errors += [] if action == "none" else instance.taken()
    changed = []
    if state == "applied":
        if errors:
            module.fail_json(msg=f"instance {module.params['name']}: " + "; ".join(errors))
        changed = instance.files.differing() if module.check_mode else instance.files.put()
        if not module.check_mode:
            instance.forget_unpacked(changed)
    module.exit_json(
        changed=bool(changed), errors=errors, tested=tested, action=action, reasons=reasons, running=bool(pid)
    )


if __name__ == "__main__":
    main()
