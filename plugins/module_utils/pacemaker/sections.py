# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What else a CIB has: levels of fencing, alerts, ACLs and tags, as elements of their sections."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from .shape import Field, entries, shaped, values, variable, without_secrets
from .tree import element, pairs, put
from .words import Refused, known, made_id

LEVEL = {
    "node": Field(),
    "pattern": Field(),
    "attribute": Field("map"),
    "level": Field("number", required=True),
    "devices": Field("words", required=True),
}
ATTRIBUTE = {"name": Field(required=True), "value": Field(required=True)}
RECIPIENT = {
    "name": Field("id"),
    "description": Field(),
    "value": Field(required=True),
    "options": Field("map"),
    "meta": Field("map"),
}
ALERT = {
    "name": Field("id", required=True),
    "description": Field(),
    "path": Field(required=True),
    "options": Field("map"),
    "meta": Field("map"),
    "select": Field("words"),
    "attributes": Field("words"),
    "recipients": Field("list"),
}
SELECT = ("nodes", "fencing", "resources", "attributes")
PERMISSION = {
    "kind": Field(required=True, choices=("read", "write", "deny")),
    "xpath": Field(),
    "reference": Field(),
    "object_type": Field(),
    "attribute": Field(),
    "description": Field(),
}
ACL_ROLE = {"name": Field("id", required=True), "description": Field(), "permissions": Field("list")}
ACL_SUBJECT = {"name": Field(required=True), "roles": Field("words", required=True)}
TAG = {"name": Field("id", required=True), "members": Field("words", required=True)}


def levels(given: Any, devices: Collection[str], nodes: Collection[str]) -> list[Element]:
    """Return the levels of fencing. Raises Refused."""
    found = []
    for path, entry in entries(variable("fence_levels"), given, LEVEL):
        ways = [way for way in ("node", "pattern", "attribute") if way in entry]
        if len(ways) != 1:
            raise Refused(f"{path}: needs exactly one of node, pattern, attribute")
        if not 1 <= int(entry["level"]) <= 9:
            raise Refused(f"{path}.level: has to be 1 to 9, and is {entry['level']}")
        made = element("fencing-level", index=entry["level"])
        if ways == ["attribute"]:
            attribute = shaped(f"{path}.attribute", entry["attribute"], ATTRIBUTE)
            made.set("target-attribute", attribute["name"])
            made.set("target-value", attribute["value"])
            target = f"{attribute['name']}-{attribute['value']}"
        else:
            target = entry[ways[0]]
            if ways == ["node"] and nodes:
                known(f"{path}.node", target, nodes)
            made.set("target" if ways == ["node"] else "target-pattern", target)
        made.set("id", made_id("fl", target, entry["level"]))
        made.set("devices", ",".join(known(f"{path}.devices", device, devices) for device in entry["devices"]))
        found.append(made)
    return found


def alerts(given: Any, secrets: Mapping[str, Mapping[str, str]]) -> list[Element]:
    """Return the alerts with their recipients. ``secrets``: alert -> more options. Raises Refused."""
    found = []
    for path, entry in entries(variable("alerts"), given, ALERT):
        name = entry["name"]
        made = element("alert", id=name, description=entry.get("description"), path=entry["path"])
        _put_pairs(path, made, name, entry, {**_options(path, entry, name), **secrets.get(name, {})})
        if "attributes" in entry and "attributes" not in entry.setdefault("select", ["attributes"]):
            raise Refused(f"{path}.attributes: goes with 'attributes' in select")
        if entry.get("select"):
            select = element("select")
            for kind in entry["select"]:
                part = element(f"select_{known(f'{path}.select', kind, SELECT)}")
                for attribute in entry.get("attributes", ()) if kind == "attributes" else ():
                    put(part, element("attribute", id=made_id(name, "select", attribute), name=attribute))
                put(select, part)
            put(made, select)
        for number, (where, recipient) in enumerate(entries(f"{path}.recipients", entry.get("recipients"), RECIPIENT)):
            identity = recipient.get("name") or made_id(name, "recipient", number or None)
            part = element("recipient", id=identity, description=recipient.get("description"), value=recipient["value"])
            _put_pairs(where, part, identity, recipient, _options(where, recipient, name))
            put(made, part)
        found.append(made)
    return found


def _options(path: str, entry: Mapping[str, Any], alert: str) -> dict[str, str]:
    return without_secrets(f"{path}.options", entry.get("options"), alert)


def _put_pairs(path: str, made: Element, name: str, entry: Mapping[str, Any], options: Mapping[str, str]) -> None:
    put(
        made,
        pairs("instance_attributes", name, options),
        pairs("meta_attributes", name, values(f"{path}.meta", entry.get("meta"))),
    )


def acls(configuration: Mapping[str, Any], others: Collection[str] = ()) -> list[Element]:
    """Return the roles of ACLs, and the users and groups that have them. Raises Refused.

    others: roles that there are and that nobody declares.
    """
    found = []
    for path, entry in entries(variable("acl_roles"), configuration.get("acl_roles"), ACL_ROLE):
        made = element("acl_role", id=entry["name"], description=entry.get("description"))
        for number, (where, permission) in enumerate(
            entries(f"{path}.permissions", entry.get("permissions"), PERMISSION)
        ):
            ways = [way for way in ("xpath", "reference", "object_type") if way in permission]
            if len(ways) != 1:
                raise Refused(f"{where}: needs exactly one of xpath, reference, object_type")
            put(
                made,
                element(
                    "acl_permission",
                    id=made_id(entry["name"], permission["kind"], number or None),
                    kind=permission["kind"],
                    xpath=permission.get("xpath"),
                    reference=permission.get("reference"),
                    object_type=permission.get("object_type"),
                    attribute=permission.get("attribute"),
                    description=permission.get("description"),
                ),
            )
        found.append(made)
    roles = [*(str(made.get("id")) for made in found), *others]
    for key, tag in (("acl_users", "acl_target"), ("acl_groups", "acl_group")):
        for path, entry in entries(variable(key), configuration.get(key), ACL_SUBJECT):
            made = element(tag, id=entry["name"])
            for role in entry["roles"]:
                put(made, element("role", id=known(f"{path}.roles", role, roles)))
            found.append(made)
    return found


def tags(given: Any, names: Collection[str]) -> list[Element]:
    """Return the tags. ``names``: what may be tagged, resources and constraints. Raises Refused."""
    found = []
    for path, entry in entries(variable("tags"), given, TAG):
        made = element("tag", id=entry["name"])
        for name in entry["members"]:
            put(made, element("obj_ref", id=known(f"{path}.members", name, names)))
        found.append(made)
    return found
