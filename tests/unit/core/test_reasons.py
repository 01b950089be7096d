# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every reason that the program gives is in the catalogue, and everything in the catalogue is given by the program."""

from __future__ import annotations

import ast
import string
from pathlib import Path

import pytest

import heartbeat
from heartbeat.core.desk import Desk
from heartbeat.core.effects import Level
from heartbeat.core.invariant import BrokenInvariant, ensure
from heartbeat.core.reasons import CATALOGUE, sentence
from heartbeat.simulator.samples import sample

PACKAGE = Path(heartbeat.__file__).parent


def words(*rooms: str) -> set[str]:
    """All string constants of some rooms of the package, the catalogue itself aside."""
    found: set[str] = set()
    for room in rooms:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            if path.name == "reasons.py":
                continue
            tree = ast.parse(path.read_text("utf-8"))
            found |= {
                node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
    return found


def logged(*rooms: str) -> set[str]:
    """The literal codes in calls of ``….log(Level.…, "code", …)``."""
    found: set[str] = set()
    for room in rooms:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "log":
                    found |= {item.value for item in node.args[1:2] if isinstance(item, ast.Constant)}
    return found


def test_every_code_that_is_logged_is_known() -> None:
    assert logged("core", "wire") - set(CATALOGUE) == set()


def test_every_known_code_is_used() -> None:
    assert set(CATALOGUE) - words("core", "wire", "host", ".") == set()


def test_sentences_are_sentences() -> None:
    for code, text in CATALOGUE.items():
        assert text.strip() == text, code
        assert not text.endswith("."), code
        assert all(name and name.isidentifier() for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def test_sentence_fills_in_what_it_has() -> None:
    assert sentence("peer-silent", {"group": "10.0.0.9"}) == "10.0.0.9: taken because ?, which held it, fell silent"
    assert sentence("unheard-of", {}) == "unheard-of"


def test_an_unknown_code_is_a_defect() -> None:
    with pytest.raises(BrokenInvariant):
        Desk("n1", sample(), 0).log(Level.INFO, "unheard-of")


def test_ensure() -> None:
    ensure(True, "fine")
    with pytest.raises(AssertionError, match="not fine"):
        ensure(False, "not fine")
