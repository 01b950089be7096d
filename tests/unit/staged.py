# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our own plays and roles, run with stand-ins for the modules that would touch a machine."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("roles_conftest", ROOT / "tests" / "unit" / "roles" / "conftest.py")
assert spec is not None
assert spec.loader is not None
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)

#: Modules that look at a machine or change it.
TOUCHING = re.compile(
    r"^(\s+)(?:ansible\.builtin\.(?:apt|blockinfile|command|dnf|file|package|service_facts|setup|shell|slurp|stat"
    r"|systemd_service)"
    r"|steadfast\.ha\.pacemaker_\w+):(.*)$",
    re.MULTILINE,
)
#: Answers by the variable ``answers`` (task -> host or "*" -> result), and writes down what it was asked.
STAND_IN = """
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        host, task = task_vars["inventory_hostname"], self._task.get_name().split(" : ")[-1]
        answers = self._templar.template(task_vars["answers"]).get(task, {})
        with open(task_vars["journal"], "a") as file:
            file.write(f"{host}: {task}\\n")
        return {"changed": False, "stdout": "", "rc": 0, **(answers.get(host) or answers.get("*") or {})}
"""


class Stage:
    """A copy of playbooks and role, in which modules that touch a machine are stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "action_plugins").mkdir()
        (folder / "action_plugins" / "stand_in.py").write_text(STAND_IN)

    def copy(self, source: str, name: str) -> None:
        """Copy a file of ours to a place in the stage."""
        text = (ROOT / source).read_text()
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = TOUCHING.sub(r"\1stand_in:\2", text).replace("become: true", "become: false")
        # what does not change will not change by waiting
        target.write_text(re.sub(r"(?m)^( +retries): .*$", r"\1: 1", text))

    def play(
        self, play: str, answers: dict[str, Any], hosts: str = "alpha beta", *, is_check: bool = False, **variables: Any
    ) -> tuple[int, str, list[str]]:
        """Run a playbook; return its exit code, its output, and 'host: task' for each question to a stand-in."""
        journal = self.folder / "journal"
        journal.unlink(missing_ok=True)
        inventory = {"all": {"children": {"pacemaker": {"hosts": {host: {} for host in hosts.split()}}}}}
        (self.folder / "inventory.json").write_text(json.dumps(inventory))
        more = {"answers": answers, "journal": str(journal), "ansible_connection": "local", **variables}
        more["ansible_python_interpreter"] = sys.executable
        done = conftest.ansible_playbook(
            "--inventory", self.folder / "inventory.json", play, "--extra-vars", json.dumps(more),
            *(["--check"] if is_check else []), cwd=self.folder,
            ANSIBLE_ACTION_PLUGINS=str(self.folder / "action_plugins"),
        )  # fmt: skip
        asked = journal.read_text().splitlines() if journal.exists() else []
        return done.returncode, " ".join((done.stdout + done.stderr).split()), asked


#: what a stand-in answers for a host that is lost, and for a module that fails
UNREACHABLE = {"unreachable": True, "msg": "no route to host"}
FAILS = {"failed": True, "msg": "it does not do that"}
