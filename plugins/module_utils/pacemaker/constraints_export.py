# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Constraints of a live CIB as entries of the role's variables; None for what these have no words for."""

from __future__ import annotations

from typing import Any, Optional
from xml.etree.ElementTree import Element

from .tree import put_given
from .words import FORMER_ROLES


def today(role: Optional[str]) -> Optional[str]:
    """Return a role by its name of today."""
    return FORMER_ROLES.get(role, role) if role else None


def location(entry: Element) -> Optional[dict[str, Any]]:
    """Return a location constraint as an entry of ``locations``."""
    rules, sets = entry.findall("rule"), entry.findall("resource_set")
    known = ("id", "rsc", "rsc-pattern", "node", "score", "role", "resource-discovery")
    if len(rules) > 1 or len(sets) > 1 or (rules and entry.get("node")) or set(entry.attrib) - set(known):
        return None
    made = put_given(
        {"name": entry.get("id")},
        resource=entry.get("rsc"),
        pattern=entry.get("rsc-pattern"),
        node=entry.get("node"),
        score=entry.get("score"),
        role=today(entry.get("role")),
        discovery=entry.get("resource-discovery"),
    )
    if sets:
        if set(sets[0].attrib) - {"id"}:
            return None
        made["resources"] = [str(ref.get("id")) for ref in sets[0]]
    if rules:
        said = rule(rules[0])
        if said is None:
            return None
        made["rule"] = said
    return made


def colocation(entry: Element) -> Optional[dict[str, Any]]:
    """Return a colocation constraint as an entry of ``colocations``."""
    made = put_given({"name": entry.get("id")}, score=entry.get("score"))
    if entry.find("rule") is not None:
        return None
    if entry.find("resource_set") is not None:
        return _with_sets(entry, made, ("id", "score"))
    known = ("id", "score", "rsc", "with-rsc", "rsc-role", "with-rsc-role", "node-attribute", "influence")
    if set(entry.attrib) - set(known):
        return None
    return put_given(
        made,
        resource=entry.get("rsc"),
        role=today(entry.get("rsc-role")),
        with_role=today(entry.get("with-rsc-role")),
        node_attribute=entry.get("node-attribute"),
        influence=entry.get("influence"),
        **{"with": entry.get("with-rsc")},
    )


def order(entry: Element) -> Optional[dict[str, Any]]:
    """Return an order constraint as an entry of ``orders``."""
    made = put_given({"name": entry.get("id")}, kind=entry.get("kind"), symmetrical=entry.get("symmetrical"))
    if entry.find("resource_set") is not None:
        return _with_sets(entry, made, ("id", "kind", "symmetrical"))
    if set(entry.attrib) - {"id", "kind", "symmetrical", "first", "then", "first-action", "then-action"}:
        return None
    return put_given(
        made,
        first=entry.get("first"),
        then=entry.get("then"),
        first_action=entry.get("first-action"),
        then_action=entry.get("then-action"),
    )


def _with_sets(entry: Element, made: dict[str, Any], known: tuple[str, ...]) -> Optional[dict[str, Any]]:
    if set(entry.attrib) - set(known):
        return None
    sets = []
    for part in entry.findall("resource_set"):
        if set(part.attrib) - {"id", "sequential", "require-all", "action", "role"}:
            return None
        sets.append(
            put_given(
                {"resources": [str(ref.get("id")) for ref in part]},
                sequential=part.get("sequential"),
                require_all=part.get("require-all"),
                action=part.get("action"),
                role=today(part.get("role")),
            )
        )
    return {**made, "sets": sets}


def rule(entry: Element) -> Optional[dict[str, Any]]:
    """Return a rule as the dictionary that ``locations`` takes."""
    expressions: list[dict[str, Any]] = []
    for child in entry:
        if child.tag == "rule":
            nested = rule(child)
            if nested is None:
                return None
            expressions.append({"rule": nested})
        elif child.tag == "expression":
            expressions.append(
                put_given(
                    {"attribute": child.get("attribute"), "operation": child.get("operation")},
                    value=child.get("value"),
                    type=child.get("type"),
                    value_source=child.get("value-source"),
                )
            )
        elif child.tag == "date_expression":
            date = put_given({"operation": child.get("operation")}, start=child.get("start"), end=child.get("end"))
            for part in child:
                date[part.tag] = {name: value for name, value in part.attrib.items() if name != "id"}
            expressions.append({"date": date})
        else:
            return None
    return put_given(
        {"expressions": expressions},
        score=entry.get("score"),
        score_attribute=entry.get("score-attribute"),
        role=today(entry.get("role")),
        operator=entry.get("boolean-op"),
    )
