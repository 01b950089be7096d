# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Topology file -> plan. Pure: reads text, returns frozen data; every error names the place in the file.

A topology is a few lines::

    lab: heartbeat
    release: bookworm
    nodes:
      node1: {groups: [heartbeat]}
      node2: {groups: [heartbeat]}
      client: {groups: [lab_clients], networks: [service]}

`networks` (default: service and cluster) names the lab's networks in the order of the interfaces eth0, eth1, ….
A node may have `hostname` (default: its name), `networks` (default: all) and `vars` (inventory variables).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from . import addresses
from .addresses import Network
from .errors import LabError
from .identity import LAB_NAME

RELEASES = ("bookworm", "trixie")
NODE_NAME = re.compile(r"[a-z]([a-z0-9-]{0,29}[a-z0-9])?")
HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")
GROUP_NAME = re.compile(r"[a-z_][a-z0-9_]*")
NETWORK_NAME = re.compile(r"[a-z][a-z0-9]{0,11}")
RESERVED = {"router", "all", "localhost"}


@dataclass(frozen=True)
class NetworkPlan:
    """One bridge with its subnets; `router` is the bridge's own address, which answers pings and serves packages."""

    name: str
    ipv4: str
    ipv6: str
    router: str
    router6: str
    router_mac: str


@dataclass(frozen=True)
class CablePlan:
    """One cable from a node to a bridge."""

    network: str
    interface: str
    port: str
    mac: str
    ipv4: str
    ipv6: str


@dataclass(frozen=True)
class NodePlan:
    """One machine."""

    name: str
    hostname: str
    groups: tuple[str, ...]
    cables: tuple[CablePlan, ...]
    variables: Mapping[str, Any] = field(default_factory=dict)

    def cable(self, network: str) -> CablePlan:
        """Return the cable to `network`; LabError when there is none."""
        for cable in self.cables:
            if cable.network == network:
                return cable
        known = ", ".join(cable.network for cable in self.cables)
        raise LabError(f"{self.name} has no cable to {network!r}; it is on: {known}")


@dataclass(frozen=True)
class Plan:
    """A whole lab, addresses included."""

    lab: str
    release: str
    networks: tuple[NetworkPlan, ...]
    nodes: tuple[NodePlan, ...]
    shared: str = ""
    """Path of a folder that all machines have in common, as of a file server; none when empty."""

    def node(self, name: str) -> NodePlan:
        """Return a node by name; LabError lists the names there are."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise LabError(f"no node {name!r} in lab {self.lab}; there are: {', '.join(n.name for n in self.nodes)}")

    def network(self, name: str) -> NetworkPlan:
        """Return a network by name; LabError lists the names there are."""
        for network in self.networks:
            if network.name == name:
                return network
        raise LabError(f"no network {name!r} in lab {self.lab}; there are: {', '.join(n.name for n in self.networks)}")

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for the state file."""
        return asdict(self)


def plan_from_dict(data: Mapping[str, Any]) -> Plan:
    """Rebuild a plan from what `Plan.to_dict` stored."""
    return Plan(
        lab=data["lab"],
        release=data["release"],
        networks=tuple(NetworkPlan(**network) for network in data["networks"]),
        nodes=tuple(
            NodePlan(
                name=node["name"],
                hostname=node["hostname"],
                groups=tuple(node["groups"]),
                cables=tuple(CablePlan(**cable) for cable in node["cables"]),
                variables=dict(node["variables"]),
            )
            for node in data["nodes"]
        ),
        shared=data.get("shared", ""),
    )


def _require(condition: bool, place: str, text: str) -> None:
    if not condition:
        raise LabError(f"topology: {place}: {text}")


