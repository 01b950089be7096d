# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's core and wire format decide and translate; they touch nothing of the machine.

Only then does a recorded run replay to the same decisions. The rule is checked on syntax trees, through every module
of the package that core/ or wire/ lead to at run time: a forbidden import one step away is still an import.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PURE = ("core", "wire")
FORBIDDEN_MODULES = frozenset(
    "asyncio concurrent ctypes datetime fcntl importlib logging multiprocessing os pathlib platform queue random sched "
    "secrets select selectors shutil signal socket socketserver ssl subprocess syslog tempfile threading time uuid "
    "urllib http _thread".split()
)
FORBIDDEN_CALLS = frozenset("open input print exec eval compile __import__ breakpoint".split())
#: io is fine for bytes in memory, not for files
FORBIDDEN_ATTRIBUTES = frozenset({("io", "open"), ("io", "open_code"), ("io", "FileIO")})


def runtime_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that can run: not what stands under ``if TYPE_CHECKING:``."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for other in node.orelse:
                yield other
                yield from runtime_nodes(other)
            continue
        yield node
        yield from runtime_nodes(node)


def impurities(source: str) -> list[str]:
    """What a module does that a pure one must not, as ``line: what``."""
    found = []
    for node in runtime_nodes(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            modules = [node.module or ""]
            found += [
                f"{node.lineno}: from {node.module} import {alias.name}"
                for alias in node.names
                if (node.module, alias.name) in FORBIDDEN_ATTRIBUTES
            ]
        else:
            modules = []
        found += [f"{node.lineno}: import {name}" for name in modules if name.split(".")[0] in FORBIDDEN_MODULES]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
            found.append(f"{node.lineno}: {node.func.id}()")
        if isinstance(node, ast.Attribute) and (ast.unparse(node.value), node.attr) in FORBIDDEN_ATTRIBUTES:
            found.append(f"{node.lineno}: {ast.unparse(node)}")
    return found


def module_files(package: Path, dotted: tuple[str, ...]) -> list[Path]:
    """The files that importing ``package.dotted`` runs: each parent's ``__init__`` and the module itself."""
    files = [package.joinpath(*dotted[:depth], "__init__.py") for depth in range(len(dotted) + 1)]
    if dotted:
        files.append(package.joinpath(*dotted).with_suffix(".py"))
    return [path for path in files if path.is_file()]


def led_to(package: Path, path: Path) -> Iterator[Path]:
    """The files of the package that a file's imports run."""
    here = path.relative_to(package).parent.parts
    for node in runtime_nodes(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level > 0:
            base = here[: len(here) - (node.level - 1)] + tuple((node.module or "").split(".") if node.module else ())
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == package.name:
            base = tuple((node.module or "").split(".")[1:])
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == package.name:
                    yield from module_files(package, tuple(alias.name.split(".")[1:]))
            continue
        else:
            continue
        yield from module_files(package, base)
        for alias in node.names:  # `from . import clock` imports a module
            yield from module_files(package, (*base, alias.name))


def closure(package: Path) -> dict[Path, Path]:
    """Every file that core/ and wire/ lead to, each with the file that led there."""
    seen: dict[Path, Path] = {}
    todo = [(path, path) for room in PURE for path in sorted((package / room).rglob("*.py"))]
    while todo:
        path, origin = todo.pop()
        if path not in seen:
            seen[path] = origin
            todo += [(target, path) for target in led_to(package, path)]
    return seen


def complaints(package: Path) -> list[str]:
    return [
        f"{path.relative_to(package)}:{what} (from {origin.relative_to(package)})"
        for path, origin in sorted(closure(package).items())
        for what in impurities(path.read_text(encoding="utf-8"))
    ]


def test_core_and_wire_are_pure(project: Path) -> None:
    package = project / "plugins" / "module_utils" / "heartbeat"
    assert all(any((package / room).glob("*.py")) for room in PURE)
    assert complaints(package) == []


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "import os.path",
        "from datetime import datetime",
        "def f():\n    import socket",
        "try:\n    import random\nexcept ImportError:\n    pass",
        "open('x')",
        "from io import open",
        "import io\nio.open('x')",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    pass\nelse:\n    import uuid",
    ],
)
def test_an_impurity_is_found(source: str) -> None:
    assert len(impurities(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import hashlib, hmac, zlib, bz2, enum, dataclasses",
        "from ..settings import model",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from pathlib import Path",
        "import io\nio.BytesIO(b'')",
        "channel.open()",
    ],
)
def test_a_pure_module_is_left_alone(source: str) -> None:
    assert impurities(source) == []


@pytest.mark.parametrize(
    "statement",
    [
        "from ..host import clock",
        "from ..host.clock import now",
        "from .. import host",
        "from heartbeat.host.clock import now",
        "import heartbeat.host.clock",
    ],
)
def test_an_impurity_one_step_away_is_found(tmp_path: Path, statement: str) -> None:
    package = tmp_path / "heartbeat"
    for room in ("core", "wire", "host"):
        (package / room).mkdir(parents=True)
        (package / room / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / "host" / "__init__.py").write_text("from .clock import now\n")
    (package / "host" / "clock.py").write_text("import time\nnow = time.monotonic\n")
    (package / "core" / "node.py").write_text("pass\n")
    assert complaints(package) == []
    (package / "core" / "node.py").write_text(statement + "\n")
    assert complaints(package) == ["host/clock.py:1: import time (from host/__init__.py)"] or complaints(package) == [
        "host/clock.py:1: import time (from core/node.py)"
    ]
