# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A victim to freeze, and a place of its own for the notes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drill.fault import procfs
from drill.fault.place import Place

#: The last word of the victim's command line; no other process's, whoever runs these tests beside us.
MARK = f"victim-of-{os.getpid()}"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(str(tmp_path / "notes"), "process")


@pytest.fixture
def victim() -> Iterator[dict[str, Any]]:
    """A process that does nothing, and can be found by its command line."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", MARK]) as process:
        # Before exec(2) it has its parent's command line.
        eventually(lambda: MARK in procfs.command_of(process.pid), "the victim runs")
        found = procfs.identity(process.pid)
        assert found
        yield found
        process.kill()


def eventually(condition: Callable[[], object], what: str) -> None:
    """Wait for what must come; the bound only ends a test that has failed already."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


@pytest.fixture
def wait() -> Callable[[Callable[[], object], str], None]:
    return eventually
