# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources, groups, clones and fence devices: typed data to elements of the CIB's section ``resources``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional
from xml.etree.ElementTree import Element

from . import helpers
from .agents import Agent, check, split
from .shape import Field, Fields, Placed, entries, named, shaped, values, variable, without_secrets
from .tree import dictionary, element, pairs, plain, put
from .words import ACTIONS, CLONE_META, META, ON_FAIL, ROLES, Refused, duration_ms, known, made_id

RESOURCE = {
    "name": Field("id", required=True),
    "description": Field(),
    "agent": Field(),
    "vip": Field("map"),
    "service": Field("map"),
    "filesystem": Field("map"),
    "parameters": Field("map"),
    "meta": Field("map"),
    "utilization": Field("map"),
    "operations": Field("list"),
    "recommended_operations": Field("bool"),
}
OPERATION = {
    "action": Field(required=True, choices=tuple(sorted(ACTIONS))),
    "interval": Field("time"),
    "timeout": Field("time"),
    "role": Field(choices=tuple(sorted(ROLES))),
    "on_fail": Field(choices=tuple(sorted(ON_FAIL))),
    "start_delay": Field("time"),
    "enabled": Field("bool"),
    "parameters": Field("map"),
}
GROUP = {
    "name": Field("id", required=True),
    "description": Field(),
    "members": Field("words", required=True),
    "meta": Field("map"),
}
CLONE = {
    "name": Field("id", required=True),
    "description": Field(),
    "resource": Field("id", required=True),
    "promotable": Field("bool"),
    "meta": Field("map"),
}
FENCE_DEVICE = {
    "name": Field("id", required=True),
    "description": Field(),
    "agent": Field(required=True),
    "nodes": Field("words"),
    "ports": Field("map"),
    "parameters": Field("map"),
    "meta": Field("map"),
    "operations": Field("list"),
    "recommended_operations": Field("bool"),
}
#: Actions that an agent recommends and the cluster runs.
_RUN = ("start", "stop", "monitor", "promote", "demote", "notify", "migrate_to", "migrate_from")
#: Parameters that Pacemaker gives a fence agent itself.
_FENCER_FILLS = frozenset(("action", "port", "plug", "nodename"))


@dataclass(frozen=True)
class Plain:
    """What an entry comes down to: an agent, its parameters, and the operations that are usual for it."""

    agent: str
    parameters: Mapping[str, Any]
    operations: Iterable[Mapping[str, Any]]


@dataclass
class Shelf:
    """Elements by name while they are put together; what a group or clone takes is no longer on top."""

    agents: Mapping[str, Agent]
    secrets: Mapping[str, Mapping[str, str]]
    #: resource -> parameters that it has already and keeps
    kept: Mapping[str, frozenset[str]] = field(default_factory=dict)
    found: dict[str, Element] = field(default_factory=dict)
    top: list[str] = field(default_factory=list)
    #: names of nodes, none where nobody knows any yet
    nodes: Collection[str] = ()

    def add(self, where: str, made: Element) -> None:
        """Add an element under its id. Raises Refused when there is one already."""
        name = str(made.get("id"))
        if name in self.found:
            raise Refused(f"{where}: there is another resource of this name")
        self.found[name] = made
        self.top.append(name)

    def take(self, where: str, name: str) -> Element:
        """Take a resource from the top into a group or clone. Raises Refused."""
        known(where, name, self.found)
        if name not in self.top:
            raise Refused(f"{where}: {name!r} is already in another group or clone")
        self.top.remove(name)
        return self.found[name]


def build(
    configuration: Mapping[str, Any],
    agents: Mapping[str, Agent],
    secrets: Mapping[str, Any],
    kept: Mapping[str, frozenset[str]],
    nodes: Collection[str] = (),
) -> Shelf:
    """Return all resources of a configuration. Raises Refused.

    agents: metadata by agent, as far as it is known; kept: resource -> secrets that it has already and keeps; nodes:
    names of nodes, to which those are added that resources bring.
    """
    shelf = Shelf(
        agents, {str(owner): values(f"{variable('secrets')}.{owner}", found) for owner, found in secrets.items()}, kept
    )
    more, more_groups = helpers.web_servers(variable("web_servers"), configuration.get("web_servers"))
    for path, entry in (*_entries(configuration, "resources", RESOURCE), *_helped(more, RESOURCE)):
        shelf.add(path, primitive(path, entry, shelf))
    shelf.nodes = (*nodes, *brought_nodes(shelf.found.values())) if nodes else ()
    for path, entry in _entries(configuration, "fence_devices", FENCE_DEVICE):
        shelf.add(path, fence_device(path, entry, shelf))
    for path, entry in (*_entries(configuration, "groups", GROUP), *_helped(more_groups, GROUP)):
        shelf.add(path, group(path, entry, shelf))
    for path, entry in _entries(configuration, "clones", CLONE):
        shelf.add(path, clone(path, entry, shelf))
    owners = [name for name, made in shelf.found.items() if made.tag == "primitive"]
    owners += [str(alert.get("name")) for alert in configuration.get("alerts") or () if isinstance(alert, Mapping)]
    for owner in shelf.secrets:
        known(variable("secrets"), owner, owners)
    return shelf


