# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A live CIB as the role's variables, so that a cluster somebody made by hand can be taken over.

What is exported and declared again changes nothing but what is named: what the variables have no words for. Secrets are
named too; their values stay where they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Optional
from xml.etree.ElementTree import Element

from .compose import WITHOUT_FENCING, compose
from .constraints_export import colocation, location, order, today
from .fit import RESOURCE_TAGS
from .listed import is_of_a_move, needs
from .live import around
from .merge import Scope, merge
from .tree import dictionary, put_given
from .words import (
    CLONE_META,
    META,
    OPERATION_DEFAULTS,
    OWN_PROPERTIES,
    PROPERTIES,
    SWITCHED_META,
    SWITCHED_PROPERTIES,
    Refused,
    is_secret,
)

CONSTRAINTS = ("locations", "colocations", "orders")


@dataclass
class Exported:
    """Variables by name, without those that would say nothing, and sentences about what they can't say."""

    variables: dict[str, Any] = field(default_factory=dict)
    not_expressible: list[str] = field(default_factory=list)
    #: resource or alert -> parameters that have to be put into pacemaker_secrets by whoever knows them
    secrets: dict[str, list[str]] = field(default_factory=dict)
    #: sentences about what somebody says who declares the variables
    warnings: list[str] = field(default_factory=list)

    def add(self, name: str, value: Any) -> None:
        """Add an entry to a list."""
        self.variables.setdefault(f"pacemaker_{name}", []).append(value)

    def say(self, name: str, value: Any) -> None:
        """Set a variable, unless it says nothing."""
        if value:
            self.variables[f"pacemaker_{name}"] = value

    def shown(self, owner: Element, tag: str, of: str) -> dict[str, str]:
        """Return pairs but for secrets that are nowhere to be declared; they stay in the cluster, and are named."""
        pairs = dictionary(owner, tag)
        for name in [name for name in pairs if is_secret(name)]:
            del pairs[name]
            self.not_expressible.append(f"the value of {name} of {of}, a secret, which stays in the cluster")
        return pairs

    def shown_of(self, owner: Element) -> dict[str, str]:
        """Return the parameters of a resource or alert; secrets are put apart, for whoever knows them."""
        parameters = dictionary(owner, "instance_attributes")
        hidden = [name for name in parameters if is_secret(name)]
        if hidden:
            self.secrets[str(owner.get("id"))] = hidden
        return {name: value for name, value in parameters.items() if name not in hidden}


def export(root: Element) -> Exported:
    """Return a CIB as variables."""
    found = _said(root)
    found.not_expressible += _unsaid(root, found)
    return found


def _unsaid(root: Element, found: Exported) -> list[str]:
    """Return what would change if the variables were declared again and what nobody has named yet, by trying it."""
    variables = {name[len("pacemaker_") :]: value for name, value in found.variables.items()}
    try:
        again = merge(root, compose(variables, {}, {}, around(root).of_the_declared()), Scope.FULL)
    except Refused as error:
        return [f"all of it, as the variables would be refused: {error}"]
    named = {word.strip(",:") for sentence in found.not_expressible for word in sentence.split()}
    texts = [text for text in again.changes if not (text.startswith("removes ") and text.rpartition(" ")[2] in named)]
    return [re.sub("^changes ", "in ", re.sub("^removes ", "", text)) for text in texts]


