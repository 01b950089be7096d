# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-test's pylint would say minutes later, said now."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest


def throwaway_names(source: str) -> list[int]:
    """The lines that bind a bare ``_``; ansible-test wants a name that says what is thrown away, e.g. ``_frame``."""
    lines = []
    for node in ast.walk(ast.parse(source)):
        bound = (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == "_") or (
            isinstance(node, ast.arg) and node.arg == "_"
        )
        if bound:
            lines.append(node.lineno)
    return lines


def test_nothing_in_plugins_is_named_underscore(project: Path, own_files: list[Path]) -> None:
    plugins = [path for path in own_files if path.suffix == ".py" and path.parts[0] == "plugins"]
    assert plugins
    found = {str(path): lines for path in plugins if (lines := throwaway_names((project / path).read_text()))}
    assert found == {}


def test_annotations_are_lazy_everywhere(project: Path, own_files: list[Path]) -> None:
    """Python 3.9 runs ``X | None`` only where annotations are not evaluated."""
    without = []
    for path in own_files:
        if path.suffix == ".py" and path.parts[0] in ("plugins", "molecule", "tests", "collection"):
            tree = ast.parse((project / path).read_text())
            code = [
                node for node in tree.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
            ]
            lazy = any(
                isinstance(node, ast.ImportFrom)
                and node.module == "__future__"
                and any(alias.name == "annotations" for alias in node.names)
                for node in code
            )
            if code and not lazy:
                without.append(str(path))
    assert without == []


@pytest.mark.parametrize(
    "source", ["for _ in range(3): pass", "a, _ = f()", "def f(_): pass", "lambda _: 0", "[0 for _ in x]"]
)
def test_a_throwaway_name_is_found(source: str) -> None:
    assert throwaway_names(source) == [1]
