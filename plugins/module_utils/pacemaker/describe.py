# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CIB in words: the things in it and what each says, so that two of them can be compared in sentences.

Ids that nobody refers to (of sets, pairs, operations, rules) are left out.
"""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from xml.etree.ElementTree import Element, indent

from .fit import RESOURCE_TAGS, SETS
from .tree import SECTIONS, owners_of_secrets, section, written
from .words import duration_ms, is_secret

#: what stands for a value that nobody may see
HIDDEN = "********"
#: name of a thing -> {path: value}
Things = dict[str, dict[str, str]]
_CALLED = {
    "rsc_location": "location constraint",
    "rsc_colocation": "colocation constraint",
    "rsc_order": "order constraint",
    "rsc_ticket": "ticket constraint",
    "fencing-level": "fencing level",
    "acl_role": "ACL role",
    "acl_target": "ACL user",
    "acl_group": "ACL group",
}
_IDENTITY_MEANS_SOMETHING = ("resource_ref", "obj_ref", "role", *RESOURCE_TAGS)


def things(root: Element) -> Things:
    """Return everything that a CIB's configuration says, thing by thing."""
    found: Things = {}
    for name, label in (
        ("crm_config", "property"),
        ("rsc_defaults", "resource default"),
        ("op_defaults", "operation default"),
    ):
        for group in root.findall(f"configuration/{name}/*"):
            if group.find("rule") is not None:
                found[f"{label} set {group.get('id')}"] = {"": content(group)}
                continue
            for pair in group.findall("nvpair"):
                found[f"{label} {pair.get('name')}"] = {"": str(pair.get("value"))}
    for node in root.findall("configuration/nodes/node"):
        for pair in node.findall("instance_attributes/nvpair"):
            found[f"attribute of node {node.get('uname')}: {pair.get('name')}"] = {"": str(pair.get("value"))}
        for pair in node.findall("utilization/nvpair"):
            found[f"capacity of node {node.get('uname')}: {pair.get('name')}"] = {"": str(pair.get("value"))}
    for top in root.findall("configuration/resources/*"):
        _resource(top, "", found)
    for name in ("constraints", "fencing-topology", "alerts", "acls", "tags"):
        for entry in root.findall(f"configuration/{name}/*"):
            label = _CALLED.get(entry.tag, entry.tag)
            found[f"{label} {entry.get('id')}"] = dict(_leaves(entry))
    return found


def _resource(entry: Element, inside: str, found: Things) -> None:
    leaves = dict(_leaves(entry, without_members=True))
    if inside:
        leaves["in"] = inside
    members = [child for child in entry if child.tag in RESOURCE_TAGS]
    if members:
        leaves["members"] = " ".join(str(child.get("id")) for child in members)
    found[f"{'resource' if entry.tag == 'primitive' else entry.tag} {entry.get('id')}"] = leaves
    for child in members:
        _resource(child, str(entry.get("id")), found)


def _leaves(entry: Element, *, without_members: bool = False) -> Iterator[tuple[str, str]]:
    if entry.tag == "primitive":
        yield "agent", ":".join(str(entry.get(part)) for part in ("class", "provider", "type") if entry.get(part))
    for name, value in entry.attrib.items():
        if name not in ("id", "class", "provider", "type"):
            yield name, value
    for number, child in enumerate(entry):
        if child.tag in RESOURCE_TAGS and without_members:
            continue
        if child.tag in SETS and child.find("rule") is None:
            label = {"instance_attributes": "parameters", "meta_attributes": "meta"}.get(child.tag, child.tag)
            for pair in child.findall("nvpair"):
                yield f"{label}.{pair.get('name')}", str(pair.get("value"))
        elif child.tag == "operations":
            for operation in child:
                yield _operation(operation)
        else:
            yield f"{child.tag} {number + 1}", content(child)


