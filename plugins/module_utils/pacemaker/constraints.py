# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Location, colocation and order constraints, with sets and rules: typed data to elements of the CIB."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Optional
from xml.etree.ElementTree import Element

from .fit import NESTED_SCORE
from .shape import Field, entries, shaped, values, variable
from .tree import element, plain, put
from .words import ROLES, Refused, known, made_id

_ROLE = Field(choices=tuple(sorted(ROLES)))
_ACTION = Field(choices=("start", "stop", "promote", "demote"))
LOCATION = {
    "name": Field("id"),
    "resource": Field(),
    "resources": Field("words"),
    "pattern": Field(),
    "node": Field(),
    "score": Field("score"),
    "role": _ROLE,
    "discovery": Field(choices=("always", "never", "exclusive")),
    "rule": Field("map"),
}
COLOCATION = {
    "name": Field("id"),
    "resource": Field(),
    "with": Field(),
    "score": Field("score"),
    "role": _ROLE,
    "with_role": _ROLE,
    "node_attribute": Field(),
    "influence": Field("bool"),
    "sets": Field("list"),
}
ORDER = {
    "name": Field("id"),
    "first": Field(),
    "then": Field(),
    "first_action": _ACTION,
    "then_action": _ACTION,
    "kind": Field(choices=("Mandatory", "Optional", "Serialize")),
    "symmetrical": Field("bool"),
    "sets": Field("list"),
}
SET = {
    "resources": Field("words", required=True),
    "sequential": Field("bool"),
    "require_all": Field("bool"),
    "action": _ACTION,
    "role": _ROLE,
}
RULE = {
    "score": Field("score"),
    "score_attribute": Field(),
    "role": _ROLE,
    "operator": Field(choices=("and", "or")),
    "expressions": Field("list", required=True),
}
EXPRESSION = {
    "attribute": Field(),
    "operation": Field(choices=("lt", "gt", "lte", "gte", "eq", "ne", "defined", "not_defined")),
    "value": Field(),
    "type": Field(choices=("string", "integer", "number", "version")),
    "value_source": Field(choices=("literal", "param", "meta")),
    "date": Field("map"),
    "rule": Field("map"),
}
DATE = {
    "operation": Field(required=True, choices=("gt", "lt", "in_range", "date_spec")),
    "start": Field(),
    "end": Field(),
    "duration": Field("map"),
    "date_spec": Field("map"),
}


def build(configuration: Mapping[str, Any], resources: Collection[str], nodes: Collection[str]) -> list[Element]:
    """Return all constraints. ``resources``, ``nodes``: the names that there are; no nodes means nobody knows yet.

    Raises Refused.
    """
    found = [
        make(path, entry, resources, nodes)
        for key, fields, make in (
            ("locations", LOCATION, _location),
            ("colocations", COLOCATION, _colocation),
            ("orders", ORDER, _order),
        )
        for path, entry in entries(variable(key), configuration.get(key), fields)
    ]
    seen: dict[str, int] = {}
    for made in found:
        name = str(made.get("id"))
        if name in seen:
            raise Refused(f"constraint {name}: stands there twice; give one of them another name")
        seen[name] = 1
    return found


def _one_way(path: str, entry: Mapping[str, Any], ways: tuple[str, ...]) -> str:
    used = [way for way in ways if way in entry]
    if len(used) != 1:
        raise Refused(f"{path}: needs exactly one of {', '.join(ways)}, and has {' and '.join(used) or 'none'}")
    return used[0]


def _location(path: str, entry: Mapping[str, Any], resources: Collection[str], nodes: Collection[str]) -> Element:
    what = _one_way(path, entry, ("resource", "resources", "pattern"))
    where = _one_way(path, entry, ("node", "rule"))
    if where == "node" and nodes:
        known(f"{path}.node", entry["node"], nodes)
    if where == "rule" and "score" in entry:
        raise Refused(f"{path}.score: with a rule, the score stands in it: {path}.rule.score")
    who = entry[what] if what != "resources" else "-".join(entry["resources"])
    name = entry.get("name") or made_id("location", who, entry.get("node") or "rule", entry.get("role"))
    made = element(
        "rsc_location",
        id=name,
        rsc=_resource(f"{path}.resource", entry["resource"], resources) if what == "resource" else None,
        rsc_pattern=entry.get("pattern"),
        node=entry.get("node"),
        score=entry.get("score", "INFINITY") if where == "node" else None,
        role=entry.get("role"),
        resource_discovery=entry.get("discovery"),
    )
    if what == "resources":
        put(made, _set(f"{path}.resources", {"resources": entry["resources"]}, f"{name}_set", resources))
    if where == "rule":
        put(made, rule(f"{path}.rule", entry["rule"], f"{name}-rule"))
    return made


def _resource(where: str, name: str, resources: Collection[str]) -> str:
    return known(where, name, resources)


