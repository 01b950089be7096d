# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Benches of the daemon run it as the integration tests do; what they measure goes to docs/bench."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from netns import Cluster


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    found = Cluster(tmp_path)
    yield found
    found.close()


@pytest.fixture
def about(project: Path) -> dict[str, str]:
    """The machine and the versions that a figure is of."""
    tool = project / "collection" / "tools" / "about.py"
    facts: dict[str, str] = json.loads(subprocess.check_output([sys.executable, tool], text=True))
    return facts


@pytest.fixture
def pages(project: Path) -> Path:
    """Where the tables go."""
    found = project / "docs" / "bench"
    found.mkdir(exist_ok=True)
    return found
