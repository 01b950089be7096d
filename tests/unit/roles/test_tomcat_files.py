# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit of the role tomcat as it is rendered for Tomcats that no lab has, and the order of what touches a node."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
ROLE = ROOT / "roles" / "tomcat"

spec = importlib.util.spec_from_file_location("roles_conftest", HERE / "conftest.py")
assert spec is not None
assert spec.loader is not None
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)

ARCHIVE = {"url": "https://x.example/apache-tomcat-9.0.99.tar.gz", "checksum": "sha512:0123456789abcdef"}
HOSTS: dict[str, dict[str, Any]] = {
    "ten": {},
    "eleven": {"tomcat_version": 11},
    "archive": {"tomcat_archive": ARCHIVE},
    "elsewhere": {"tomcat_archive": ARCHIVE, "tomcat_packages": ["java-21-openjdk-headless"]},
    "farm": {"tomcat_farm": {"deployDir": "/srv/farm", "watchDir": "/srv/watch", "tempDir": "/srv/farm"}},
    "own-farm": {"tomcat_farm": {"watchEnabled": True}},
    "more": {"tomcat_unit_extra": "MemoryMax=2G", "tomcat_user": "shop", "tomcat_base_dir": "/srv/tomcat"},
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one folder per host."""
    place = tmp_path_factory.mktemp("tomcat")
    role = place / "roles" / "rendered"
    for folder in ("defaults", "vars", "templates"):
        shutil.copytree(ROLE / folder, role / folder)
    (role / "tasks").mkdir()
    shutil.copy(HERE / "tomcat" / "tasks.yml", role / "tasks" / "main.yml")
    inventory = place / "inventory.json"
    inventory.write_text(json.dumps({"tomcat": {"hosts": HOSTS}}))
    done = conftest.ansible_playbook(
        "--inventory", inventory, HERE / "tomcat" / "render.yml", "--extra-vars",
        json.dumps({"out": str(place / "out"), "ansible_python_interpreter": sys.executable}),
        cwd=place, ANSIBLE_ROLES_PATH=str(place / "roles"), ANSIBLE_FORKS="6",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "out"


def unit(rendered: Path, host: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = conftest.unit_of(rendered / host / "unit.service")
    return found


@pytest.mark.parametrize(
    ("host", "packages", "home", "skeleton"),
    [
        ("ten", ["tomcat10-common", "tomcat10-user"], "/usr/share/tomcat10", "skel/conf"),
        ("eleven", ["tomcat11-common", "tomcat11-user"], "/usr/share/tomcat11", "skel/conf"),
        ("archive", ["default-jre-headless"], "/opt/steadfast-tomcat/apache-tomcat-9.0.99-0123456789ab", "conf"),
        ("elsewhere", ["java-21-openjdk-headless"], "/opt/steadfast-tomcat/apache-tomcat-9.0.99-0123456789ab", "conf"),
    ],
)
def test_where_a_tomcat_comes_from(rendered: Path, host: str, packages: list[str], home: str, skeleton: str) -> None:
    told = json.loads((rendered / host / "platform.json").read_text())
    assert told == {"packages": packages, "home": home, "skeleton": f"{home}/{skeleton}"}
    assert unit(rendered, host)["ExecStart"] == [f"{home}/bin/catalina.sh run"]


@pytest.mark.parametrize("host", HOSTS)
def test_an_instance_runs_as_nobody_special_and_writes_nowhere_else(rendered: Path, host: str) -> None:
    found = unit(rendered, host)
    user = HOSTS[host].get("tomcat_user", "tomcat")
    base = HOSTS[host].get("tomcat_base_dir", "/var/lib/steadfast-tomcat/instances")
    assert (found["User"], found["Group"]) == ([user], [user])
    assert found["ProtectSystem"] == ["strict"]
    assert found["CapabilityBoundingSet"] == [""]
    assert found["NoNewPrivileges"] == ["true"]
    places = " ".join(found["ReadWritePaths"]).split()
    # folders of the farm may be missing at first, and each is named once; those below the instance's own are in there
    assert places == [f"{base}/%i"] + (["-/srv/farm", "-/srv/watch"] if host == "farm" else [])


def test_more_lines_belong_to_the_service(rendered: Path) -> None:
    rows = (rendered / "more" / "unit.service").read_text().splitlines()
    assert rows.index("[Service]") < rows.index("MemoryMax=2G") < rows.index("[Install]")


def tasks(name: str) -> list[dict[str, Any]]:
    """The tasks of a file of the role."""
    found: list[dict[str, Any]] = yaml.safe_load((ROLE / "tasks" / name).read_text())
    return found


#: Whose parameters and files have secrets in them. What a path into them leads to is told by its name.
SECRETIVE = re.compile(
    r"__tomcat_(instances|applications)\b(?!.*attribute='(name|route)')|attribute='item'\)"
    r"|steadfast\.ha\.tomcat_(plan|applications|left_running)\b"
)


def printing(content: Any) -> Iterator[str]:
    """The tasks whose loop or facts have secrets in them and that print them."""
    for task in content:
        for block in ("block", "rescue"):
            yield from printing(task.get(block, []))
        shown = f"{task.get('loop', '')} {task.get('ansible.builtin.set_fact', '')}"
        if SECRETIVE.search(shown) and task.get("no_log") != "{{ tomcat_no_log }}":
            yield task["name"]


def test_no_task_prints_the_files_of_instances_or_parameters_of_applications() -> None:
    files = [str(path.relative_to(ROLE / "tasks")) for path in (ROLE / "tasks").rglob("*.yml")]
    assert {name: found for name in files if (found := list(printing(tasks(name))))} == {}


def written(name: str) -> set[str]:
    """Where the tasks of a file of the role write to, as far as it is one of the files that instances share."""
    modules = ("ansible.builtin.copy", "ansible.builtin.template")
    found = {str(task[module]["dest"]) for task in tasks(name) for module in modules if module in task}
    return found & {"{{ tomcat_config_dir }}/ajp-secret", "{{ __tomcat_unit }}"}


def test_what_instances_share_comes_after_the_test_of_all_configurations() -> None:
    order = [
        task.get("ansible.builtin.import_tasks") or task["ansible.builtin.include_tasks"] for task in tasks("main.yml")
    ]
    before = order[: order.index("plan.yml") + 1]
    assert not set().union(*(written(name) for name in before))
    assert {"together.yml", "rolled.yml", "shared.yml"}.isdisjoint(before)
    assert len(written("shared.yml")) == 2


def test_both_roles_check_the_inventory_before_anything_is_done_to_a_node() -> None:
    plays = yaml.safe_load((ROOT / "playbooks" / "tomcat.yml").read_text())
    checks: dict[str, list[int]] = {"tomcat": [], "mod_jk": []}
    for number, play in enumerate(plays):
        for task in play.get("tasks", []):
            given = task.get("ansible.builtin.include_role", {})
            if given.get("tasks_from") == "check":
                checks[given["name"].rsplit(".", 1)[-1]].append(number)
    first = min(number for number, play in enumerate(plays) if "roles" in play)
    assert all(numbers and max(numbers) < first for numbers in checks.values())
    # who disagrees in one play ends the run, and not only his own part in it
    assert plays[checks["mod_jk"][0]]["any_errors_fatal"] is True
    assert "ansible_play_hosts" in str(tasks("check.yml")[-1])


def test_the_check_comes_to_what_the_role_comes_to() -> None:
    imported = [
        task["ansible.builtin.import_tasks"] for task in tasks("main.yml") if "ansible.builtin.import_tasks" in task
    ]
    checked = [
        task["ansible.builtin.import_tasks"] for task in tasks("check.yml") if "ansible.builtin.import_tasks" in task
    ]
    assert checked == imported[: imported.index("install.yml")]
