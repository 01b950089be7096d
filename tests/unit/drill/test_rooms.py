# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may know whom, and what a client host must not need."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

SIDE_EFFECTS = {
    "socket",
    "subprocess",
    "threading",
    "selectors",
    "signal",
    "random",
    "secrets",
    "asyncio",
    "ssl",
    "fcntl",
}
ROOMS = {
    "timeline": {"timeline", "model"},
    "events": {"events"},
    "verdict": {"verdict", "timeline", "model"},
}


def sources(project: Path, room: str) -> list[Path]:
    return sorted((project / "plugins/module_utils/drill" / room).rglob("*.py"))


def imports(path: Path) -> list[tuple[int, str]]:
    """(level of the relative import, module) of every import."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(0, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.level, node.module or ""))
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_pure_rooms_touch_neither_machine_nor_clock(project: Path, room: str) -> None:
    paths = sources(project, room)
    assert paths
    for path in paths:
        for level, module in imports(path):
            top = module.split(".")[0]
            if level == 0:
                assert top not in SIDE_EFFECTS | {"os", "time", "datetime"}, f"{path} imports {module}"
            elif level == 2:
                assert top in ROOMS[room], f"{path} of room {room} knows {module}"


def test_standard_library_only_and_nothing_of_ansible(project: Path) -> None:
    for path in sources(project, "."):
        for level, module in imports(path):
            if level == 0:
                assert module.split(".")[0] in sys.stdlib_module_names, f"{path} imports {module}"


def test_probes_know_nothing_of_what_is_made_of_them(project: Path) -> None:
    for path in sources(project, "probe"):
        for level, module in imports(path):
            if level == 2:
                assert module in ("model", ""), f"{path} knows {module}"
