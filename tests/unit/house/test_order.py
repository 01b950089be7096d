# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's set filters give a list in an order that changes from run to run; ours are in the inventory's order.

``difference`` and its like go through a Python set of strings, whose order the interpreter draws anew at each start.
Who takes a turn first, or which member a file names first, must not be drawn: ``reject('in', …)`` keeps the order.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

UNORDERED = re.compile(r"\|\s*(?:\w+(?:\.\w+)+\.)?(difference|intersect|union|symmetric_difference)\b")
ROOMS = ("roles", "playbooks", "molecule", "inventories", "examples")
KINDS = (".yml", ".j2")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{{ a | difference(b) }}", ["difference"]),
        ("{{ a | ansible.builtin.union(b) }}", ["union"]),
        ("{{ a | reject('in', b) | list }}", []),
        ("the difference (of two)", []),
    ],
)
def test_a_set_filter_is_seen(text: str, found: list[str]) -> None:
    assert UNORDERED.findall(text) == found


def test_no_list_is_put_into_an_order_that_changes(project: Path, own_files: list[Path]) -> None:
    looked_at = [path for path in own_files if path.parts[0] in ROOMS and path.suffix in KINDS]
    assert looked_at
    found = [f"{path}: {name}" for path in looked_at for name in UNORDERED.findall((project / path).read_text("utf-8"))]
    assert found == []
