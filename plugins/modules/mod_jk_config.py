#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module mod_jk_config: tests files of Apache in a copy of its configuration, then puts them in place."""

from __future__ import annotations

DOCUMENTATION = r"""
module: mod_jk_config
short_description: Test files of an Apache with mod_jk in a copy of its configuration, then put them in place
version_added: 0.1.0
description:
  - Copies the configuration of Apache, puts the wanted files into the copy and lets C(apache2 -t) read that.
    The live files are untouched until it is content.
  - Says whether Apache has to be started or to read its files again. Does neither.
author: the steadfast.ha authors (@steadfast-ha)
attributes:
  check_mode:
    description: Tells what it would do. The test happens in check mode too.
    support: full
  diff_mode:
    description: Not supported; the files have secrets in them.
    support: none
options:
  root:
    description: Folder of Apache's configuration.
    type: path
    default: /etc/apache2
  main_file:
    description: Apache's main file, below O(root).
    type: str
    default: apache2.conf
  binary:
    description: Apache's program. When it is not there, nothing is tested.
    type: path
    default: /usr/sbin/apache2
  jk:
    description: File of mod_jk. When it is given and not there, nothing is tested either.
    type: path
    default: ''
  environment_file:
    description: Shell file that sets the variables that the main file uses. Left out when it is empty or not there.
    type: path
    default: /etc/apache2/envvars
  unit:
    description: Unit of Apache.
    type: str
    default: apache2.service
  files:
    description: Path below O(root) to the wanted content, null for a file that must not be there.
    type: dict
    default: {}
  links:
    description: Path below O(root) to the target of a symbolic link.
    type: dict
    default: {}
  state:
    description: What to do.
    type: str
    choices: [planned, applied]
    default: planned
"""

EXAMPLES = r"""
- name: Test a new virtual host
  steadfast.ha.mod_jk_config:
    files:
      sites-available/steadfast-shop.conf: "{{ shop_conf }}"
    links:
      sites-enabled/steadfast-shop.conf: ../sites-available/steadfast-shop.conf
"""

RETURN = r"""
errors:
  description: What Apache objects to.
  type: list
  elements: str
  returned: always
  sample: ["Invalid command 'JkMout', perhaps misspelled"]
tested:
  description: Whether there is an Apache here that could test them.
  type: bool
  returned: always
  sample: true
action:
  description: What Apache needs, V(none), V(reload) or V(start).
  type: str
  returned: always
  sample: reload
reasons:
  description: Why, for people.
  type: list
  elements: str
  returned: always
  sample: ["steadfast/workers.properties differs"]
"""

import datetime
import os
import re
import shlex
import shutil
import tempfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.steadfast.ha.plugins.module_utils.tomcat.files import File, FileSet, read, write


