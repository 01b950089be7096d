# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the role's variables to the files of each instance, and the reasons why a request can't be."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from . import acl, config, memory

Request = Mapping[str, Any]
#: highest port; the bus has one of its own above the clients'
LAST_PORT = 65535
#: distance of the bus' port from that of clients, as clients and other instances expect it
BUS_OFFSET = 10000


def bus_port(port: int) -> int:
    """Return the port on which instances of a cluster talk to each other."""
    return int(port) + BUS_OFFSET


def nodes(instances: Sequence[Request], host: str, address: str, machine: str) -> list[dict[str, Any]]:
    """Return the instances of a host as the module redis_cluster declares them."""
    found = []
    for instance in instances:
        node: dict[str, Any] = {
            "name": f"{host}:{instance['port']}",
            "host": str(address),
            "port": int(instance["port"]),
            "machine": str(instance.get("machine") or machine),
        }
        for key in ("weight", "role"):
            if instance.get(key) is not None:
                node[key] = instance[key]
        found.append(node)
    return found


def down_nodes(
    members: Sequence[str], hosts: Mapping[str, Request], instances: Sequence[Request]
) -> list[dict[str, Any]]:
    """Return the instances of members that are known to be down, by what the inventory says of them.

    instances: those of a member of which it says nothing. Raises KeyError for a member without an address.
    """
    found = []
    for member in members:
        known = hosts[member]
        address = known.get("redis_cluster_address") or known.get("ansible_host")
        if not address:
            raise KeyError(f"the inventory has to tell redis_cluster_address of {member}, which is down")
        machine = known.get("redis_cluster_machine") or member
        for node in nodes(known.get("redis_cluster_instances") or instances, member, address, machine):
            found.append({**node, "is_down": True})
    return found


def refusals(request: Request) -> list[str]:
    """Return why a request can't be, one sentence each; none of them tells a password."""
    found = config.strangers(request["config"])
    ports = [int(instance["port"]) for instance in request["instances"]]
    every = ports + ([bus_port(port) for port in ports] if request["mode"] == "cluster" else [])
    if not ports:
        found.append("redis_cluster_instances is empty")
    twice = sorted({port for port in every if every.count(port) > 1})
    if twice:
        found.append(f"ports that are needed twice: {', '.join(map(str, twice))}")
    high = sorted({port for port in every if not 0 < port <= LAST_PORT})
    if high:
        found.append(f"not a port: {', '.join(map(str, high))} (the bus of a cluster is at port + {BUS_OFFSET})")
    for instance in request["instances"]:
        found += config.strangers(instance.get("config") or {})
    for free in (request["config"], *(instance.get("config") or {} for instance in request["instances"])):
        try:
            config.rendered(free)
        except config.Unwritable as error:
            found.append(f"redis_cluster_config: {error}")
    found += _of_memory(request)
    found += _of_names(request)
    found += _of_secrets(request)
    if request["is_tls"]:
        missing = [key for key in ("cert", "key", "ca") if not request[key]]
        found += [f"redis_cluster_tls_{key}_file is empty, TLS needs it" for key in missing]
    source = request.get("source") or {}
    if source and not all(source.get(key) for key in ("url", "checksum", "version")):
        found.append("redis_cluster_source needs url, checksum and version")
    return found


def _of_memory(request: Request) -> list[str]:
    """Why limits contradict each other: an instance that outgrows its unit's limit is killed."""
    try:
        limit = memory.unit_limit(request["memory_max"], 0)
    except ValueError as error:
        return [f"redis_cluster_memory_max: {error}"]
    found = []
    for instance in request["instances"]:
        text = str(instance.get("maxmemory") or request["maxmemory"])
        try:
            bytes_wanted = memory.size(text) if text else 0
        except ValueError as error:
            found.append(f"maxmemory of port {instance['port']}: {error}")
            continue
        if limit and bytes_wanted >= limit:
            found.append(
                f"maxmemory {text} of port {instance['port']} does not fit into redis_cluster_memory_max "
                f"{request['memory_max']}, which also has to hold buffers and the copy for snapshots"
            )
    return found


def _of_names(request: Request) -> list[str]:
    found = []
    try:
        ipaddress.ip_address(str(request["address"]))
    except ValueError:
        found.append(f"redis_cluster_address has to be an address, instances announce it: {request['address']!r}")
    for name in request["leaving"]:
        host, _colon, port = str(name).rpartition(":")
        if host not in request["members"] or not port.isdigit():
            found.append(f"redis_cluster_leaving: {name} is no HOST:PORT of a member")
    return found


