# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be in the artefact, and what must be."""

from __future__ import annotations

from pathlib import Path

import artefact
import pytest
import yaml

GOOD = [*sorted(artefact.REQUIRED), "plugins", "roles/heartbeat/tasks/main.yml", "tests/config.yml", "tests/sanity"]


def test_a_good_artefact_raises_no_objection() -> None:
    assert artefact.objections(GOOD) == []


@pytest.mark.parametrize(
    "name",
    [
        "plugins/module_utils/heartbeat/__pycache__/node.cpython-311.pyc",
        "docs/.cache/x",
        "tests/unit/test_x.py",
        "inventories/lab/hosts.yml",
        "site.retry",
        "molecule/lab/lab",
        "build",
    ],
)
def test_what_does_not_belong_is_found(name: str) -> None:
    assert artefact.objections([*GOOD, name])


@pytest.mark.parametrize("name", sorted(artefact.REQUIRED))
def test_what_is_missing_is_found(name: str) -> None:
    assert artefact.objections([other for other in GOOD if other != name]) == [f"{name}: missing from the artefact"]


def test_no_upper_bound_and_no_dependencies(project: Path) -> None:
    bound = yaml.safe_load((project / "meta" / "runtime.yml").read_text())["requires_ansible"]
    assert "<" not in bound
    assert "!" not in bound
    assert yaml.safe_load((project / "galaxy.yml").read_text())["dependencies"] == {}
