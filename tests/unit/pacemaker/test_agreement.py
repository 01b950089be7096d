# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role's argument specs and the tables that the request is checked by say the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from pacemaker import compose, constraints, helpers, operate, resources, sections
from pacemaker.shape import Fields
from pacemaker.words import FORMER_ROLES

#: path in the specs -> table
TABLES: dict[str, Fields] = {
    "resources": resources.RESOURCE,
    "resources.vip": helpers.VIP,
    "resources.service": helpers.SERVICE,
    "resources.filesystem": helpers.FILESYSTEM,
    "resources.operations": resources.OPERATION,
    "web_servers": helpers.WEB_SERVER,
    "groups": resources.GROUP,
    "clones": resources.CLONE,
    "fence_devices": resources.FENCE_DEVICE,
    "fence_devices.operations": resources.OPERATION,
    "fence_levels": sections.LEVEL,
    "fence_levels.attribute": sections.ATTRIBUTE,
    "locations": constraints.LOCATION,
    "locations.rule": constraints.RULE,
    "colocations": constraints.COLOCATION,
    "colocations.sets": constraints.SET,
    "orders": constraints.ORDER,
    "orders.sets": constraints.SET,
    "alerts": sections.ALERT,
    "alerts.recipients": sections.RECIPIENT,
    "acl_roles": sections.ACL_ROLE,
    "acl_roles.permissions": sections.PERMISSION,
    "acl_users": sections.ACL_SUBJECT,
    "acl_groups": sections.ACL_SUBJECT,
    "tags": sections.TAG,
}


@pytest.fixture(scope="module")
def options(project: Path) -> Mapping[str, Any]:
    text = (project / "roles" / "pacemaker" / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    found: Mapping[str, Any] = yaml.safe_load(text)["argument_specs"]["main"]["options"]
    return found


@pytest.mark.parametrize("path", sorted(TABLES))
def test_an_entry_has_the_same_fields(path: str, options: Mapping[str, Any]) -> None:
    first, *rest = path.split(".")
    spec = options[f"pacemaker_{first}"]
    for step in rest:
        spec = spec["options"][step]
    table = TABLES[path]
    assert set(spec["options"]) == set(table)
    for name, field in table.items():
        told = spec["options"][name]
        assert bool(told.get("required")) == field.required, name
        if name != "select":
            assert set(told.get("choices", ())) == set(field.choices) - set(FORMER_ROLES), name


def test_every_key_of_a_request_is_a_variable_and_reaches_the_module(options: Mapping[str, Any], project: Path) -> None:
    text = (project / "roles" / "pacemaker" / "vars" / "cib.yml").read_text(encoding="utf-8")
    request = yaml.safe_load(text)["__pacemaker_configuration"]
    assert set(request) == set(compose.KEYS)
    assert {f"pacemaker_{key}" for key in compose.KEYS} <= set(options)
    assert all(f"pacemaker_{key}" in value for key, value in request.items())


def test_the_mark_of_a_run_is_the_same(project: Path) -> None:
    text = (project / "roles" / "pacemaker" / "vars" / "main.yml").read_text(encoding="utf-8")
    assert yaml.safe_load(text)["__pacemaker_maintenance_id"] == operate.OF_A_RUN


def test_the_words_about_fencing_are_the_same(options: Mapping[str, Any]) -> None:
    assert options["pacemaker_without_fencing"]["choices"] == ["", compose.WITHOUT_FENCING]
