# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a password is the one whose hash a system has, asked of the system's own crypt."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = Path(__file__).resolve().parents[3] / "plugins" / "modules" / "pacemaker_password.py"
#: of "right horse", made by `openssl passwd -6`
HASHED = "$6$abcdefgh$d3JU7opb2UkJZux2SwBmGX8Hkza1nQ9YCB6fmlRP0qoYXSC7r5OhNEIDazC8SzaMoIByP9GLcjGV8VBWXaMRW0"


@pytest.fixture(scope="module")
def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pacemaker_password", SOURCE)
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.mark.parametrize(
    ("password", "hashed", "right"),
    [
        ("right horse", HASHED, True),
        ("wrong horse", HASHED, False),
        ("", "!", False),
        ("!", "!", False),
        ("", "", False),
    ],
)
def test_a_password_is_compared_by_its_hash(password: str, hashed: str, right: bool, module: ModuleType) -> None:
    assert module.is_right(password, hashed) is right
