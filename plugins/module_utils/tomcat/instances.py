# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instances of a host: names, routes, addresses and ports that do not clash, worked out from the inventory.

Both roles ask here, tomcat for what it sets up and mod_jk for where it sends requests. What a host does not say in the
inventory has the value in ``DEFAULTS``, which are the defaults of the role.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .words import Refused, known

__all__ = ["DEFAULTS", "Instance", "all_instances", "instances", "listens", "unique_id"]

PORTS = ("http", "ajp", "cluster", "shutdown")
DEFAULTS: Mapping[str, Any] = {
    "tomcat_instances": [{"name": "main"}],
    "tomcat_ports": {},
    "tomcat_port_step": 100,
    "tomcat_address": "",
    "tomcat_cluster_address": "",
}
#: The ports of the first instance. The shutdown port is off: systemd stops instances, and whoever reached it could too.
FIRST = {"http": 8080, "ajp": 8009, "cluster": 4000, "shutdown": -1}
#: A program may listen there, and nobody can be sent there.
EVERYWHERE = ("0.0.0.0", "::", "[::]", "*")
_NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
_ROUTE = re.compile(r"[A-Za-z0-9_-]{1,60}")


@dataclass(frozen=True)
class Instance:
    """One Tomcat: where it is and by which name balancers and sessions know it."""

    host: str
    name: str
    route: str
    address: str
    cluster_address: str
    ports: Mapping[str, int]
    options: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The instance as data."""
        return {
            "host": self.host,
            "name": self.name,
            "route": self.route,
            "address": self.address,
            "cluster_address": self.cluster_address,
            "ports": dict(self.ports),
        }


def _said(host: Mapping[str, Any], name: str) -> Any:
    value = host.get(name)
    return DEFAULTS[name] if value in (None, "", [], {}) else value


def _own(host: str, facts: Mapping[str, Any], name: str) -> str:
    """The address that a variable says, '' for none. Raises Refused for one that nobody can be reached by."""
    said = str(_said(facts, name))
    if said in EVERYWHERE:
        raise Refused(f"{host}: {name} is where others reach this host, an address of its own, not {said}")
    return said


def _address(host: str, facts: Mapping[str, Any]) -> str:
    said = _own(host, facts, "tomcat_address")
    if said:
        return said
    found = ((facts.get("ansible_facts") or {}).get("default_ipv4") or {}).get("address")
    if not found:
        raise Refused(
            f"{host}: set tomcat_address in the inventory, no address of this host is known by which balancers reach "
            "it; one that is down has no facts"
        )
    return str(found)


def _ports(where: str, number: int, host: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, int]:
    base = {
        **FIRST,
        **{
            known(f"{where}: tomcat_ports", key, PORTS): int(value)
            for key, value in _said(host, "tomcat_ports").items()
        },
    }
    step = int(_said(host, "tomcat_port_step"))
    found = {kind: port + number * step if port > 0 else -1 for kind, port in base.items()}
    for key, value in (given.get("ports") or {}).items():
        found[known(f"{where}: ports", key, PORTS)] = int(value)
    for kind, port in found.items():
        if not (0 < port < 65536 or (port == -1 and kind in ("shutdown", "http"))):
            raise Refused(f"{where}: {kind} port {port} is outside 1-65535")
    return found


def _route(host: str, name: str, is_alone: bool, given: Mapping[str, Any]) -> str:
    # mod_jk takes dots in worker names for separators, and everything behind a dot of a session id is the route
    text = str(given.get("route") or (host if is_alone else f"{host}-{name}"))
    if given.get("route"):
        if not _ROUTE.fullmatch(text):
            raise Refused(f"{host}: route {text!r} of instance {name} may have letters, digits, - and _ only")
        return text
    return re.sub(r"[^A-Za-z0-9_-]", "-", text)


def instances(host: str, facts: Mapping[str, Any]) -> list[Instance]:
    """Return the instances of one host. facts: its variables. Raises Refused for names and ports that clash."""
    if facts.get("tomcat_instances") == []:
        raise Refused(f"{host}: tomcat_instances is empty; a host without one is no member, take it out of the group")
    wanted = _said(facts, "tomcat_instances")
    address = _address(host, facts)
    found: list[Instance] = []
    for number, given in enumerate(wanted):
        name = str(given.get("name") or "")
        where = f"{host}: instance {name or number}"
        if not _NAME.fullmatch(name):
            raise Refused(f"{where}: a name has small letters, digits and -, and begins with a letter")
        found.append(
            Instance(
                host=host,
                name=name,
                route=_route(host, name, len(wanted) == 1, given),
                address=address,
                cluster_address=_own(host, facts, "tomcat_cluster_address") or address,
                ports=_ports(where, number, facts, given),
                options=given,
            )
        )
    _refuse_clashes(host, found)
    return found


def _refuse_clashes(host: str, found: Sequence[Instance]) -> None:
    owners: dict[int, str] = {}
    names: set[str] = set()
    for instance in found:
        if instance.name in names:
            raise Refused(f"{host}: two instances are called {instance.name}")
        names.add(instance.name)
        for kind in PORTS:
            port = instance.ports[kind]
            what = f"the {kind} port of {instance.name}"
            if port > 0 and port in owners:
                raise Refused(f"{host}: {owners[port]} and {what} are both {port}")
            owners[port] = what


def all_instances(members: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]) -> list[Instance]:
    """Return the instances of all members, in their order. Raises Refused, also for a route that two have."""
    found = [instance for member in members for instance in instances(member, hosts.get(member) or {})]
    seen: dict[str, Instance] = {}
    for instance in found:
        other = seen.setdefault(instance.route, instance)
        if other is not instance:
            raise Refused(f"{other.host} and {instance.host}: both have an instance with the route {instance.route}")
    return found


def listens(instance: Instance, http_address: str, is_clustered: bool) -> list[dict[str, Any]]:
    """Return where an instance listens: ``what``, ``address`` and ``port`` of each."""
    places = {"http": http_address, "ajp": instance.address, "shutdown": "127.0.0.1"}
    if is_clustered:
        places["cluster"] = instance.cluster_address
    return [
        {"what": kind, "address": places[kind], "port": instance.ports[kind]}
        for kind in PORTS
        if kind in places and instance.ports[kind] > 0
    ]


def unique_id(cluster: str, route: str) -> str:
    """Return the sixteen bytes that name a member of a static cluster, as Tomcat reads them: signed, in braces."""
    digest = hashlib.md5(f"{cluster}/{route}".encode(), usedforsecurity=False).digest()
    return "{" + ",".join(str(byte - 256 if byte > 127 else byte) for byte in digest) + "}"