def _names(value: Any, place: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
    _require(isinstance(value, (list, tuple)), place, "must be a list of names")
    for item in value:
        _require(isinstance(item, str) and bool(pattern.fullmatch(item)), place, f"{item!r} is not a valid name")
    _require(len(set(value)) == len(value), place, "a name occurs twice")
    return tuple(value)


def _unknown_keys(data: Mapping[str, Any], known: Iterable[str], place: str) -> None:
    unknown = sorted(set(data) - set(known))
    _require(not unknown, place, f"unknown key {', '.join(unknown)}; known: {', '.join(sorted(known))}")


def make_plan(
    data: Any,
    *,
    seed: str,
    taken: Iterable[Network] = (),
    name: str | None = None,
    release: str | None = None,
) -> Plan:
    """Return the plan of a topology.

    `data` is the parsed file, `seed` the checkout's hash, `taken` the networks the host has addresses in or routes to;
    `name` and `release` override the file. Raises LabError with the place of the first mistake.
    """
    _require(isinstance(data, Mapping), "file", "must be a mapping with the keys lab, release, nodes")
    _unknown_keys(data, ("lab", "release", "networks", "nodes", "shared"), "file")
    lab = name or data.get("lab")
    _require(
        isinstance(lab, str) and bool(LAB_NAME.fullmatch(str(lab))),
        "lab",
        f"{lab!r} is not a valid name (a-z, 0-9, -, _)",
    )
    lab = str(lab)
    chosen = release or data.get("release", RELEASES[0])
    _require(chosen in RELEASES, "release", f"{chosen!r} is not one of {', '.join(RELEASES)}")
    network_names = _names(data.get("networks", ["service", "cluster"]), "networks", NETWORK_NAME)
    _require(bool(network_names), "networks", "at least one network is needed")

    lab_seed = f"{seed}/{lab}"
    used = list(taken)
    networks: list[NetworkPlan] = []
    for index, network_name in enumerate(network_names):
        ipv4 = addresses.choose_ipv4(lab_seed, index, used)
        used.append(ipv4)
        ipv6 = addresses.choose_ipv6(lab_seed, index, used)
        networks.append(
            NetworkPlan(
                name=network_name,
                ipv4=str(ipv4),
                ipv6=str(ipv6),
                router=addresses.host_address(ipv4, addresses.ROUTER_HOST),
                router6=addresses.host_address(ipv6, addresses.ROUTER_HOST),
                router_mac=addresses.mac_address(lab_seed, "router", network_name),
            )
        )

    shared = data.get("shared", "")
    _require(isinstance(shared, str) and (not shared or shared.startswith("/")), "shared", "must be an absolute path")
    raw_nodes = data.get("nodes")
    _require(isinstance(raw_nodes, Mapping) and bool(raw_nodes), "nodes", "must name at least one node")
    limit = addresses.FIRST_VIP_HOST - addresses.FIRST_NODE_HOST
    _require(len(raw_nodes) <= limit, "nodes", f"more than {limit} nodes")
    nodes = tuple(
        _node_plan(str(node_name), spec or {}, index, networks, lab_seed)
        for index, (node_name, spec) in enumerate(raw_nodes.items())
    )
    return Plan(lab=lab, release=str(chosen), networks=tuple(networks), nodes=nodes, shared=shared)


def _node_plan(name: str, spec: Any, index: int, networks: list[NetworkPlan], seed: str) -> NodePlan:
    place = f"nodes.{name}"
    _require(bool(NODE_NAME.fullmatch(name)), place, "is not a valid node name (a-z, 0-9, -)")
    _require(name not in RESERVED, place, f"{name!r} is reserved")
    _require(isinstance(spec, Mapping), place, "must be a mapping")
    _unknown_keys(spec, ("groups", "networks", "hostname", "vars"), place)
    hostname = spec.get("hostname", name)
    _require(
        isinstance(hostname, str) and bool(HOST_NAME.fullmatch(hostname)), place, f"hostname {hostname!r} is not valid"
    )
    variables = spec.get("vars", {})
    _require(isinstance(variables, Mapping), f"{place}.vars", "must be a mapping")
    wanted = _names(spec.get("networks", [n.name for n in networks]), f"{place}.networks", NETWORK_NAME)
    _require(bool(wanted), f"{place}.networks", "a node needs at least one network")
    by_name = {network.name: network for network in networks}
    for network_name in wanted:
        _require(network_name in by_name, f"{place}.networks", f"{network_name!r} is not among {', '.join(by_name)}")
    host = addresses.FIRST_NODE_HOST + index
    cables = tuple(
        CablePlan(
            network=network_name,
            interface=f"eth{position}",
            port=addresses.port_name(name, f"eth{position}", index),
            mac=addresses.mac_address(seed, name, network_name),
            ipv4=addresses.host_address(ipaddress.ip_network(by_name[network_name].ipv4), host),
            ipv6=addresses.host_address(ipaddress.ip_network(by_name[network_name].ipv6), host),
        )
        for position, network_name in enumerate(wanted)
    )
    groups = _names(spec.get("groups", []), f"{place}.groups", GROUP_NAME)
    return NodePlan(name=name, hostname=hostname, groups=groups, cables=cables, variables=dict(variables))