def _said(root: Element) -> Exported:
    """Return what the variables have words for, and name what can be told at a glance that they have none for."""
    found = Exported()
    words, nodes = _words(root), around(root).nodes
    properties = _pairs(root, "crm_config", found)
    fencing = properties.pop("stonith-enabled", "true").lower()
    if fencing in ("false", "no", "off", "0", "n"):
        found.say("without_fencing", WITHOUT_FENCING)
        found.warnings.append(
            "Fencing is switched off in this cluster, so the exported pacemaker_without_fencing says: "
            f"{WITHOUT_FENCING}. Whoever declares it says so; whoever does not declares fence devices instead."
        )
    left = OWN_PROPERTIES | SWITCHED_PROPERTIES
    found.say("properties", _known(properties, PROPERTIES - left))
    found.say("resource_defaults", _known(_pairs(root, "rsc_defaults", found), META))
    # empty ones are said too: the variables have defaults, and this cluster may do without
    found.variables["pacemaker_usual_properties"] = {}
    found.variables["pacemaker_usual_resource_defaults"] = {}
    found.say("operation_defaults", _known(_pairs(root, "op_defaults", found), OPERATION_DEFAULTS))
    for top in root.findall("configuration/resources/*"):
        _resource(top, found, words, nodes)
    makers: dict[str, tuple[str, Callable[[Element], Optional[dict[str, Any]]]]] = {
        "rsc_location": ("locations", location),
        "rsc_colocation": ("colocations", colocation),
        "rsc_order": ("orders", order),
    }
    for entry in root.findall("configuration/constraints/*"):
        if is_of_a_move(entry):
            continue
        name, maker = makers.get(entry.tag, ("", None))
        made = maker(entry) if maker is not None and needs(entry) <= words else None
        if made is None:
            found.not_expressible.append(f"constraint {entry.get('id')} ({entry.tag})")
        else:
            found.add(name, made)
    for entry in root.findall("configuration/fencing-topology/fencing-level"):
        if needs(entry) <= words:
            found.add("fence_levels", _level(entry))
    for entry in root.findall("configuration/alerts/alert"):
        found.add("alerts", _alert(entry, found))
    _acls(root, found)
    constraints = {entry["name"] for kind in CONSTRAINTS for entry in found.variables.get(f"pacemaker_{kind}", ())}
    for entry in root.findall("configuration/tags/tag"):
        members = [str(ref.get("id")) for ref in entry]
        if set(members) <= words | constraints:
            found.add("tags", {"name": entry.get("id"), "members": members})
    _nodes(root, found)
    return found


def _pairs(root: Element, section: str, found: Exported) -> dict[str, str]:
    values: dict[str, str] = {}
    for group in root.findall(f"configuration/{section}/*"):
        if group.find("rule") is not None:
            found.not_expressible.append(f"set {group.get('id')} of {section}, which has a rule")
            continue
        for pair in group.findall("nvpair"):
            values.setdefault(str(pair.get("name")), str(pair.get("value")))
    return values


