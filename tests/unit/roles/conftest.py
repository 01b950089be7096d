# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders the role heartbeat's files for an inventory, with the real templates and defaults."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent


def ansible_playbook(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ansible-playbook of this Python, with the collection of this checkout."""
    return subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), *arguments],
        cwd=cwd,
        env={
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collection"),
            "ANSIBLE_LOCAL_TEMP": str(cwd / "local-tmp"),
            "ANSIBLE_REMOTE_TEMP": str(cwd / "remote-tmp"),
            "ANSIBLE_NOCOLOR": "1",
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )


Render = Callable[..., Path]


def unit_of(path: Path) -> dict[str, list[str]]:
    """Read a unit file: key -> its values, in their order."""
    found: dict[str, list[str]] = {}
    for row in path.read_text().splitlines():
        key, mark, value = row.partition("=")
        if mark and not row.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


@pytest.fixture(scope="module")
def render(tmp_path_factory: pytest.TempPathFactory) -> Render:
    """``render(inventory)``: a folder with one folder per host; AssertionError with the play's output on failure."""
    tmp_path = tmp_path_factory.mktemp("render")
    role = tmp_path / "roles" / "rendered"
    for folder in ("defaults", "vars", "templates"):
        shutil.copytree(ROOT / "roles" / "heartbeat" / folder, role / folder)
    (role / "tasks").mkdir()
    shutil.copy(HERE / "heartbeat" / "tasks.yml", role / "tasks" / "main.yml")

    def run(inventory: dict[str, Any]) -> Path:
        source = tmp_path / "inventory.json"
        source.write_text(json.dumps(inventory))
        out = tmp_path / "out"
        done = ansible_playbook(
            "--inventory", source, HERE / "heartbeat" / "render.yml", "--extra-vars",
            json.dumps({"out": str(out), "ansible_python_interpreter": sys.executable}),
            cwd=tmp_path, ANSIBLE_ROLES_PATH=str(tmp_path / "roles"), ANSIBLE_FORKS="12",
        )  # fmt: skip
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        return out

    return run
