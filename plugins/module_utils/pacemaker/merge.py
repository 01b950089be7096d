# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live CIB and the wanted configuration joined: what the CIB should be afterwards, by scope.

Whatever the scope, what operators switch by hand stays unless it is declared: target-role, is-managed and maintenance
of a resource, maintenance-mode of the cluster, attributes of nodes, and the constraints of a move. So do secrets.
"""

from __future__ import annotations

import copy
import enum
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Optional
from xml.etree.ElementTree import Element

from . import describe
from .compose import Wanted
from .fit import RESOURCE_TAGS, fit, same_pair
from .listed import listed
from .tree import dictionary, element, has_section, owners_of_secrets, pairs, put, secrets_of, section
from .usual import Usual, is_of_ours
from .words import OWN_PROPERTIES, SWITCHED_PROPERTIES, Refused, made_id


class Scope(enum.Enum):
    """How much of the cluster the declaration speaks for."""

    #: all of it: what is not declared goes
    FULL = "full"
    #: what it names: the rest stays
    ADDITIVE = "additive"
    #: all of it, and nothing that is there may have to change
    REFUSE_ON_DRIFT = "refuse_on_drift"


@dataclass(frozen=True)
class Merged:
    """The CIB as it should be, and what that means for people."""

    root: Element
    #: what is there and nobody declares; gone with scope full
    undeclared: tuple[str, ...]
    #: what would change, a sentence each
    changes: tuple[str, ...]
    #: resource or alert -> secrets that it has and that are not declared for it; they stay, whatever the scope
    kept_secrets: Mapping[str, tuple[str, ...]]


def merge(live: Element, wanted: Wanted, scope: Scope) -> Merged:
    """Return the CIB as it should be. Raises Refused when the scope forbids it."""
    everything = _joined(live, wanted, keeps_strangers=False)
    before = describe.things(live)
    whole = describe.things(everything)
    undeclared = tuple(name for name in before if name not in whole and not _named(name, wanted.absent))
    if scope is Scope.REFUSE_ON_DRIFT:
        drift = [f"{name} is not declared" for name in undeclared]
        # what was usual when it was set, and is another by now, is nobody's choice
        others = {name: leaves for name, leaves in before.items() if name not in _usual_things(live)}
        drift += [text for text in describe.changes(others, whole, wanted.hidden) if text.startswith("changes ")]
        if drift:
            raise Refused(
                "the cluster has something other than what is declared, and scope refuse_on_drift leaves it alone: "
                + "; ".join(drift)
            )
    root = _joined(live, wanted, keeps_strangers=True) if scope is Scope.ADDITIVE else everything
    changes = describe.changes(before, describe.things(root), wanted.hidden)
    return Merged(root, undeclared, tuple(changes), _kept_secrets(root, wanted))


def _usual_things(live: Element) -> set[str]:
    """Return what ``describe.things`` calls the pairs that have the value that was usual when they were set."""
    return {
        f"{label} {pair.get('name')}"
        for name, label in (("crm_config", "property"), ("rsc_defaults", "resource default"))
        for pair in live.findall(f"configuration/{name}/*/nvpair")
        if is_of_ours(pair)
    }


def _kept_secrets(root: Element, wanted: Wanted) -> dict[str, tuple[str, ...]]:
    there = secrets_of(root)
    found: dict[str, tuple[str, ...]] = {}
    resources = (entry for top in wanted.resources for entry in top.iter("primitive"))
    for declared in (*resources, *wanted.alerts):
        name = str(declared.get("id"))
        named = dictionary(declared, "instance_attributes")
        kept = tuple(parameter for parameter in there.get(name, ()) if parameter not in named)
        if kept:
            found[name] = kept
    return found


def _named(thing: str, names: Collection[str]) -> bool:
    return thing.rsplit(" ", maxsplit=1)[-1] in names


def _joined(live: Element, wanted: Wanted, *, keeps_strangers: bool) -> Element:
    root = copy.deepcopy(live)

    def of_properties(name: str) -> bool:
        return keeps_strangers or name in OWN_PROPERTIES | SWITCHED_PROPERTIES | wanted.usual_properties.keys()

    def of_operations(_name: str) -> bool:
        return keeps_strangers

    def of_resources(name: str) -> bool:
        return keeps_strangers or name in wanted.usual_resource_defaults

    usual = Usual(wanted.usual_properties, wanted.properties)
    _pairs(root, ("crm_config", "cluster_property_set", "cib-bootstrap-options"), usual, of_properties)
    of_all = Usual(wanted.usual_resource_defaults, wanted.resource_defaults)
    for name, values, stays in (
        ("rsc_defaults", of_all, of_resources),
        ("op_defaults", Usual({}, wanted.operation_defaults), of_operations),
    ):
        _pairs(root, (name, "meta_attributes", f"{name}-meta_attributes"), values, stays)
    _nodes(root, wanted)
    _resources(root, wanted, keeps_strangers)
    listed(live, root, wanted, keeps_strangers=keeps_strangers)
    _forget(root, wanted.forgotten)
    return root


def _pairs(root: Element, place: tuple[str, str, str], usual: Usual, stays: Callable[[str], bool]) -> None:
    """Set pairs of a section; of the others, those stay of whose name ``stays`` says so."""
    name, tag, identity = place
    groups = root.findall(f"configuration/{name}/*")
    wanted = usual.wanted(pair for group in groups if group.find("rule") is None for pair in group.findall("nvpair"))
    if not has_section(root, name) and not wanted:
        return
    there = section(root, name)
    missing = dict(wanted)
    for group in list(there):
        if group.find("rule") is not None:
            if not stays(""):
                there.remove(group)
            continue
        had = len(group)
        for pair in list(group):
            key = str(pair.get("name"))
            if key in missing:
                if not same_pair(tag, key, str(pair.get("value")), missing[key]):
                    pair.set("value", missing[key])
                    if key not in usual.declared:
                        pair.set("id", usual.identity("", key))
                del missing[key]
            elif key in wanted or not stays(key):
                group.remove(pair)
        if had and not len(group):
            there.remove(group)
    if missing:
        target = next((group for group in there if group.tag == tag and group.find("rule") is None), None)
        if target is None:
            target = element(tag, id=identity)
            there.append(target)
        for key, value in missing.items():
            put(target, element("nvpair", id=usual.identity(str(target.get("id")), key), name=key, value=value))


def _nodes(root: Element, wanted: Wanted) -> None:
    """Set attributes of nodes. Others are never taken away: agents and operators keep their own things there."""
    for tag, by_node in (("instance_attributes", wanted.node_attributes), ("utilization", wanted.node_utilization)):
        for node in section(root, "nodes"):
            values = dict(by_node.get(str(node.get("uname")), {}))
            if not values:
                continue
            target = node.find(tag)
            if target is None:
                put(node, pairs(tag, f"nodes-{node.get('id')}", values))
                continue
            for pair in target:
                value = values.pop(str(pair.get("name")), None)
                if value is not None:
                    pair.set("value", value)
            for key, value in values.items():
                put(target, element("nvpair", id=made_id(target.get("id"), key), name=key, value=value))


def _resources(root: Element, wanted: Wanted, keeps_strangers: bool) -> None:
    there = section(root, "resources")
    live = {str(found.get("id")): found for found in there.iter() if found.tag in RESOURCE_TAGS}
    declared = {str(found.get("id")) for top in wanted.resources for found in top.iter() if found.tag in RESOURCE_TAGS}
    top = {str(found.get("id")): found for found in wanted.resources}
    strangers = {name for name in live if name not in declared and name not in wanted.absent and keeps_strangers}
    result: list[Element] = []
    for found in list(there):
        name = str(found.get("id"))
        if name in top:
            result.append(_resource(top.pop(name), live, strangers))
        elif name in strangers:
            kept = _stranger(found, live, strangers, top)
            if kept is not None:
                result.append(kept)
        there.remove(found)
    there.extend(result + [_resource(found, live, strangers) for found in top.values()])


def _forget(root: Element, forgotten: Collection[tuple[str, str]]) -> None:
    """Take secrets away of which it is said that there is none any more."""
    for entry in owners_of_secrets(root):
        for group in entry.findall("instance_attributes"):
            for pair in group.findall("nvpair"):
                if (str(entry.get("id")), str(pair.get("name"))) in forgotten:
                    group.remove(pair)
            if not len(group):
                entry.remove(group)


def _resource(wanted: Element, live: Mapping[str, Element], strangers: Collection[str]) -> Element:
    """Return a declared resource with its members; members that nobody declares stay behind them."""
    name = str(wanted.get("id"))
    base = live.get(name)
    made = fit(None if base is None else _without_members(base), _without_members(wanted))
    made.extend(_resource(child, live, strangers) for child in wanted if child.tag in RESOURCE_TAGS)
    for child in base if base is not None else ():
        if child.tag in RESOURCE_TAGS and str(child.get("id")) in strangers:
            if wanted.tag != "group":
                raise Refused(
                    f"{wanted.tag} {name}: the cluster has {child.get('id')} in it, which is not declared; "
                    "name it in absent"
                )
            made.append(copy.deepcopy(child))
    return made


def _without_members(found: Element) -> Element:
    bare = copy.deepcopy(found)
    for child in list(bare):
        if child.tag in RESOURCE_TAGS:
            bare.remove(child)
    return bare


def _stranger(
    found: Element, live: Mapping[str, Element], strangers: Collection[str], top: dict[str, Element]
) -> Optional[Element]:
    """Return an undeclared resource as it is, except for members that are declared (taken from ``top``) or go."""
    made = _without_members(found)
    had = [child for child in found if child.tag in RESOURCE_TAGS]
    for child in had:
        name = str(child.get("id"))
        if name in strangers:
            kept = _stranger(child, live, strangers, top)
            if kept is not None:
                made.append(kept)
        elif name in top:
            made.append(_resource(top.pop(name), live, strangers))
    return made if not had or any(child.tag in RESOURCE_TAGS for child in made) else None
