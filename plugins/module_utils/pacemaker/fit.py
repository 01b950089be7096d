# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fits a wanted element to the live one of the same thing: says what is wanted, with the ids and the spelling that are
there already. What nobody would notice then differs in nothing, and a patch is as small as it can be.
"""

from __future__ import annotations

import copy
from typing import Optional
from xml.etree.ElementTree import Element

from .words import FORMER_ROLES, SWITCHED_META, duration_ms, is_secret

RESOURCE_TAGS = ("primitive", "group", "clone", "master", "bundle", "template")
SETS = ("instance_attributes", "meta_attributes", "utilization", "cluster_property_set")
#: Elements whose instance attributes may be secrets.
_SECRET_OWNERS = ("primitive", "op", "alert", "recipient")
#: Elements whose children have an order that means something.
_ORDERED = ("group", "resource_set", "rsc_colocation", "rsc_order", "tag")
_TRUE = ("true", "yes", "on", "1", "y")
_FALSE = ("false", "no", "off", "0", "n")
#: What the cluster takes where an attribute is not there.
_DEFAULTS = {
    "kind": "Mandatory",
    "symmetrical": "true",
    "first-action": "start",
    "then-action": "start",
    "role": "Started",
    "rsc-role": "Started",
    "with-rsc-role": "Started",
    "sequential": "true",
    "require-all": "true",
    "boolean-op": "and",
    "enabled": "true",
    "influence": "true",
}


#: The score of a rule within a rule, which means nothing; schemas before 3.9 want one.
NESTED_SCORE = "0"


def alike(name: str, one: str, other: str) -> bool:
    """Tell whether two spellings of an attribute of Pacemaker's own mean the same."""
    if one == other:
        return True
    if name in ("interval", "timeout") or name.endswith(("-timeout", "-delay", "-interval", "-limit")):
        times = duration_ms(one), duration_ms(other)
        return None not in times and times[0] == times[1]
    if name.endswith("role"):
        return FORMER_ROLES.get(one, one) == FORMER_ROLES.get(other, other)
    folded = one.lower(), other.lower()
    if any(folded[0] in words and folded[1] in words for words in (_TRUE, _FALSE)):
        return True
    return one.lstrip("+").replace("1000000", "INFINITY") == other.lstrip("+").replace("1000000", "INFINITY")


def key(child: Element) -> tuple[object, ...]:
    """Return what tells a child from its sisters."""
    if child.tag == "nvpair":
        return ("nvpair", child.get("name"))
    if child.tag == "op":
        role = child.get("role") or "Started"
        return ("op", child.get("name"), duration_ms(child.get("interval") or "0"), FORMER_ROLES.get(role, role))
    if child.tag in SETS or child.tag == "operations":
        return (child.tag, child.get("id") if child.find("rule") is not None else None)
    if child.tag == "recipient":
        return (child.tag, child.get("value"))
    if child.tag in ("resource_ref", "obj_ref", "role", *RESOURCE_TAGS):
        return (child.tag, child.get("id"))
    return (child.tag, child.get("name"))


def fit(live: Optional[Element], wanted: Element, inside: str = "") -> Element:
    """Return an element that says what ``wanted`` says. What it has in common with ``live`` is taken from there.

    ``inside``: the tag of the parent, which decides when values of pairs are the same.
    """
    if live is None or live.tag != wanted.tag:
        return copy.deepcopy(wanted)
    made = Element(wanted.tag, _attributes(live, wanted, inside))
    partners = _partners(live, wanted)
    kept = {id(partner) for partner in partners if partner is not None}
    fitted = [(partner, fit(partner, child, wanted.tag)) for partner, child in zip(partners, wanted)]
    if wanted.tag in _ORDERED:
        made.extend(child for _partner, child in fitted)
        return made
    by_partner = {id(partner): child for partner, child in fitted if partner is not None}
    for child in live:
        if id(child) in kept:
            made.append(by_partner[id(child)])
        else:
            left = _left(live, child, wanted, inside)
            if left is not None:
                made.append(left)
    made.extend(child for partner, child in fitted if partner is None)
    return made


def _attributes(live: Element, wanted: Element, inside: str) -> dict[str, str]:
    def same(name: str, one: str, other: str) -> bool:
        if live.tag == "nvpair" and name == "value":
            return same_pair(inside, str(live.get("name")), one, other)
        return name == "id" or alike(name, one, other)

    found = {}
    for name, value in live.attrib.items():
        if name in wanted.attrib:
            found[name] = value if same(name, value, wanted.attrib[name]) else wanted.attrib[name]
        elif alike(name, value, _DEFAULTS.get(name, value + "?")):
            found[name] = value
    for name, value in wanted.attrib.items():
        default = NESTED_SCORE if name == "score" and inside == "rule" else _DEFAULTS.get(name)
        if name not in found and (default is None or not alike(name, value, default)):
            found[name] = value
    return found


def _partners(live: Element, wanted: Element) -> list[Optional[Element]]:
    """Return for each wanted child the live one that is about the same, or None."""
    free = list(live)
    found: list[Optional[Element]] = []
    for child in wanted:
        partner = next((one for one in free if key(one) == key(child)), None)
        if partner is not None:
            free.remove(partner)
        found.append(partner)
    return found


def _left(parent: Element, child: Element, wanted: Element, inside: str) -> Optional[Element]:
    """Return what stays of a live child that nobody wants: what operators switch by hand, and secrets.

    No export has the value of a secret, so that a declaration without it does not say that it has to go.
    """
    is_of_resource = parent.tag in RESOURCE_TAGS and child.tag == "meta_attributes"
    if is_of_resource or (parent.tag in _SECRET_OWNERS and child.tag == "instance_attributes"):
        named = {pair.get("name") for group in wanted.findall(child.tag) for pair in group}
        left = copy.deepcopy(child)
        for pair in left.findall("nvpair"):
            if pair.get("name") in named or not _outlives(child.tag, parent.tag, pair):
                left.remove(pair)
        return left if left.find("nvpair") is not None else None
    return copy.deepcopy(child) if child.tag == "nvpair" and _outlives(parent.tag, inside, child) else None


def _outlives(tag: str, owner: str, pair: Element) -> bool:
    """Tell whether a pair that is not declared stays, by its set's tag and the tag of what the set belongs to."""
    name = str(pair.get("name"))
    if tag == "instance_attributes":
        return owner in _SECRET_OWNERS and is_secret(name)
    return tag == "meta_attributes" and name in SWITCHED_META


def same_pair(tag: str, name: str, one: str, other: str) -> bool:
    """Tell whether two values of a pair mean the same; an agent's own parameters only when they are equal."""
    return one == other if tag in ("instance_attributes", "utilization") else alike(name, one, other)
