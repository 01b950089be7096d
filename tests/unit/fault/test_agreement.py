# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module, playbooks, pages and drill sets speak of the same kinds of fault, with the same options."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from drill.events.interpret import INTERPRETERS
from drill.fault.kinds import KINDS

#: What the playbook fills in by itself.
BY_PLAYBOOK = {"unit", "peers", "off_command", "on_command", "hook_environment"}


def drill_sets(project: Path) -> dict[str, list[dict[str, Any]]]:
    """Every list of drills that is shipped, by its file; each as if it were a game day."""
    found = {}
    for path in sorted((project / "inventories").rglob("*.yml")):
        # A lab's own inventory is written beside it while one is up.
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            continue
        drills = content.get("gameday_drills", [])
        series = content.get("drill_series")
        if drills or series:
            found[str(path)] = [*drills, *([{"name": "series", "steps": series}] if series else [])]
    return found


def options_of_module(project: Path, name: str = "failover_fault") -> dict[str, Any]:
    tree = ast.parse((project / f"plugins/modules/{name}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DOCUMENTATION":
            documentation = yaml.safe_load(ast.literal_eval(node.value))
            options: dict[str, Any] = documentation["options"]
            return options
    raise AssertionError("no DOCUMENTATION")


def test_the_module_has_every_kind_and_every_option(project: Path) -> None:
    options = options_of_module(project)
    assert options["kind"]["choices"] == list(KINDS)
    assert {option for kind in KINDS.values() for option in kind.options} <= set(options)


def test_the_report_and_its_page_know_every_way_of_logging(project: Path) -> None:
    options = options_of_module(project, "failover_report")
    assert set(options["logs"]["suboptions"]["reader"]["choices"]) == set(INTERPRETERS)
    page = (project / "docs/drills.md").read_text(encoding="utf-8")
    assert [name for name in INTERPRETERS if f"`{name}`" not in page] == []


def test_the_playbooks_know_every_kind(project: Path) -> None:
    text = yaml.safe_load((project / "playbooks/vars/drill.yml").read_text(encoding="utf-8"))
    named = {*re.findall(r"'(\w+)'", text["__drill_faults"]), *text["__drill_returns"]}
    assert named == {*KINDS, "heal"}


def test_the_playbook_passes_every_option_on(project: Path) -> None:
    tasks = yaml.safe_load((project / "playbooks/tasks/drill_fault_start.yml").read_text(encoding="utf-8"))
    passed = set(tasks[0]["steadfast.ha.failover_fault"])
    assert {option for kind in KINDS.values() for option in kind.options} <= passed


def test_the_page_has_every_kind(project: Path) -> None:
    text = (project / "docs/faults.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \|", text, re.M) == list(KINDS)


def test_every_shipped_drill_can_be_planned(project: Path) -> None:
    sets = drill_sets(project)
    assert len(sets) >= 2
    for path, drills in sets.items():
        names = [drill["name"] for drill in drills]
        assert len(set(names)) == len(names), path
        for drill in drills:
            assert re.fullmatch(r"[A-Za-z0-9_-]{1,32}", drill["name"]), path
            for number, step in enumerate(drill["steps"]):
                check_step(f"{path}: {drill['name']}", number, step)


def check_step(where: str, number: int, step: dict[str, Any]) -> None:
    if step["fault"] == "heal":
        assert number > 0, where
        return
    kind = KINDS[step["fault"]]
    options = set(step.get("options", {}))
    assert options <= {*kind.options, "delay_ms"}, where
    filled = BY_PLAYBOOK if "from" in step else BY_PLAYBOOK - {"peers"}
    assert set(kind.needs) <= options | filled, where


@pytest.mark.parametrize(
    "step",
    [
        {"fault": "heal"},
        {"fault": "cut", "target": "holder"},
        {"fault": "nic_down", "options": {"interfaces": ["eth1"]}},
        {"fault": "loss", "options": {"percent": 5, "path": "/"}},
    ],
)
def test_a_drill_that_cannot_be_planned_is_found(step: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        check_step("here", 0, step)