def _known(values: dict[str, str], names: Collection[str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if name in names}


def _words(root: Element) -> set[str]:
    """Return the names of resources and tags that the variables can name."""
    tops = (top for top in root.findall("configuration/resources/*") if _can_be_said(top))
    found = {str(entry.get("id")) for top in tops for entry in top.iter() if entry.tag in RESOURCE_TAGS}
    tags = root.findall("configuration/tags/tag")
    constraints = {str(entry.get("id")) for entry in root.findall("configuration/constraints/*")}
    found |= {str(tag.get("id")) for tag in tags if {str(ref.get("id")) for ref in tag} <= found | constraints}
    return found


def _can_be_said(entry: Element) -> bool:
    members = [child for child in entry if child.tag in RESOURCE_TAGS]
    is_known = entry.tag in ("primitive", "group", "clone") and not entry.get("template")
    return is_known and all(_can_be_said(child) for child in members)


def _resource(entry: Element, found: Exported, words: Collection[str], nodes: Collection[str]) -> None:
    if entry.get("id") not in words and entry.tag in ("group", "clone"):
        found.not_expressible.append(f"{entry.tag} {entry.get('id')}, for something that is in it")
        return
    if entry.tag == "primitive":
        _primitive(entry, found, nodes)
    elif entry.tag == "group":
        made = _named(entry)
        made["members"] = [str(child.get("id")) for child in entry if child.tag == "primitive"]
        found.add("groups", _with_meta(entry, made))
    elif entry.tag == "clone":
        made = _named(entry)
        made["resource"] = next((str(child.get("id")) for child in entry if child.tag in RESOURCE_TAGS), "")
        found.add("clones", _with_meta(entry, made))
    else:
        found.not_expressible.append(f"resource {entry.get('id')} ({entry.tag})")
        return
    for child in entry:
        if child.tag in RESOURCE_TAGS:
            _resource(child, found, words, nodes)


def _named(entry: Element) -> dict[str, Any]:
    return put_given({"name": entry.get("id")}, description=entry.get("description"))


def _with_meta(entry: Element, made: dict[str, Any]) -> dict[str, Any]:
    names = CLONE_META if entry.tag == "clone" else META
    return put_given(made, meta=_known(dictionary(entry, "meta_attributes"), names - SWITCHED_META))


def _primitive(entry: Element, found: Exported, nodes: Collection[str]) -> None:
    name = str(entry.get("id"))
    if entry.get("template"):
        found.not_expressible.append(f"resource {name}, which has the template {entry.get('template')}")
        return
    for group in entry:
        if group.find("rule") is not None:
            found.not_expressible.append(f"set {group.get('id')} of resource {name}, which has a rule")
    made = _named(entry)
    parameters = found.shown_of(entry)
    fences = entry.get("class") == "stonith"
    if fences:
        made["agent"] = entry.get("type")
        listed = parameters.get("pcmk_host_list", "").split(" ")
        # a node that has gone may stay in a list of Pacemaker's, and is refused in one of ours
        if set(listed) <= set(nodes):
            made["nodes"] = listed
            del parameters["pcmk_host_list"]
    else:
        made["agent"] = ":".join(str(entry.get(part)) for part in ("class", "provider", "type") if entry.get(part))
    put_given(made, parameters=parameters)
    _with_meta(entry, made)
    if not fences:
        put_given(made, utilization=dictionary(entry, "utilization"))
    put_given(made, operations=[_operation(operation, name, found) for operation in entry.findall("operations/op")])
    made["recommended_operations"] = False
    found.add("fence_devices" if fences else "resources", made)


def _operation(entry: Element, resource: str, found: Exported) -> dict[str, Any]:
    return put_given(
        {"action": entry.get("name"), "interval": entry.get("interval") or "0s"},
        timeout=entry.get("timeout"),
        role=today(entry.get("role")),
        on_fail=entry.get("on-fail"),
        start_delay=entry.get("start-delay"),
        enabled=entry.get("enabled"),
        parameters=found.shown(entry, "instance_attributes", f"operation {entry.get('name')} of resource {resource}"),
    )


def _level(entry: Element) -> dict[str, Any]:
    made = put_given({}, node=entry.get("target"), pattern=entry.get("target-pattern"))
    if entry.get("target-attribute"):
        made["attribute"] = {"name": entry.get("target-attribute"), "value": entry.get("target-value")}
    return {**made, "level": int(entry.get("index", "0")), "devices": str(entry.get("devices")).split(",")}


def _alert(entry: Element, found: Exported) -> dict[str, Any]:
    made = _named(entry)
    made["path"] = entry.get("path")
    select = entry.find("select")
    if select is not None:
        made["select"] = [part.tag[len("select_") :] for part in select]
        put_given(made, attributes=[str(part.get("name")) for part in select.iter("attribute")])
    recipients = []
    for recipient in entry.findall("recipient"):
        one = _named(recipient)
        one["value"] = recipient.get("value")
        of = f"recipient {one['value']} of alert {entry.get('id')}"
        recipients.append(_with_options(recipient, one, found.shown(recipient, "instance_attributes", of)))
    return put_given(_with_options(entry, made, found.shown_of(entry)), recipients=recipients)


def _with_options(entry: Element, made: dict[str, Any], options: dict[str, str]) -> dict[str, Any]:
    return put_given(made, options=options, meta=dictionary(entry, "meta_attributes"))


def _acls(root: Element, found: Exported) -> None:
    for entry in root.findall("configuration/acls/*"):
        if entry.tag == "acl_role":
            permissions = [
                put_given(
                    {"kind": part.get("kind")},
                    xpath=part.get("xpath"),
                    reference=part.get("reference"),
                    object_type=part.get("object-type"),
                    attribute=part.get("attribute"),
                    description=part.get("description"),
                )
                for part in entry.findall("acl_permission")
            ]
            found.add("acl_roles", put_given(_named(entry), permissions=permissions))
        else:
            subject = {"name": entry.get("id"), "roles": [str(role.get("id")) for role in entry.findall("role")]}
            found.add("acl_users" if entry.tag == "acl_target" else "acl_groups", subject)


def _nodes(root: Element, found: Exported) -> None:
    attributes, capacity = {}, {}
    for node in root.findall("configuration/nodes/node"):
        name = str(node.get("uname"))
        own = {
            key: value
            for key, value in found.shown(node, "instance_attributes", f"node {name}").items()
            if key not in ("standby", "maintenance")
        }
        attributes.update({name: own} if own else {})
        utilization = dictionary(node, "utilization")
        capacity.update({name: utilization} if utilization else {})
    found.say("node_attributes", attributes)
    found.say("node_utilization", capacity)
