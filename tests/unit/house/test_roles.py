# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A role's variables: named after the role, and the same in defaults, argument specs and documents."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import role_docs
import yaml

#: variables of Ansible itself that a task may set
ANSIBLES = re.compile(r"ansible_\w+$")


class Loader(yaml.SafeLoader):
    """YAML with Ansible's tags, which are text to us."""


for tag in ("!vault", "!unsafe"):
    Loader.add_constructor(tag, lambda loader, node: loader.construct_scalar(node))  # type: ignore[arg-type]


def load(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=Loader) if path.is_file() else None


def stranger(role: str, name: str) -> bool:
    """Tell whether a variable is named neither ``<role>_x`` nor ``__<role>_x``."""
    return not re.match(rf"(__)?{re.escape(role)}_\w+$", name) and not ANSIBLES.match(name)


def set_by(task: Any) -> Iterator[str]:
    """Yield the names that a task (or what is nested in it) registers, sets as facts or gives as vars."""
    if isinstance(task, list):
        for item in task:
            yield from set_by(item)
    if not isinstance(task, dict):
        return
    if isinstance(task.get("register"), str):
        yield task["register"]
    for module in ("ansible.builtin.set_fact", "set_fact"):
        yield from (name for name in task.get(module) or {} if name != "cacheable")
    # variables given to another role are named after that one
    if not any(key.split(".")[-1] in ("include_role", "import_role") for key in task):
        yield from task.get("vars") or {}
    for block in ("block", "rescue", "always"):
        yield from set_by(task.get(block))


def strangers(role: Path) -> list[str]:
    """Return ``file: name`` for each variable of a role that is not named after it."""
    found = []
    for folder in ("defaults", "vars", "tasks", "handlers"):
        for path in sorted((role / folder).rglob("*.yml")):
            content = load(path)
            names = list(content or {}) if folder in ("defaults", "vars") else list(set_by(content))
            found += [f"{path.relative_to(role)}: {name}" for name in names if stranger(role.name, name)]
    return found


def disagreements(defaults: dict[str, Any], options: dict[str, Any]) -> list[str]:
    """Return how defaults and argument spec differ; a required option has no default and so stands in one only."""
    required = {name for name, option in options.items() if option.get("required")}
    found = [f"{name}: required, and yet in defaults" for name in sorted(required & set(defaults))]
    found += [f"{name}: in defaults, not in the spec" for name in sorted(set(defaults) - set(options))]
    found += [f"{name}: in the spec, not in defaults" for name in sorted(set(options) - required - set(defaults))]
    for name in sorted(set(defaults) & set(options)):
        # a spec's default only documents; where it is given, it must not lie
        if "default" in options[name] and options[name]["default"] != defaults[name]:
            found.append(f"{name}: default {defaults[name]!r}, but the spec says {options[name]['default']!r}")
        if not options[name].get("description"):
            found.append(f"{name}: no description")
    return found


def test_defaults_equal_argument_specs() -> None:
    found = {}
    for role in role_docs.roles():
        spec = role_docs.entry_points(role).get("main")
        if spec is None:
            found[role.name] = ["no argument spec for main"]
            continue
        defaults = load(role / "defaults" / "main.yml") or {}
        found[role.name] = disagreements(defaults, spec.get("options") or {})
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_documents_equal_argument_specs() -> None:
    stale = [
        role.name
        for role in role_docs.roles()
        if not role_docs.page_of(role).exists()
        or role_docs.page_of(role).read_text(encoding="utf-8") != role_docs.rendered(role)
    ]
    assert stale == [], "run: make docs"


def test_every_page_has_its_role(project: Path) -> None:
    pages = {page.stem for page in (project / "docs" / "roles").glob("*.md")} - {"README"}
    assert pages <= {role.name for role in role_docs.roles()}


