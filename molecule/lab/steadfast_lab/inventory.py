# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventory and facts of a lab: what a play needs to know. Pure."""

from __future__ import annotations

import ipaddress
from typing import Any

from . import addresses
from .identity import Identity
from .topology import NodePlan, Plan

POWER_PORT = 8440


def network_facts(plan: Plan) -> dict[str, Any]:
    """Return `lab_networks`: per network its subnets, the router's addresses and addresses free for VIPs."""
    facts: dict[str, Any] = {}
    for network in plan.networks:
        ipv4, ipv6 = ipaddress.ip_network(network.ipv4), ipaddress.ip_network(network.ipv6)
        span = range(addresses.FIRST_VIP_HOST, addresses.FIRST_VIP_HOST + addresses.VIP_COUNT)
        facts[network.name] = {
            "ipv4": network.ipv4,
            "ipv6": network.ipv6,
            "prefix": ipv4.prefixlen,
            "prefix6": ipv6.prefixlen,
            "router": network.router,
            "router6": network.router6,
            "vips": [addresses.host_address(ipv4, host) for host in span],
            "vips6": [addresses.host_address(ipv6, host) for host in span],
        }
    return facts


def host_vars(identity: Identity, node: NodePlan) -> dict[str, Any]:
    """Return the inventory variables of one host."""
    return {
        "ansible_host": identity.container(node.name),
        "lab_hostname": node.hostname,
        "lab_addresses": {cable.network: cable.ipv4 for cable in node.cables},
        "lab_addresses6": {cable.network: cable.ipv6 for cable in node.cables},
        "lab_interfaces": {cable.network: cable.interface for cable in node.cables},
        "lab_macs": {cable.network: cable.mac for cable in node.cables},
        **node.variables,
    }


def make_inventory(identity: Identity, plan: Plan, engine: str, power_token: str) -> dict[str, Any]:
    """Return the whole inventory as plain data for YAML."""
    groups: dict[str, Any] = {}
    for node in plan.nodes:
        for group in node.groups:
            groups.setdefault(group, {"hosts": {}})["hosts"][node.name] = {}
    first = plan.networks[0]
    connection = "containers.podman.podman" if engine == "podman" else "community.docker.docker"
    variables: dict[str, Any] = {
        "ansible_connection": connection,
        "ansible_python_interpreter": "/usr/bin/python3",
        "lab_name": plan.lab,
        "lab_release": plan.release,
        "lab_driver": str(identity.root / "molecule" / "lab" / "lab"),
        "lab_networks": network_facts(plan),
        "lab_power_url": f"http://{first.router}:{POWER_PORT}/v1/power",
        "lab_power_token": power_token,
    }
    hosts = {node.name: host_vars(identity, node) for node in plan.nodes}
    return {"all": {"vars": variables, "hosts": hosts, "children": groups}}
