# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pieces of the CIB as XML elements, with ids as pcs gives them, so that both tools find each other's work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Optional
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

from .words import is_secret, made_id

SECTIONS = (
    "crm_config",
    "nodes",
    "resources",
    "constraints",
    "fencing-topology",
    "op_defaults",
    "rsc_defaults",
    "alerts",
    "tags",
    "acls",
)


def element(tag: str, /, **attributes: Optional[str]) -> Element:
    """Return an element; attributes that are None are left out, and ``_`` in their names stands for ``-``."""
    return Element(tag, {name.replace("_", "-"): value for name, value in attributes.items() if value is not None})


def pairs(tag: str, owner: str, values: Mapping[str, str]) -> Optional[Element]:
    """Return a set of name-value pairs that belongs to ``owner``, None when there are none."""
    if not values:
        return None
    found = Element(tag, {"id": f"{owner}-{tag}"})
    for name, value in values.items():
        SubElement(found, "nvpair", {"id": made_id(f"{owner}-{tag}", name), "name": name, "value": value})
    return found


def put(parent: Element, *children: Optional[Element]) -> Element:
    """Append the children that are there; return the parent."""
    parent.extend(child for child in children if child is not None)
    return parent


def read(text: str) -> Element:
    """Return the root of a CIB as ``cibadmin --query`` prints it. Raises xml.etree.ElementTree.ParseError."""
    return fromstring(text)


def written(root: Element) -> str:
    """Return the text of an element, without a declaration."""
    return tostring(root, encoding="unicode")


def section(root: Element, name: str) -> Element:
    """Return a section of a CIB's configuration, added where the CIB does not have it."""
    configuration = root.find("configuration")
    if configuration is None:
        configuration = SubElement(root, "configuration")
    found = configuration.find(name)
    return SubElement(configuration, name) if found is None else found


def empty_cib() -> Element:
    """Return a CIB that says nothing, for a cluster that has not started yet."""
    root = Element(
        "cib",
        {
            "admin_epoch": "0",
            "epoch": "0",
            "num_updates": "0",
            "validate-with": "pacemaker-3.7",
            "crm_feature_set": "3.16.1",
        },
    )
    configuration = SubElement(root, "configuration")
    for name in ("crm_config", "nodes", "resources", "constraints"):
        SubElement(configuration, name)
    SubElement(root, "status")
    return root


def value_of(owner: Element, tag: str, name: str) -> Optional[str]:
    """Return the value of a pair in the sets of an element, None when there is none."""
    for pair in owner.findall(f"{tag}/nvpair"):
        if pair.get("name") == name:
            return pair.get("value")
    return None


def dictionary(owner: Element, tag: str) -> dict[str, str]:
    """Return all pairs in the sets of an element that no rule restricts."""
    found: dict[str, str] = {}
    for group in owner.findall(tag):
        if group.find("rule") is None:
            for pair in group.findall("nvpair"):
                if pair.get("name") is not None and pair.get("value") is not None:
                    found[str(pair.get("name"))] = str(pair.get("value"))
    return found


def plain(value: Any) -> Optional[str]:
    """Return a field as an attribute has it, None when it is not given."""
    if value is None:
        return None
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def put_given(made: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Add the fields that say something to a dictionary; return it."""
    made.update({name: value for name, value in fields.items() if value not in (None, "", [], {})})
    return made


def has_section(root: Element, name: str) -> bool:
    """Tell whether a CIB's configuration has a section."""
    return root.find(f"configuration/{name}") is not None


def owners_of_secrets(root: Element) -> list[Element]:
    """Return what may have secrets that can be declared: the resources and alerts of a CIB."""
    return [*root.findall("configuration/resources//primitive"), *root.findall("configuration/alerts/alert")]


def secrets_of(root: Element) -> dict[str, list[str]]:
    """Return resources and alerts of a CIB, each with its parameters of whose values the names say nobody may see them.

    Those of an operation or a recipient are not among them: they are nowhere to be declared.
    """
    found: dict[str, list[str]] = {}
    for entry in owners_of_secrets(root):
        for pair in entry.findall("instance_attributes/nvpair"):
            if is_secret(str(pair.get("name"))):
                found.setdefault(str(entry.get("id")), []).append(str(pair.get("name")))
    return found
