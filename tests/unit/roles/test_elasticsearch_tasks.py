# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Some of the role's own tasks, done on this machine as on a node, in folders of the test."""

from __future__ import annotations

import getpass
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TASKS = ROOT / "roles" / "elasticsearch" / "tasks"

spec = importlib.util.spec_from_file_location("roles_conftest", HERE / "conftest.py")
assert spec is not None
assert spec.loader is not None
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)

#: who may be given files by whoever runs the tests
MINE = {"owner: root": getpass.getuser(), "owner: elasticsearch": getpass.getuser()}


def play(
    place: Path, files: list[str], *options: str, owners: dict[str, str] | None = None, **given: Any
) -> subprocess.CompletedProcess[str]:
    """Run these files of the role for the inventory of three nodes. owners: who stands in for users of a node."""
    role = place / "roles" / "rendered"
    shutil.copytree(ROOT / "roles" / "elasticsearch", role)
    shutil.copy(HERE / "elasticsearch" / "some.yml", role / "tasks" / "main.yml")
    shutil.rmtree(role / "meta")
    for path in (role / "tasks").rglob("*.yml"):
        text = path.read_text()
        for said, user in (owners or MINE).items():
            text = text.replace(said, f"owner: {user}")
        path.write_text(re.sub(r"group: (root|elasticsearch)\n", "group: '{{ omit }}'\n", text))
    more = {"files": files, "ansible_python_interpreter": sys.executable, **given}
    done = conftest.ansible_playbook(
        "--inventory", ROOT / "inventories" / "elasticsearch_three", HERE / "elasticsearch" / "render.yml", *options,
        "--extra-vars", json.dumps(more), cwd=place, ANSIBLE_ROLES_PATH=str(place / "roles"),
    )  # fmt: skip
    assert isinstance(done, subprocess.CompletedProcess)
    return done


def told(done: subprocess.CompletedProcess[str], task: str) -> str:
    """What was printed of one task."""
    found = re.search(rf"TASK \[rendered : {re.escape(task)}\] \*+\n(.*?)(?=\n\n|\Z)", done.stdout, re.DOTALL)
    assert found, done.stdout + done.stderr
    return found.group(1)


def archive(path: Path) -> dict[str, str]:
    """An archive with a program, and the source that names it."""
    root = path.parent / "elasticsearch-8.15.3"
    (root / "bin").mkdir(parents=True)
    (root / "config").mkdir()
    (root / "bin" / "elasticsearch").write_text("#!/bin/sh\n")
    (root / "config" / "jvm.options").write_text("-XX:HeapDumpPath=data\n")
    with tarfile.open(path, "w:gz") as packed:
        packed.add(root / "bin", "elasticsearch-8.15.3/bin")
        packed.add(root / "config", "elasticsearch-8.15.3/config")
    return {"file": str(path), "checksum": "sha256:00ff"}


def test_the_file_of_each_node_is_compared_and_no_node_goes_on(tmp_path: Path) -> None:
    # the first node takes its package from the repository, the third one this file
    done = play(tmp_path, ["preconditions.yml"], elasticsearch_source=archive(tmp_path / "another.tar.gz"))
    for host in ("es1", "es2", "es3"):
        assert f"fatal: [{host}]: FAILED!" in done.stdout
    assert "has the checksum" in told(done, "Refuse a file that is another one")


