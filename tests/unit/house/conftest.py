# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The project's own files, as the house rules see them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def own_files(project: Path) -> list[Path]:
    """Every file that is committed or would be: tracked, or new and not ignored. Relative to the project."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=project,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    files = [Path(name) for name in listing.split("\0") if name]
    # removed from the tree, but not from the index yet
    return [path for path in files if (project / path).is_file()]