def _operation(entry: Element) -> tuple[str, str]:
    name = str(entry.get("name"))
    label = f"operations.{name}"
    if entry.get("role"):
        label += f".{entry.get('role')}"
    if name == "monitor":
        label += f".{duration_ms(entry.get('interval') or '0') or 0:g}ms"
    told = [
        f"{key}={value}" for key, value in sorted(entry.attrib.items()) if key not in ("id", "name", "role", "interval")
    ]
    return label, " ".join(told + [content(child) for child in entry])


def content(entry: Element) -> str:
    """Return what an element says, on one line, without ids that nobody refers to, and without values of secrets.

    So deep inside of a thing no secret can be declared: two of them need not be told apart.
    """
    names = [name for name in sorted(entry.attrib) if name != "id" or entry.tag in _IDENTITY_MEANS_SOMETHING]
    hides = entry.tag == "nvpair" and is_secret(str(entry.get("name")))
    shown = {name: HIDDEN if hides and name == "value" else entry.attrib[name] for name in names}
    told = "".join(f" {name}={value!r}" for name, value in shown.items())
    inner = "".join(content(child) for child in entry)
    return f"<{entry.tag}{told}>{inner}"


def changes(
    before: Mapping[str, Mapping[str, str]],
    after: Mapping[str, Mapping[str, str]],
    hidden: Collection[tuple[str, str]] = (),
) -> list[str]:
    """Return what is different, a sentence each; secrets are not shown.

    ``hidden``: (resource or alert, parameter) that are secrets whatever they are called.
    """
    found = []
    for name, leaves in after.items():
        if name not in before:
            found.append(f"adds {name}{_briefly(name, leaves)}")
        elif before[name] != leaves:
            owner = name.rpartition(" ")[2]
            own = [f"parameters.{parameter}" for resource, parameter in hidden if resource == owner]
            own += [""] if is_secret(owner) else []
            found.append(f"changes {name}: " + "; ".join(_differences(before[name], leaves, own)))
    found += [f"removes {name}" for name in before if name not in after]
    return found


def _briefly(name: str, leaves: Mapping[str, str]) -> str:
    if set(leaves) == {""}:
        return "" if is_secret(name.rpartition(" ")[2]) else f" = {leaves['']}"
    told = leaves.get("agent") or leaves.get("members")
    return f" ({told})" if told else ""


def _differences(before: Mapping[str, str], after: Mapping[str, str], hidden: Collection[str]) -> Iterator[str]:
    for path in list(after) + [path for path in before if path not in after]:
        old, new = before.get(path), after.get(path)
        if old == new:
            continue
        label = f"{path} " if path else ""
        if new is None:
            yield f"{label}is taken away"
        elif path in hidden or is_secret(path.rpartition(".")[2]):
            yield f"{label}is {'set' if old is None else 'another'}"
        elif old is None:
            yield f"{label}= {new}"
        else:
            yield f"{label}from {old} to {new}"


def values_of(root: Element, hidden: Collection[tuple[str, str]]) -> set[str]:
    """Return the values that parameters have in a CIB. ``hidden``: (resource or alert, parameter)."""
    found = set()
    for entry in owners_of_secrets(root):
        for pair in entry.findall("instance_attributes/nvpair"):
            if (str(entry.get("id")), str(pair.get("name"))) in hidden:
                found.add(str(pair.get("value")))
    return found


def shown(root: Element, secrets: Collection[str] = ()) -> str:
    """Return a CIB's configuration as indented XML for a diff; values of secrets are hidden.

    ``secrets``: more values that nobody may see.
    """
    copied = copy.deepcopy(root)
    configuration = Element("configuration")
    for name in SECTIONS:
        if copied.find(f"configuration/{name}") is not None:
            configuration.append(section(copied, name))
    hide(configuration, secrets)
    indent(configuration)
    return written(configuration) + "\n"


def hide(root: Element, secrets: Collection[str] = ()) -> Element:
    """Replace the values of secrets in an element, also in a patch; return it."""
    for found in root.iter():
        is_pair = found.tag == "nvpair" and is_secret(str(found.get("name")))
        is_value = found.tag in ("nvpair", "change-attr") and found.get("value") in secrets
        if is_pair or is_value:
            found.set("value", HIDDEN)
    return root
