# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Common resources in few words: an address, a service, a filesystem, a web server with its address.

Each becomes the plain resource (agent, parameters, operations) that somebody would have written by hand.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from .shape import Field, Placed, entries, shaped
from .words import Refused

VIP = {
    "address": Field(required=True),
    "prefix": Field("number"),
    "device": Field(),
}
SERVICE = {"unit": Field(required=True)}
FILESYSTEM = {
    "device": Field(required=True),
    "directory": Field(required=True),
    "type": Field(required=True),
    "options": Field(),
}
WEB_SERVER = {
    "name": Field("id", required=True),
    "address": Field(required=True),
    "prefix": Field("number"),
    "device": Field(),
    "unit": Field(required=True),
    "start_timeout": Field("time"),
    "stop_timeout": Field("time"),
    "meta": Field("map"),
}

#: A lost address or a dead service is what clients notice: both are looked at more often than their agents ask for.
_VIP_OPERATIONS = [{"action": "monitor", "interval": "5s", "timeout": "20s"}]
_SERVICE_OPERATIONS = [
    {"action": "monitor", "interval": "10s", "timeout": "30s"},
    {"action": "start", "interval": "0s", "timeout": "100s"},
    {"action": "stop", "interval": "0s", "timeout": "100s"},
]
NAMES = ("vip", "service", "filesystem")


def plain(where: str, entry: Mapping[str, Any]) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
    """Return (agent, parameters, operations) of the helper that a resource names. Raises Refused."""
    if "vip" in entry:
        return vip(f"{where}.vip", entry["vip"])
    if "service" in entry:
        unit = shaped(f"{where}.service", entry["service"], SERVICE)["unit"]
        # an agent's name is the unit's without its suffix
        return f"systemd:{unit[: -len('.service')] if unit.endswith('.service') else unit}", {}, _SERVICE_OPERATIONS
    given = shaped(f"{where}.filesystem", entry["filesystem"], FILESYSTEM)
    named = (("device", "device"), ("directory", "directory"), ("type", "fstype"), ("options", "options"))
    parameters = {agents: given[ours] for ours, agents in named if ours in given}
    return "ocf:heartbeat:Filesystem", parameters, []


def vip(where: str, given: Any) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
    """Return (agent, parameters, operations) of an address. Raises Refused."""
    fields = shaped(where, given, VIP)
    address, _slash, prefix = str(fields["address"]).partition("/")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        raise Refused(f"{where}.address: {address!r} is no IP address") from None
    prefix = str(fields.get("prefix", prefix))
    if prefix and not (prefix.isdigit() and int(prefix) <= parsed.max_prefixlen):
        raise Refused(f"{where}.prefix: {prefix!r} is no prefix length of {address}")
    found = {"ip": address, "cidr_netmask": prefix, "nic": fields.get("device", "")}
    return "ocf:heartbeat:IPaddr2", {name: value for name, value in found.items() if value}, _VIP_OPERATIONS


def web_servers(where: str, given: Any) -> tuple[list[Placed], list[Placed]]:
    """Return the (resources, groups) of web servers with an address each, at the servers' places. Raises Refused."""
    resources: list[Placed] = []
    groups: list[Placed] = []
    for path, entry in entries(where, given, WEB_SERVER):
        name = entry["name"]
        address = {field: entry[field] for field in VIP if field in entry}
        vip(path, address)
        resources.append((path, {"name": f"{name}-vip", "vip": address}))
        server: dict[str, Any] = {"name": f"{name}-server", "service": {"unit": entry["unit"]}}
        server["operations"] = [
            {"action": action, "interval": "0s", "timeout": entry[f"{action}_timeout"]}
            for action in ("start", "stop")
            if f"{action}_timeout" in entry
        ]
        resources.append((path, server))
        members = [f"{name}-vip", f"{name}-server"]
        groups.append((path, {"name": name, "members": members, "meta": entry.get("meta", {})}))
    return resources, groups
