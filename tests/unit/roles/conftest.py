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


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """``render(inventory, **variables)``: a folder with one folder per host; fails with the play's output."""
    role = tmp_path / "roles" / "rendered"
    for folder in ("defaults", "vars", "templates"):
        shutil.copytree(ROOT / "roles" / "heartbeat" / folder, role / folder)
    (role / "tasks").mkdir()
    shutil.copy(HERE / "heartbeat" / "tasks.yml", role / "tasks" / "main.yml")

    def run(inventory: Path | dict[str, Any], **variables: Any) -> Path:
        if isinstance(inventory, dict):
            source = tmp_path / "inventory.json"
            source.write_text(json.dumps(inventory))
            inventory = source
        out = tmp_path / "out"
        done = ansible_playbook(
            "--inventory", inventory, HERE / "heartbeat" / "render.yml", "--extra-vars",
            json.dumps({"out": str(out), "ansible_python_interpreter": sys.executable, **variables}),
            cwd=tmp_path, ANSIBLE_ROLES_PATH=str(tmp_path / "roles"),
        )  # fmt: skip
        if done.returncode:
            raise AssertionError(done.stdout + done.stderr)
        return out

    return run
