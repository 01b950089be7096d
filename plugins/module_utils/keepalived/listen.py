# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells from overheard adverts whether somebody outside of the group uses a virtual router id on the segment."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .config import families, family_of, name_of
from .derive import Host, interface_of, own_addresses
from .syntax import parse, value_of

#: IP protocol of VRRP (RFC 5798, 5.1.1.4)
PROTOCOL = 112
_ADVERTISEMENT = 1
_IPV6_HEADER = 40


@dataclass(frozen=True)
class Advert:
    """What one overheard advertisement tells: ``family`` is 4 or 6, ``source`` the sender's address."""

    family: int
    source: str
    virtual_router_id: int
    priority: int


def advert_of(packet: bytes) -> Optional[Advert]:
    """Return what a packet, from its IP header on, advertises; None when it is no VRRP advertisement."""
    if not packet:
        return None
    family = packet[0] >> 4
    if family == 4 and len(packet) >= 20 and packet[9] == PROTOCOL:
        source, body = packet[12:16], packet[(packet[0] & 15) * 4 :]
    elif family == 6 and len(packet) >= _IPV6_HEADER and packet[6] == PROTOCOL:
        source, body = packet[8:24], packet[_IPV6_HEADER:]
    else:
        return None
    if len(body) < 3 or body[0] & 15 != _ADVERTISEMENT:
        return None
    return Advert(family, str(ipaddress.ip_address(source)), body[1], body[2])


def watched(request: Mapping[str, Any], me: str, hosts: Mapping[str, Host]) -> list[dict[str, Any]]:
    """Return the virtual routers that a node is to take part in: name, interface, family and virtual_router_id.

    Raises Unwritable when the interface of one can't be told.
    """
    return [
        {
            "name": name_of(instance, family),
            "interface": interface_of(f"keepalived_instances {instance['name']}", instance, me, hosts[me]),
            "family": family,
            "virtual_router_id": int(instance["virtual_router_id"]),
        }
        for instance in request.get("instances") or ()
        for family in families(instance)
    ]


def group_addresses(members: Sequence[str], hosts: Mapping[str, Host]) -> list[str]:
    """Return every address that is known of the members: adverts from there are the group's own."""
    found: list[str] = []
    for member in members:
        host = hosts.get(member) or {}
        facts = host.get("ansible_facts") or {}
        for device in facts.get("interfaces") or ():
            found += own_addresses(facts, str(device), 4) + own_addresses(facts, str(device), 6)
        for told in (host.get("keepalived_addresses") or {}).values():
            found += [str(address) for address in (told if isinstance(told, (list, tuple)) else [told])]
    return sorted(set(found))


def unknown(watch: Iterable[Mapping[str, Any]], conf: str) -> list[Mapping[str, Any]]:
    """Return those of ``watch`` that the configuration does not have yet: only these can be a clash from now on."""
    present = set()
    for item in parse(conf):
        if isinstance(item, str) or not item[0].startswith("vrrp_instance "):
            continue
        addresses = value_of(item[1], "virtual_ipaddress")
        first = addresses[0].split()[0] if isinstance(addresses, list) and addresses else "0.0.0.0"
        present.add(
            (
                str(value_of(item[1], "interface")),
                family_of("keepalived.conf", first),
                str(value_of(item[1], "virtual_router_id")),
            )
        )
    return [
        entry
        for entry in watch
        if (entry["interface"], int(entry["family"]), str(entry["virtual_router_id"])) not in present
    ]


def strangers(
    watch: Iterable[Mapping[str, Any]], heard: Mapping[str, Iterable[Advert]], group: Sequence[str]
) -> list[str]:
    """Return a sentence per virtual router id that somebody else uses. ``heard``: interface -> adverts."""
    ours = {ipaddress.ip_address(address.split("%")[0]) for address in group}
    found = []
    for entry in watch:
        for advert in heard.get(entry["interface"], ()):
            if advert.family != entry["family"] or advert.virtual_router_id != entry["virtual_router_id"]:
                continue
            if ipaddress.ip_address(advert.source) not in ours:
                found.append(
                    f"{advert.source}, which is not in this group, advertises virtual_router_id "
                    f"{advert.virtual_router_id} on {entry['interface']} with priority {advert.priority}: "
                    f"{entry['name']} needs another"
                )
    return list(dict.fromkeys(found))