def test_variables_are_named_after_their_role() -> None:
    found = {role.name: strangers(role) for role in role_docs.roles()}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    ("defaults", "options", "complaint"),
    [
        ({"web_port": 1}, {}, "web_port: in defaults, not in the spec"),
        ({}, {"web_port": {"description": "x"}}, "web_port: in the spec, not in defaults"),
        (
            {"web_port": 1},
            {"web_port": {"description": "x", "required": True}},
            "web_port: required, and yet in defaults",
        ),
        ({"web_port": 1}, {"web_port": {"description": "x", "default": 2}}, "web_port: default 1, but the spec says 2"),
        ({"web_port": 1}, {"web_port": {}}, "web_port: no description"),
    ],
)
def test_a_disagreement_is_found(defaults: dict[str, Any], options: dict[str, Any], complaint: str) -> None:
    assert disagreements(defaults, options) == [complaint]


def test_agreement_is_left_alone() -> None:
    options = {"web_port": {"description": "x", "default": 1}, "web_name": {"description": "x", "required": True}}
    assert disagreements({"web_port": 1}, options) == []


def test_strangers_are_found_wherever_they_hide(tmp_path: Path) -> None:
    role = tmp_path / "web"
    for folder in ("defaults", "tasks"):
        (role / folder).mkdir(parents=True)
    (role / "defaults" / "main.yml").write_text("web_port: 1\nport: 2\n")
    (role / "tasks" / "main.yml").write_text(
        "- block:\n"
        "    - ansible.builtin.command: x\n      register: out\n"
        "    - ansible.builtin.set_fact: {__web_x: 1, fact: 2, cacheable: true}\n"
        "  rescue:\n    - ansible.builtin.debug: {}\n      vars: {note: 1, ansible_become: true}\n"
        "- ansible.builtin.include_role: {name: other}\n  vars: {other_port: 1}\n"
    )
    assert strangers(role) == [
        "defaults/main.yml: port",
        "tasks/main.yml: out",
        "tasks/main.yml: fact",
        "tasks/main.yml: note",
    ]


def test_ansible_markup_becomes_markdown() -> None:
    assert role_docs.prose("See O(web_port) or C(f(\\)), B(never) I(x).") == "See `web_port` or `f()`, **never** *x*."
    assert role_docs.prose(r"Such as C(.*\.css), C(a\\b).") == r"Such as `.*\.css`, `a\b`."
    assert role_docs.prose("RFC(1) and ABC(x) stay") == "RFC(1) and ABC(x) stay"


def test_a_table_shows_nested_options_and_survives_bars() -> None:
    table = role_docs.tables(
        {
            "main": {
                "options": {
                    "web_sites": {
                        "type": "list",
                        "elements": "dict",
                        "default": [],
                        "description": ["One | site.", "Each with\n a name."],
                        "options": {"name": {"required": True, "description": "Its name.", "choices": ["a", "b"]}},
                    }
                }
            },
            "verify": {"short_description": "Check it"},
        }
    )
    assert "| `web_sites` | list of dict | `[]` | One \\| site. Each with a name. |" in table
    assert "| `web_sites[].name` | str | *required* | Its name. One of `a`, `b`. |" in table
    assert table.index("### Variables") < table.index("### Entry point `verify`")


def borrowed(project: Path, play: dict[str, Any]) -> set[str]:
    """Return the variables that a play gives to its roles and that only the defaults of a role it does not run have."""
    roles = {(role if isinstance(role, str) else role["role"]).split(".")[-1] for role in play.get("roles", [])}
    text = str(play.get("roles", []))
    names = {
        name
        for path in project.glob("roles/*/defaults/main.yml")
        if path.parts[-3] not in roles
        for name in load(path) or {}
    }
    return {name for name in names if re.search(rf"\b{name}\b(?!\s*\|\s*default\b)(?!')", text)}


def test_playbooks_use_the_defaults_of_roles_that_they_run(project: Path) -> None:
    found = {
        (path.name, play["name"]): missing
        for path in sorted((project / "playbooks").glob("*.yml"))
        for play in load(path)
        if (missing := borrowed(project, play))
    }
    assert found == {}


def test_a_play_without_the_role_whose_defaults_it_uses_is_found(project: Path) -> None:
    node = {"role": "steadfast.ha.node", "vars": {"node_members": "{{ pacemaker_members }}"}}
    assert borrowed(project, {"roles": [node]}) == {"pacemaker_members"}
    assert borrowed(project, {"roles": [node, "steadfast.ha.pacemaker"]}) == set()
