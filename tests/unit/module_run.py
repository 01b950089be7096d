# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module as Ansible does on a node: a program that reads its arguments and writes its answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def answer_of(module: str, arguments: Mapping[str, Any], **environment: str) -> dict[str, Any]:
    """Return what the module answers. AssertionError with its error output when it answers nothing."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "plugins" / "modules" / f"{module}.py")],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env={**os.environ, "PYTHONPATH": str(ROOT / "collection"), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
