# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be found wrong with a request before anything is written: clashes, and promises that VRRP does not keep."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from .config import families, moving, version_of
from .derive import Host, interface_of
from .syntax import Unwritable


def clashes(request: Mapping[str, Any], members: Sequence[str], hosts: Mapping[str, Host]) -> list[str]:
    """Return why this request can't work beside itself and beside the inventory's other groups, one sentence each.

    A virtual router id belongs to one router per segment and address family (RFC 5798, 5.2.3). Two instances are on
    one segment when the nodes' own addresses there are in the same network.
    """
    found: list[str] = []
    taken: dict[tuple[int, int, str], str] = {}
    for instance in request.get("instances") or ():
        vrid = int(instance["virtual_router_id"])
        if not 1 <= vrid <= 255:
            found.append(f"{instance['name']}: virtual_router_id must be between 1 and 255, not {vrid}")
        for family in families(instance):
            for member in members:
                key = (family, vrid, f"{member}/{_device(instance, member, hosts)}")
                other = taken.setdefault(key, instance["name"])
                if other != instance["name"]:
                    found.append(
                        f"{instance['name']} and {other} have the same virtual_router_id {vrid} on one segment"
                    )
                    break
    addresses = moving(request)
    found += [f"{address} is listed twice" for address in sorted({a for a in addresses if addresses.count(a) > 1})]
    found += _with_others(request, members, hosts)
    return list(dict.fromkeys(found))


def _device(instance: Mapping[str, Any], member: str, hosts: Mapping[str, Host]) -> str:
    try:
        return interface_of(str(instance["name"]), instance, member, hosts.get(member) or {})
    except Unwritable:
        return str(instance.get("interface") or instance.get("network") or "")


def _networks(instance: Mapping[str, Any], member: str, hosts: Mapping[str, Host]) -> set[Any]:
    """The networks that a member's interface for this instance is in; empty when nobody knows."""
    if instance.get("network"):
        return {ipaddress.ip_network(str(instance["network"]), strict=False)}
    host = hosts.get(member) or {}
    device = _device(instance, member, hosts)
    found: set[Any] = set()
    facts = host.get("ansible_facts") or {}
    interface = facts.get(device.replace("-", "_").replace(".", "_")) or {}
    own = interface.get("ipv4") or {}
    if own.get("address") and (own.get("prefix") or own.get("netmask")):
        mask = own.get("prefix") or own.get("netmask")
        found.add(ipaddress.ip_network(f"{own['address']}/{mask}", strict=False))
    for entry in instance.get("addresses") or ():
        prefix = f"/{entry['prefix']}" if entry.get("prefix") else ""
        network = ipaddress.ip_interface(f"{entry['ip']}{prefix}").network
        if network.num_addresses > 1:
            found.add(network)
    return found


def _takes_part(name: str, host: Host) -> bool:
    """Tell whether a host is in a group of its own: variables given for all hosts make none."""
    group = host.get("keepalived_group") or "keepalived"
    return group in (host.get("group_names") or ()) or name in (host.get("keepalived_members") or ())


def _with_others(request: Mapping[str, Any], members: Sequence[str], hosts: Mapping[str, Host]) -> list[str]:
    found = []
    for name, host in hosts.items():
        if name in members or not _takes_part(name, host):
            continue
        for theirs in host.get("keepalived_instances") or ():
            if not isinstance(theirs, Mapping):
                continue
            for ours in request.get("instances") or ():
                if int(ours["virtual_router_id"]) != int(theirs.get("virtual_router_id", 0)):
                    continue
                # IPv4 and IPv6 count apart; a half-written entry may be of either
                if theirs.get("addresses") and not set(families(ours)) & set(families(theirs)):
                    continue
                ours_at: set[Any] = set().union(*(_networks(ours, member, hosts) for member in members))
                theirs_at = _networks(theirs, name, hosts)
                if any(a.version == b.version and a.overlaps(b) for a in ours_at for b in theirs_at):
                    found.append(
                        f"{ours['name']} and {theirs.get('name')} of {name}, which is in another group, have the same "
                        f"virtual_router_id {ours['virtual_router_id']} on one segment"
                    )
    return found


def warnings(request: Mapping[str, Any]) -> list[str]:
    """Return what will work otherwise than its writer may think, one sentence each."""
    found = []
    for instance in request.get("instances") or ():
        secret = str((instance.get("auth") or {}).get("password") or "")
        if not secret:
            continue
        if any(version_of(instance, family) == 3 for family in families(instance)):
            found.append(
                f"{instance['name']}: VRRP version 3 has no authentication (RFC 5798, 9), so auth is left out there; "
                "unicast peers and the firewall keep strangers away"
            )
        if len(secret) > 8 and any(version_of(instance, family) == 2 for family in families(instance)):
            found.append(
                f"{instance['name']}: VRRP sends only the first 8 characters of the password, in clear; "
                f"yours has {len(secret)}"
            )
    return found
