# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Works out the ucast, bcast and mcast lines of one node from the inventory: which peer has which address where."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any, Optional

Facts = Mapping[str, Any]


class Unknown(Exception):
    """An address or a device that a link needs is not known; the text says which variable would tell it."""


def media(
    links: Sequence[Mapping[str, Any]], me: str, members: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, str]]:
    """Return (directive, value) for every link line of this node's ha.cf, in the order of the links.

    links    the role's ``heartbeat_links``
    me       inventory name of this node; members: inventory names of all, this one included
    hosts    inventory name -> its variables; read are ``ansible_facts`` and ``heartbeat_link_addresses``

    A ucast link gives one line per peer and none for this node itself. Raises Unknown.
    """
    lines: list[tuple[str, str]] = []
    for number, link in enumerate(links, 1):
        kind = link.get("type", "ucast")
        device = _device(link, number, me, hosts[me])
        if kind == "bcast":
            lines.append(("bcast", device))
        elif kind == "mcast":
            values = [
                link.get("group", "225.0.0.1"),
                link.get("port", 694),
                link.get("ttl", 1),
                int(link.get("loop", 0)),
            ]
            lines.append(("mcast", " ".join([device, *map(str, values)])))
        elif link.get("peer_addresses"):
            lines += [("ucast", f"{device} {address}") for address in link["peer_addresses"]]
        else:
            for peer in members:
                if peer != me:
                    lines.append(("ucast", f"{device} {_address(link, number, peer, hosts.get(peer, {}))}"))
    return lines


def _facts(host: Mapping[str, Any]) -> Facts:
    facts: Facts = host.get("ansible_facts") or {}
    return facts


def _device(link: Mapping[str, Any], number: int, name: str, host: Mapping[str, Any]) -> str:
    """The device of this link on this host: the named one, the one in the named network, or the default route's."""
    if link.get("device"):
        return str(link["device"])
    facts = _facts(host)
    if link.get("network"):
        found = _in_network(facts, str(link["network"]))
        if found is None:
            raise Unknown(f"heartbeat_links entry {number}: {name} has no address in {link['network']}")
        return found[0]
    device = (facts.get("default_ipv4") or {}).get("interface")
    if not device:
        raise Unknown(
            f"heartbeat_links entry {number}: {name} has no default route to tell the device from; "
            "give device or network"
        )
    return str(device)


def _address(link: Mapping[str, Any], number: int, name: str, host: Mapping[str, Any]) -> str:
    """The address at which this peer is reached over this link."""
    told: Mapping[str, str] = host.get("heartbeat_link_addresses") or {}
    for key in (link.get("network"), link.get("device")):
        if key and key in told:
            return str(told[str(key)])
    facts = _facts(host)
    if not facts:
        raise Unknown(
            f"heartbeat_links entry {number}: no facts of {name} tell its address; it is unreachable or outside of "
            "this play: set heartbeat_link_addresses for it, e.g. "
            f"{{{link.get('device') or link.get('network') or 'eth0'}: 192.0.2.1}}"
        )
    if link.get("network"):
        found = _in_network(facts, str(link["network"]))
        if found is not None:
            return found[1]
        raise Unknown(f"heartbeat_links entry {number}: {name} has no address in {link['network']}")
    device = _device(link, number, name, host)
    # Ansible names the facts of eth0.5 and br-lan with underscores
    interface = facts.get(device.replace("-", "_").replace(".", "_").replace(":", "_")) or facts.get(device) or {}
    address = (interface.get("ipv4") or {}).get("address")
    if not address:
        raise Unknown(
            f"heartbeat_links entry {number}: {name} has no IPv4 address on {device}; "
            f"name a network instead of the device, or set heartbeat_link_addresses for {name}"
        )
    return str(address)


def _in_network(facts: Facts, network: str) -> Optional[tuple[str, str]]:
    """Return (device, address) of the first own address in the network: primary addresses before secondary ones."""
    try:
        wanted = ipaddress.ip_network(network, strict=False)
    except ValueError as error:
        raise Unknown(f"heartbeat_links: {error}") from None
    for label in facts.get("interfaces") or ():
        interface: dict[str, Any] = facts.get(str(label).replace("-", "_").replace(".", "_").replace(":", "_")) or {}
        own = interface.get("ipv4" if wanted.version == 4 else "ipv6") or []
        for entry in [own] if isinstance(own, dict) else own:
            if "address" in entry and ipaddress.ip_address(entry["address"]) in wanted:
                return str(interface.get("device", label)), str(entry["address"])
    return None
