# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``-e role_does_it=true`` gives a string, which ansible-core 2.19 refuses as a condition: switches pass ``bool``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

CONDITIONS = ("when", "that", "failed_when", "changed_when", "until")


def conditions(content: Any) -> Iterator[str]:
    """Every condition in a list of tasks, however deep."""
    if isinstance(content, list):
        for item in content:
            yield from conditions(item)
    elif isinstance(content, dict):
        for key, value in content.items():
            if key in CONDITIONS:
                yield from (str(item) for item in (value if isinstance(value, list) else [value]))
            else:
                yield from conditions(value)


def switches(role: Path) -> set[str]:
    """The variables of a role that are true or false."""
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    options = [option for entry in specs.values() for option in (entry.get("options") or {}).items()]
    return {name for name, option in options if option.get("type") == "bool"}


def bare(condition: str, names: set[str]) -> list[str]:
    """The switches that stand in a condition as they are."""
    return [name for name in sorted(names) if re.search(rf"(?<![\w.]){name}(?!\w)(?!\s*\|\s*bool)", condition)]


@pytest.mark.parametrize(
    ("condition", "found"), [("a_b or x", ["a_b"]), ("a_b | bool or x", []), ("not a_b|bool", []), ("__a_b", [])]
)
def test_a_bare_switch_is_seen(condition: str, found: list[str]) -> None:
    assert bare(condition, {"a_b"}) == found


def test_no_condition_takes_a_switch_as_it_is(project: Path) -> None:
    found = []
    for spec in sorted((project / "roles").glob("*/meta/argument_specs.yml")):
        role = spec.parents[1]
        names = switches(role)
        for path in sorted((role / "tasks").rglob("*.yml")):
            for condition in conditions(yaml.safe_load(path.read_text(encoding="utf-8"))):
                found += [f"{path.relative_to(project)}: {name}" for name in bare(condition, names)]
    assert found == []