def _entries(configuration: Mapping[str, Any], key: str, fields: Fields) -> Iterator[Placed]:
    return entries(variable(key), configuration.get(key), fields)


def _helped(found: Iterable[Placed], fields: Fields) -> Iterator[Placed]:
    """Yield what a helper has made, each with the place of what people wrote."""
    for path, entry in found:
        yield path, shaped(path, entry, fields)


def agent_names(configuration: Mapping[str, Any]) -> list[str]:
    """Return the agents that a configuration names, whose metadata is worth asking for. Raises Refused."""
    found = []
    for path, entry in _entries(configuration, "resources", RESOURCE):
        found.append(_of(path, entry)[0])
    if configuration.get("web_servers"):
        found.append("ocf:heartbeat:IPaddr2")
        for _path, entry in _entries(configuration, "web_servers", helpers.WEB_SERVER):
            found.append(helpers.plain(_path, {"service": {"unit": entry["unit"]}})[0])
    for _path, entry in _entries(configuration, "fence_devices", FENCE_DEVICE):
        found.append(_fence_agent(entry["agent"]))
    return sorted(set(found))


def brought_nodes(resources: Iterable[Element]) -> list[str]:
    """Return the names of the remote nodes and guests that resources bring into the cluster."""
    found = []
    for entry in resources:
        if (entry.get("class"), entry.get("provider"), entry.get("type")) == ("ocf", "pacemaker", "remote"):
            found.append(str(entry.get("id")))
        guest = dictionary(entry, "meta_attributes").get("remote-node")
        found += [guest] if guest else []
    return found


def _fence_agent(name: str) -> str:
    return name if name.startswith("stonith:") else f"stonith:{name}"


def _of(path: str, entry: Mapping[str, Any]) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
    ways = [name for name in ("agent", *helpers.NAMES) if name in entry]
    if len(ways) != 1:
        told = f"and has {' and '.join(ways)}" if ways else "and has none"
        raise Refused(f"{path}: needs exactly one of agent, {', '.join(helpers.NAMES)}, {told}")
    if ways == ["agent"]:
        split(f"{path}.agent", entry["agent"])
        return entry["agent"], {}, []
    return helpers.plain(path, entry)


def primitive(path: str, entry: Mapping[str, Any], shelf: Shelf) -> Element:
    """Return one resource. Raises Refused."""
    agent, parameters, operations = _of(path, entry)
    plain_one = Plain(agent, {**parameters, **entry.get("parameters", {})}, operations)
    return _primitive(path, entry, plain_one, shelf)


def fence_device(path: str, entry: Mapping[str, Any], shelf: Shelf) -> Element:
    """Return one fence device: a resource of class stonith. Raises Refused."""
    parameters: dict[str, Any] = {}
    if "nodes" in entry and "ports" in entry:
        raise Refused(f"{path}: nodes and ports say the same, give one of them")
    ports = values(f"{path}.ports", entry.get("ports"))
    for key, names in (("nodes", entry.get("nodes", ())), ("ports", ports)):
        if key in entry and not names:
            raise Refused(
                f"{path}.{key}: is empty, and the device would fence nobody; one without it is asked whom it can"
            )
        for name in names if shelf.nodes else ():
            known(f"{path}.{key}", name, shelf.nodes)
    if "nodes" in entry:
        parameters["pcmk_host_list"] = " ".join(entry["nodes"])
    if "ports" in entry:
        parameters["pcmk_host_map"] = ";".join(f"{node}:{port}" for node, port in ports.items())
    parameters.update(entry.get("parameters", {}))
    return _primitive(path, entry, Plain(_fence_agent(entry["agent"]), parameters, []), shelf)


def _primitive(path: str, entry: Mapping[str, Any], plain_one: Plain, shelf: Shelf) -> Element:
    name, agent = entry["name"], plain_one.agent
    given = without_secrets(f"{path}.parameters", plain_one.parameters, name)
    given.update(shelf.secrets.get(name, {}))
    told = shelf.agents.get(agent)
    if told is not None:
        fills = _FENCER_FILLS if agent.startswith("stonith:") else frozenset()
        check(f"{path}.parameters", told, given, fills=fills | shelf.kept.get(name, frozenset()))
    parts = split(f"{path}.agent", agent)
    made = element("primitive", id=name, description=entry.get("description"))
    made.attrib.update({key: value for key, value in parts.items() if value is not None})
    return put(
        made,
        pairs("instance_attributes", name, given),
        pairs("meta_attributes", name, named(f"{path}.meta", entry.get("meta"), META)),
        pairs("utilization", name, values(f"{path}.utilization", entry.get("utilization"))),
        _operations(path, entry, told, plain_one.operations),
    )