def test_a_whole_archive_is_put_into_its_place_with_paths_that_may_be_written(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    done = play(
        tmp_path, ["archive.yml", "options.yml"], "--limit", "es3", elasticsearch_prefix=str(tmp_path),
        elasticsearch_source=archive(tmp_path / "a.tar.gz"), elasticsearch_config_dir=str(tmp_path / "etc"),
        elasticsearch_data_dir="/srv/data",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "elasticsearch-8.15.3" / "bin" / "elasticsearch").exists()
    assert not (tmp_path / "elasticsearch-8.15.3.part").exists()
    assert (tmp_path / "etc" / "jvm.options").read_text() == "-XX:HeapDumpPath=/srv/data\n"


def test_half_of_an_archive_is_no_program(tmp_path: Path) -> None:
    source = archive(tmp_path / "a.tar.gz")
    program = tmp_path / "elasticsearch-8.15.3" / "bin" / "elasticsearch"
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as packed:
        packed.add(program, "elasticsearch-8.15.3/bin/elasticsearch")
        # what can be listed and not be unpacked, where a disk would be full
        packed.add(program, "elasticsearch-8.15.3/bin/elasticsearch/below-a-file")
    shutil.rmtree(tmp_path / "elasticsearch-8.15.3")
    done = play(
        tmp_path, ["archive.yml"], "--limit", "es3", elasticsearch_prefix=str(tmp_path), elasticsearch_source=source
    )
    assert done.returncode != 0
    assert (tmp_path / "elasticsearch-8.15.3.part" / "bin" / "elasticsearch").exists(), done.stdout
    assert not program.exists()


def test_options_of_an_archive_that_is_not_there_yet_are_foretold(tmp_path: Path) -> None:
    more = {"elasticsearch_prefix": str(tmp_path), "elasticsearch_config_dir": str(tmp_path / "etc")}
    done = play(tmp_path, ["options.yml"], "--check", "--limit", "es3", **more)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed: [es3]" in told(done, "Write them with folders that the node may write to")


def test_a_keystore_of_somebody_else_is_given_to_the_node(tmp_path: Path) -> None:
    (tmp_path / "elasticsearch.keystore").touch(0o660)
    owners = {"owner: root": getpass.getuser(), "owner: elasticsearch": "nobody"}
    more = {"owners": owners, "elasticsearch_config_dir": str(tmp_path)}
    done = play(tmp_path, ["folder.yml"], "--check", "--limit", "es3", **more)
    assert "changed: [es3]" in told(done, "Give it to the node")


def test_a_package_and_its_hold_are_foretold_where_there_is_neither(tmp_path: Path) -> None:
    (tmp_path / "a.deb").touch()
    done = play(
        tmp_path, ["package.yml"], "--check", "--limit", "es3", elasticsearch_install="package",
        elasticsearch_source={"file": str(tmp_path / "a.deb")}, ansible_facts={"os_family": "Debian"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "changed: [es3]" in told(done, "Copy the package")
    assert "changed: [es3]" in told(done, "Hold the version")


def tasks(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((TASKS / name).read_text())
    return found


def test_the_hold_comes_with_the_turn_of_the_node() -> None:
    assert "preferences" not in (TASKS / "repository_debian.yml").read_text()
    names = [task["name"] for task in tasks("package.yml")]
    # before the package: a pin of the version that goes would forbid the one that comes
    assert names.index("Hold the version") < names.index("Install the package of the repository")


@pytest.mark.parametrize("family", ["debian", "redhat"])
def test_a_repository_that_is_only_foretold_is_known_as_such(family: str) -> None:
    assert "__elasticsearch_repository" in [task.get("register") for task in tasks(f"repository_{family}.yml")]


def test_systemd_reads_units_at_each_start() -> None:
    block = tasks("start.yml")[0]["block"]
    started = [task["ansible.builtin.systemd_service"] for task in block if "ansible.builtin.systemd_service" in task]
    assert [one["daemon_reload"] for one in started] == [True]


@pytest.mark.parametrize(
    ("answer", "initial", "is_enough"),
    [
        ({"cluster_uuid": "u1", "refused": ""}, [], True),
        ({"cluster_uuid": "", "refused": ""}, ["es1"], False),
        ({"cluster_uuid": "", "refused": "401"}, ["es1"], True),
        # it may know its users when it has joined
        ({"cluster_uuid": "", "refused": "401"}, [], False),
    ],
)
def test_a_node_of_a_new_cluster_that_refuses_is_not_waited_for(
    answer: dict[str, str], initial: list[str], is_enough: bool
) -> None:
    until = next(task["until"] for task in tasks("start.yml")[0]["block"] if "until" in task)
    decide = jinja2.Environment(undefined=jinja2.StrictUndefined).compile_expression(until)
    known = {"__elasticsearch_answered": answer, "__elasticsearch_decision": {"initial": initial}}
    assert bool(decide(**known)) is is_enough
