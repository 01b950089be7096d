# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role mod_jk's own tasks on two balancers whose Apache does not come back: one is put back, one not touched."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).resolve().parent
ROLE = HERE.parents[2] / "roles" / "mod_jk"

spec = importlib.util.spec_from_file_location("roles_conftest", HERE / "conftest.py")
assert spec is not None
assert spec.loader is not None
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)


def state(folder: Path) -> dict[str, str]:
    """Path -> text of the files below a folder."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.skipif(os.geteuid() != 0, reason="files have to belong to root")
def test_a_change_that_apache_does_not_survive_ends_at_the_first_balancer_and_is_taken_back(tmp_path: Path) -> None:
    before = {"own.conf": "old", "sites/steadfast-old.conf": "old"}
    for host in ("lb1", "lb2"):
        for path, text in before.items():
            (tmp_path / host / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / host / path).write_text(text)
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps({"mod_jk": {"hosts": {"lb1": {}, "lb2": {}}}}))
    done = conftest.ansible_playbook(
        "--inventory", inventory, HERE / "mod_jk" / "change.yml", "--extra-vars",
        json.dumps({"role": str(ROLE), "folder": str(tmp_path), "ansible_python_interpreter": sys.executable}),
        cwd=tmp_path,
    )  # fmt: skip
    output = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    assert "changed: [lb1]" in output
    assert "changed: [lb2]" not in output
    assert "lb1 has its former files back, and its status worker does not answer with them either" in output
    assert "Done: none. Not touched: lb2." in output
    assert state(tmp_path / "lb1") == state(tmp_path / "lb2") == before


def test_files_that_apache_serves_with_are_those_that_the_next_change_leads_back_to() -> None:
    tasks = yaml.safe_load((ROLE / "tasks" / "main.yml").read_text())
    files = [task.get("ansible.builtin.import_tasks") or task.get("ansible.builtin.include_tasks") for task in tasks]
    settled = tasks[files.index("settled.yml")]
    # change.yml settles what it has seen to work, and nobody what was not applied
    assert settled["when"] == ["__mod_jk_planned.action == 'none'", "not ansible_check_mode"]
    assert files.index("plan.yml") < files.index("settled.yml")
    assert "{{ __mod_jk_role }}/tasks/settled.yml" in (ROLE / "tasks" / "change.yml").read_text()