def _operations(path: str, entry: Mapping[str, Any], agent: Optional[Agent], usual: Iterable[Any]) -> Optional[Element]:
    """Return the operations: what the agent recommends, over it what a helper finds usual, over that what is declared.

    Each layer replaces the actions that it names and leaves the others. Without metadata and without a word there is
    still a monitor: a resource that nobody looks at is not highly available.
    """
    name, is_alone = entry["name"], entry.get("recommended_operations") is False
    chosen = _recommended(agent) if agent is not None and not is_alone else []
    for layer in (() if is_alone else usual, entry.get("operations", ())):
        stated = [found for _place, found in entries(f"{path}.operations", list(layer), OPERATION)]
        replaced = {(found["action"], found.get("role")) for found in stated}
        chosen = [found for found in chosen if (found["action"], found.get("role")) not in replaced] + stated
    if not is_alone and not any(found["action"] == "monitor" for found in chosen):
        chosen.append({"action": "monitor"})
    intervals = set()
    made = Element("operations")
    for found in sorted(chosen, key=lambda one: (one["action"], one.get("role") or "")):
        is_monitor = found["action"] == "monitor"
        found.setdefault("interval", "10s" if is_monitor else "0s")
        every = duration_ms(found["interval"])
        place = f"{path}.operations[{found['action']}].interval"
        if is_monitor and not every:
            raise Refused(f"{place}: a monitor needs one above 0")
        if (found["action"], every) in intervals:
            raise Refused(f"{place}: {found['interval']} stands there twice; Pacemaker tells them apart by it")
        intervals.add((found["action"], every))
        made.append(_operation(path, name, found))
    return made if len(made) else None


def _recommended(agent: Agent) -> list[dict[str, Any]]:
    """Return the operations that an agent recommends, as entries."""
    found = []
    for action in agent.actions:
        # deeper monitors cost something (a write to a disk, a query): they are for those who ask for them
        if action.name not in _RUN or action.depth not in ("", "0"):
            continue
        entry = {"action": action.name, "timeout": action.timeout, "role": action.role, "interval": action.interval}
        if action.name == "monitor" and not duration_ms(action.interval or "0"):
            entry["interval"] = "60s" if agent.name.startswith("stonith:") else "10s"
        found.append({key: value for key, value in entry.items() if value})
    return found


def _operation(path: str, name: str, entry: Mapping[str, Any]) -> Element:
    identity = made_id(name, entry["action"], entry.get("role"), "interval", entry["interval"])
    made = element(
        "op",
        id=identity,
        name=entry["action"],
        interval=entry["interval"],
        timeout=entry.get("timeout"),
        role=entry.get("role"),
        on_fail=entry.get("on_fail"),
        start_delay=entry.get("start_delay"),
        enabled=plain(entry.get("enabled")),
    )
    place = f"{path}.operations[{entry['action']}].parameters"
    parameters = without_secrets(place, entry.get("parameters"), name)
    return put(made, pairs("instance_attributes", identity, parameters))


def group(path: str, entry: Mapping[str, Any], shelf: Shelf) -> Element:
    """Return a group with its members taken in. Raises Refused."""
    if not entry["members"]:
        raise Refused(f"{path}.members: a group needs one at least")
    made = element("group", id=entry["name"], description=entry.get("description"))
    put(made, pairs("meta_attributes", entry["name"], named(f"{path}.meta", entry.get("meta"), META)))
    for name in entry["members"]:
        member = shelf.take(f"{path}.members", name)
        if member.tag != "primitive" or member.get("class") == "stonith":
            raise Refused(f"{path}.members: {name!r} is no plain resource, and only such can be in a group")
        made.append(member)
    return made


def clone(path: str, entry: Mapping[str, Any], shelf: Shelf) -> Element:
    """Return a clone, promotable or not, with its resource or group taken in. Raises Refused."""
    meta = named(f"{path}.meta", entry.get("meta"), CLONE_META)
    if entry.get("promotable"):
        meta = {"promotable": "true", **meta}
    made = element("clone", id=entry["name"], description=entry.get("description"))
    put(made, pairs("meta_attributes", entry["name"], meta))
    inner = shelf.take(f"{path}.resource", entry["resource"])
    if inner.tag not in ("primitive", "group"):
        raise Refused(f"{path}.resource: {entry['resource']!r} is itself a clone")
    made.append(inner)
    return made