def _of_secrets(request: Request) -> list[str]:
    found = acl.weaknesses(request["password"], request["users"])
    try:
        acl.rendered(request["password"] or "-", request["former"], request["users"])
    except config.Unwritable as error:
        found.append(f"redis_cluster_users: {error}")
    return found


def _server(request: Request, port: int) -> dict[str, Any]:
    """Where an instance listens and where its files are."""
    is_tls = bool(request["is_tls"])
    found: dict[str, Any] = {
        "port": 0 if is_tls else port,
        "bind": " ".join(str(address) for address in request["bind"]),
        "protected-mode": bool(request["is_protected"]),
        "dir": f"{request['data_dir']}/{port}",
        "aclfile": f"{request['config_dir']}/{port}.acl",
        "unixsocket": f"{request['runtime_dir']}/{port}/socket",
        "unixsocketperm": "700",
        # systemd has the output, and with it the journal
        "logfile": "",
        "masterauth": config.quoted(request["password"]),
    }
    if is_tls:
        found.update({
            "tls-port": port,
            "tls-cert-file": config.quoted(request["tls_cert_file"]),
            "tls-key-file": config.quoted(request["tls_key_file"]),
            "tls-ca-cert-file": config.quoted(request["tls_ca_file"]),
            "tls-auth-clients": str(request["tls_client_auth"]),
            "tls-replication": True,
        })  # fmt: skip
    return found


def _cluster(request: Request, port: int) -> dict[str, Any]:
    """What makes an instance a member of a cluster."""
    if request["mode"] != "cluster":
        return {}
    found: dict[str, Any] = {
        "cluster-enabled": True,
        "cluster-config-file": "nodes.conf",
        "cluster-port": bus_port(port),
        "cluster-announce-ip": str(request["address"]),
        "cluster-node-timeout": int(request["node_timeout"]),
        "cluster-require-full-coverage": bool(request["requires_full_coverage"]),
        # a replica belongs where it was declared, the daemon must not lend it to another master
        "cluster-allow-replica-migration": False,
    }
    if request["is_tls"]:
        found["tls-cluster"] = True
    return found


def _data(request: Request, instance: Request, maxmemory: int) -> dict[str, Any]:
    """What is kept, and where the limit is."""
    return {
        # without the first line, save points of a file that is read before would stay
        "save": ["", *request["save_points"]],
        "appendonly": bool(request["is_append_only"]),
        "appendfsync": str(request["append_fsync"]),
        "maxmemory": str(instance.get("maxmemory") or request["maxmemory"] or maxmemory),
        "maxmemory-policy": str(request["maxmemory_policy"]),
    }


def files(instances: Sequence[Request], request: Request, memory_bytes: int) -> list[dict[str, Any]]:
    """Return for each instance port, bus_port (0 without a cluster), address, and the contents config and acl.

    Raises config.Unwritable.
    """
    total, percent = int(memory_bytes), float(request["memory_percent"])
    each = memory.share(total, percent, len(instances))
    limit = memory.unit_limit(request["memory_max"], total)
    if limit:
        each = min(each, memory.share(limit, percent, 1))
    found = []
    for instance in instances:
        port = int(instance["port"])
        settings = {**_server(request, port), **_cluster(request, port), **_data(request, instance, each)}
        settings.update(request["config"])
        settings.update(instance.get("config") or {})
        text = config.rendered(settings)
        found.append({
            "port": port,
            "bus_port": bus_port(port) if request["mode"] == "cluster" else 0,
            "address": str(request["address"]),
            "config": f"# Ansible managed: role steadfast.ha.redis_cluster\n{text}",
            "acl": acl.rendered(request["password"], request["former"], request["users"]),
        })  # fmt: skip
    return found


def objections(members: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return why the plan can't be carried out, one sentence per member that objects or did not answer."""
    found = []
    for member in members:
        planned = (hosts.get(member) or {}).get("__redis_cluster_plan") or {}
        if "errors" not in planned:
            found.append(f"{member} could not be asked: {planned.get('msg', 'it did not answer')}")
        elif planned["errors"]:
            found.append(f"{member}: " + "; ".join(planned["errors"]))
    return found


def ports(instances: Mapping[str, Mapping[str, Any]], actions: Sequence[str]) -> list[int]:
    """Return the ports of a plan's instances that need one of these actions."""
    return sorted(int(port) for port, found in (instances or {}).items() if found["action"] in actions)


def bare(port: int, address: str) -> dict[str, Any]:
    """Return what the module redis_instance has to know of an instance that it only asks."""
    return {"port": int(port), "address": str(address)}