class Apache:
    """Apache on this machine, and its wanted files."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.given: dict[str, Any] = module.params
        self.files = self._below(self.given["root"])

    def _below(self, root: str) -> FileSet:
        wanted = {
            path: File(content=text, mode=0o600 if path.endswith("workers.properties") else 0o644)
            for path, text in self.given["files"].items()
        }
        wanted.update({path: File(target=target) for path, target in self.given["links"].items()})
        return FileSet(
            {os.path.join(root, path): file for path, file in wanted.items()},
            os.path.join(root, "steadfast", ".previous.json"),
        )

    def test(self) -> tuple[bool, list[str]]:
        """Let Apache read a copy with the wanted files: (whether it was tested, what it objects to)."""
        root, binary = self.given["root"], self.given["binary"]
        jk = self.given["jk"]
        if not os.access(binary, os.X_OK) or not os.path.isdir(root) or (jk and not os.path.exists(jk)):
            return False, []
        place = tempfile.mkdtemp(prefix="steadfast-apache-")
        try:
            copy = os.path.join(place, "conf")
            shutil.copytree(root, copy, symlinks=True)
            anchor(root, copy)
            main = os.path.join(copy, self.given["main_file"])
            # where it names its own folder, it would lead back to the live one
            write(
                main, re.sub(rf'(?m)^(\s*ServerRoot\s+)"?{re.escape(root)}/?"?\s*$', rf'\1"{copy}"', read(main) or "")
            )
            for path, file in self._below(copy).files.items():
                # absolute paths of the role's own folder lead into the copy, too
                text = f"-> {file.target}" if file.target else file.content
                write(path, text.replace(f"{root}/steadfast/", f"{copy}/steadfast/") if text else text, file.mode)
            rc, out, err = self.module.run_command(
                [
                    "sh",
                    "-c",
                    self._environment(place),
                    binary,
                    "-t",
                    "-d",
                    copy,
                    "-f",
                    main,
                ]
            )
            if rc == 0:
                return True, []
            lines = [line.strip().replace(f"{copy}/", "") for line in (out + err).splitlines() if line.strip()]
            return True, [" ".join(line for line in lines if "AH00558" not in line)[:600] or f"it ended with {rc}"]
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _environment(self, place: str) -> str:
        """A shell line that runs a program as the unit would, but in folders that are there before Apache ever ran."""
        source = self.given["environment_file"]
        read = f". {shlex.quote(source)}; " if os.path.exists(source) else ""
        own = "; ".join(f"export {name}={shlex.quote(place)}" for name in ("APACHE_RUN_DIR", "APACHE_LOCK_DIR"))
        return f'{read}{own}; exec "$0" "$@"'

    def needs(self) -> tuple[str, list[str]]:
        """What Apache needs, and why."""
        reasons = [f"{os.path.relpath(path, self.given['root'])} differs" for path in self.files.differing()]
        _rc, out, _err = self.module.run_command(
            [
                "systemctl",
                "show",
                self.given["unit"],
                "--timestamp=us+utc",
                "--property=ActiveState,StateChangeTimestamp",
            ]
        )
        told = dict(row.split("=", 1) for row in out.splitlines() if "=" in row)
        if told.get("ActiveState") not in ("active", "reloading"):
            return "start", [*reasons, "it does not run"]
        if not reasons and self._newest() > last_change(told.get("StateChangeTimestamp", "")):
            reasons.append("it has not read its files since they changed")
        return ("reload" if reasons else "none"), reasons

    def _newest(self) -> float:
        times = [os.lstat(path).st_mtime for path in self.files.files if os.path.lexists(path)]
        return max(times, default=0.0)


def anchor(root: str, copy: str) -> None:
    """Have relative links that lead out of a folder lead to the same places from its copy."""
    for folder, folders, names in os.walk(copy):
        for name in folders + names:
            path = os.path.join(folder, name)
            if not os.path.islink(path) or os.path.isabs(os.readlink(path)):
                continue
            origin = os.path.dirname(os.path.join(root, os.path.relpath(path, copy)))
            target = os.path.normpath(os.path.join(origin, os.readlink(path)))
            if os.path.commonpath([root, target]) != root:
                os.unlink(path)
                os.symlink(target, path)


def last_change(text: str) -> float:
    """Return when systemd last saw the unit start or reload, in seconds since 1970; infinity when it does not say."""
    for form in ("%Y-%m-%d %H:%M:%S.%f UTC", "%Y-%m-%d %H:%M:%S UTC"):
        try:
            moment = datetime.datetime.strptime(text.split(" ", 1)[-1], form).replace(tzinfo=datetime.timezone.utc)
            return moment.timestamp()
        except ValueError:
            continue
    return float("inf")


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "root": {"type": "path", "default": "/etc/apache2"},
            "main_file": {"type": "str", "default": "apache2.conf"},
            "binary": {"type": "path", "default": "/usr/sbin/apache2"},
            "jk": {"type": "path", "default": ""},
            "environment_file": {"type": "path", "default": "/etc/apache2/envvars"},
            "unit": {"type": "str", "default": "apache2.service"},
            "files": {"type": "dict", "default": {}, "no_log": True},
            "links": {"type": "dict", "default": {}},
            "state": {"type": "str", "choices": ["planned", "applied"], "default": "planned"},
        },
        supports_check_mode=True,
    )
    apache = Apache(module)
    action, reasons = apache.needs()
    tested, errors = (False, []) if action == "none" else apache.test()
    changed: list[str] = []
    if module.params["state"] == "applied":
        if errors:
            module.fail_json(msg="; ".join(errors))
        changed = apache.files.differing() if module.check_mode else apache.files.put()
    module.exit_json(changed=bool(changed), errors=errors, tested=tested, action=action, reasons=reasons)


if __name__ == "__main__":
    main()
