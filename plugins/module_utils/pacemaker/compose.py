# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All of a declared configuration: typed data to what the CIB should have, or one sentence why it can't be."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from . import constraints, fencing, resources, sections
from .agents import Agent
from .shape import named, values, variable
from .words import META, OPERATION_DEFAULTS, OWN_PROPERTIES, PROPERTIES, Refused, Unfenced, known, nearest, xml_id

#: What somebody has to say who runs a cluster that can't fence.
WITHOUT_FENCING = "I accept that data may be lost"
KEYS = (
    "without_fencing", "properties", "usual_properties", "resource_defaults", "usual_resource_defaults",
    "operation_defaults", "node_attributes", "node_utilization",
    "web_servers", "resources", "groups", "clones", "locations", "colocations", "orders", "fence_devices",
    "fence_levels", "alerts", "acl_roles", "acl_users", "acl_groups", "tags", "absent",
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """What the CIB should have. Elements are new ones, with the ids that we would give."""

    properties: dict[str, str] = field(default_factory=dict)
    #: those that are set only where the cluster has none, here and below
    usual_properties: dict[str, str] = field(default_factory=dict)
    resource_defaults: dict[str, str] = field(default_factory=dict)
    usual_resource_defaults: dict[str, str] = field(default_factory=dict)
    operation_defaults: dict[str, str] = field(default_factory=dict)
    node_attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    node_utilization: dict[str, dict[str, str]] = field(default_factory=dict)
    resources: list[Element] = field(default_factory=list)
    constraints: list[Element] = field(default_factory=list)
    levels: list[Element] = field(default_factory=list)
    alerts: list[Element] = field(default_factory=list)
    acls: list[Element] = field(default_factory=list)
    tags: list[Element] = field(default_factory=list)
    absent: frozenset[str] = frozenset()
    #: (resource or alert, parameter) whose value nobody may see
    hidden: frozenset[tuple[str, str]] = frozenset()
    #: (resource or alert, parameter) of secrets that are declared to be none, and go
    forgotten: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Around:
    """What there is already, besides the configuration: names of nodes, and of things that nobody declares."""

    nodes: Collection[str] = ()
    #: those of the nodes that something has to fence
    members: Collection[str] = ()
    resources: Collection[str] = ()
    fence_devices: fencing.Devices = field(default_factory=dict)
    #: whether nodes are taken to reset themselves
    watchdog: bool = False
    tags: Collection[str] = ()
    acl_roles: Collection[str] = ()
    #: resource or alert, declared or not -> its parameters that are secrets; they stay where nobody names them
    secrets: Mapping[str, Collection[str]] = field(default_factory=dict)

    def of_the_declared(self) -> Around:
        """Return the same for a declaration that speaks for all of the cluster: it can mean nothing else."""
        return Around(nodes=self.nodes, members=self.members, secrets=self.secrets)


def compose(
    configuration: Mapping[str, Any],
    secrets: Mapping[str, Any],
    agents: Mapping[str, Agent],
    around: Around,
) -> Wanted:
    """Return what the CIB should have. ``agents``: metadata by agent, as far as it is known. Raises Refused."""
    for key in configuration:
        if key not in KEYS:
            raise Refused(f"{key}: nobody knows it, {nearest(str(key), KEYS)}")
    forgotten = frozenset(
        (str(owner), str(name))
        for owner, found in secrets.items()
        for name, value in (found.items() if isinstance(found, Mapping) else ())
        if value is None
    )
    kept = {
        owner: frozenset(name for name in names if (owner, name) not in forgotten)
        for owner, names in around.secrets.items()
    }
    shelf = resources.build(configuration, agents, secrets, kept, around.nodes)
    absent = frozenset(xml_id(variable("absent"), name) for name in configuration.get("absent") or ())
    for name in absent & set(shelf.found):
        raise Refused(f"{variable('absent')}: {name} is declared too")
    declared = {name: fencing.targets(made) for name, made in shelf.found.items() if made.get("class") == "stonith"}
    devices = {name: found for name, found in {**around.fence_devices, **declared}.items() if name not in absent}
    names = (set(shelf.found) | set(around.resources)) - absent
    tags = {str(entry.get("name")) for entry in configuration.get("tags") or () if isinstance(entry, Mapping)}
    found = constraints.build(configuration, names | ((tags | set(around.tags)) - absent), shelf.nodes)
    defaults = frozenset(META)
    properties = _properties(configuration, bool(devices))
    usual_properties = _named("usual_properties", configuration, PROPERTIES - OWN_PROPERTIES)
    levels = sections.levels(configuration.get("fence_levels"), devices, shelf.nodes)
    if properties["stonith-enabled"] == "true":
        watchdog = around.watchdog or fencing.has_watchdog({**usual_properties, **properties})
        _refuse_unfenced(fencing.unfenced(around.members, devices, levels, watchdog=watchdog), devices)
    return Wanted(
        properties,
        usual_properties,
        _named("resource_defaults", configuration, defaults),
        _named("usual_resource_defaults", configuration, defaults),
        _named("operation_defaults", configuration, OPERATION_DEFAULTS),
        _of_nodes("node_attributes", configuration, shelf.nodes),
        _of_nodes("node_utilization", configuration, shelf.nodes),
        [shelf.found[name] for name in shelf.top],
        found,
        levels,
        sections.alerts(configuration.get("alerts"), shelf.secrets),
        sections.acls(configuration, set(around.acl_roles) - absent),
        sections.tags(configuration.get("tags"), names | {str(made.get("id")) for made in found}),
        absent,
        frozenset((owner, parameter) for owner, found in shelf.secrets.items() for parameter in found),
        forgotten,
    )


def _properties(configuration: Mapping[str, Any], has_devices: bool) -> dict[str, str]:
    """Return the properties, fencing among them, which is on unless somebody does without it in words."""
    found = _named("properties", configuration, PROPERTIES - OWN_PROPERTIES)
    words = str(configuration.get("without_fencing") or "")
    if words not in ("", WITHOUT_FENCING):
        raise Refused(f"{variable('without_fencing')}: has to be {WITHOUT_FENCING!r}, word for word, and is {words!r}")
    for key in ("properties", "usual_properties"):
        if "stonith-enabled" in (configuration.get(key) or ()):
            raise Refused(f"{variable(key)}.stonith-enabled: is on, and {variable('without_fencing')} switches it off")
    if not words and not has_devices:
        raise Unfenced(
            f"{variable('fence_devices')}: there is none, and a cluster that can't fence would either stand still or "
            f"lose data when a node fails. Declare one, or set {variable('without_fencing')} to {WITHOUT_FENCING!r}"
        )
    return {**found, "stonith-enabled": "false" if words else "true"}


def _refuse_unfenced(nodes: Collection[str], devices: Collection[str]) -> None:
    """Raise Unfenced when there are nodes that nothing fences."""
    if nodes:
        raise Unfenced(
            f"{variable('fence_devices')}: none of {', '.join(devices)} fences {', '.join(nodes)}, and when one fails "
            "that nothing fences, the cluster waits. Name each in nodes or ports of a device, and where "
            f"{variable('fence_levels')} has some for it, of all devices of one level"
        )


def _named(key: str, configuration: Mapping[str, Any], choices: frozenset[str]) -> dict[str, str]:
    return named(variable(key), configuration.get(key), choices)


def _of_nodes(key: str, configuration: Mapping[str, Any], nodes: Collection[str]) -> dict[str, dict[str, str]]:
    given, where = configuration.get(key) or {}, variable(key)
    if not isinstance(given, Mapping):
        raise Refused(f"{where}: has to be a dictionary, and is {given!r}")
    found = {}
    for node, attributes in given.items():
        if nodes:
            known(where, str(node), nodes)
        found[str(node)] = values(f"{where}.{node}", attributes)
    return found