def _colocation(path: str, entry: Mapping[str, Any], resources: Collection[str], _nodes: Collection[str]) -> Element:
    if _one_way(path, entry, ("resource", "sets")) == "sets":
        _alone(path, entry, ("name", "score", "sets"))
        name = entry.get("name") or made_id("colocation_set", *_all_of(path, entry))
        made = element("rsc_colocation", id=name, score=entry.get("score", "INFINITY"))
        return _with_sets(path, made, entry["sets"], resources)
    _both(path, entry, "with")
    name = entry.get("name") or made_id("colocation", entry["resource"], entry["with"], entry.get("role"))
    made = element(
        "rsc_colocation",
        id=name,
        rsc=_resource(f"{path}.resource", entry["resource"], resources),
        score=entry.get("score", "INFINITY"),
        rsc_role=entry.get("role"),
        with_rsc_role=entry.get("with_role"),
        node_attribute=entry.get("node_attribute"),
        influence=plain(entry.get("influence")),
    )
    made.set("with-rsc", _resource(f"{path}.with", entry["with"], resources))
    return made


def _order(path: str, entry: Mapping[str, Any], resources: Collection[str], _nodes: Collection[str]) -> Element:
    if _one_way(path, entry, ("first", "sets")) == "sets":
        _alone(path, entry, ("name", "kind", "symmetrical", "sets"))
        name = entry.get("name") or made_id("order_set", *_all_of(path, entry))
        made = element(
            "rsc_order", id=name, kind=entry.get("kind", "Mandatory"), symmetrical=plain(entry.get("symmetrical"))
        )
        return _with_sets(path, made, entry["sets"], resources)
    _both(path, entry, "then")
    actions = (entry.get("first_action"), entry.get("then_action"))
    return element(
        "rsc_order",
        id=entry.get("name") or made_id("order", entry["first"], entry["then"], *actions),
        first=_resource(f"{path}.first", entry["first"], resources),
        then=_resource(f"{path}.then", entry["then"], resources),
        first_action=actions[0],
        then_action=actions[1],
        kind=entry.get("kind", "Mandatory"),
        symmetrical=plain(entry.get("symmetrical")),
    )


def _both(path: str, entry: Mapping[str, Any], other: str) -> None:
    if other not in entry:
        raise Refused(f"{path}.{other}: is missing")


def _alone(path: str, entry: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
    for key in entry:
        if key not in allowed:
            raise Refused(f"{path}.{key}: goes with two resources, not with sets")


def _all_of(path: str, entry: Mapping[str, Any]) -> list[str]:
    return [name for _path, found in entries(f"{path}.sets", entry["sets"], SET) for name in found["resources"]]


def _with_sets(path: str, made: Element, sets: Any, resources: Collection[str]) -> Element:
    for number, (where, found) in enumerate(entries(f"{path}.sets", sets, SET)):
        put(made, _set(where, found, f"{made.get('id')}_set{f'-{number}' if number else ''}", resources))
    if not len(made):
        raise Refused(f"{path}.sets: needs one at least")
    return made


def _set(where: str, found: Mapping[str, Any], identity: str, resources: Collection[str]) -> Element:
    made = element(
        "resource_set",
        id=identity,
        sequential=plain(found.get("sequential")),
        require_all=plain(found.get("require_all")),
        action=found.get("action"),
        role=found.get("role"),
    )
    for name in found["resources"]:
        put(made, element("resource_ref", id=_resource(f"{where}.resources", name, resources)))
    return made


def rule(path: str, given: Any, identity: str) -> Element:
    """Return a rule with its expressions, nested rules and dates. Raises Refused."""
    fields = shaped(path, given, RULE)
    nested = ".expressions[" in path
    if not nested and ("score" in fields) == ("score_attribute" in fields):
        raise Refused(f"{path}: needs exactly one of score and score_attribute")
    made = element(
        "rule",
        id=identity,
        score=fields.get("score", NESTED_SCORE if nested else None),
        score_attribute=fields.get("score_attribute"),
        role=fields.get("role"),
        boolean_op=fields.get("operator", "and"),
    )
    for number, (where, entry) in enumerate(entries(f"{path}.expressions", fields["expressions"], EXPRESSION)):
        name = f"{identity}-expr{f'-{number}' if number else ''}"
        way = _one_way(where, entry, ("attribute", "date", "rule"))
        if way == "rule":
            put(made, rule(f"{where}.rule", entry["rule"], name))
        elif way == "date":
            put(made, _date(f"{where}.date", entry["date"], name))
        else:
            put(made, _expression(where, entry, name))
    return made


def _expression(where: str, entry: Mapping[str, Any], identity: str) -> Element:
    operation = entry.get("operation", "eq")
    if ("value" in entry) == (operation in ("defined", "not_defined")):
        raise Refused(f"{where}.value: goes with every operation but defined and not_defined")
    return element(
        "expression",
        id=identity,
        attribute=entry["attribute"],
        operation=operation,
        value=entry.get("value"),
        type=entry.get("type"),
        value_source=entry.get("value_source"),
    )


def _date(where: str, given: Any, identity: str) -> Element:
    fields = shaped(where, given, DATE)
    made = element(
        "date_expression",
        id=identity,
        operation=fields["operation"],
        start=fields.get("start"),
        end=fields.get("end"),
    )
    for tag in ("duration", "date_spec"):
        found: Optional[dict[str, str]] = values(f"{where}.{tag}", fields.get(tag))
        if found:
            part = element(tag, id=f"{identity}-{tag}")
            part.attrib.update(found)
            made.append(part)
    return made
