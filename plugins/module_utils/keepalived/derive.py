# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Works out from the inventory what nobody should have to type: interfaces, source addresses, peers and priorities."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from .syntax import Unwritable, unknown

Host = Mapping[str, Any]


def _fact_of(facts: Mapping[str, Any], device: str) -> Mapping[str, Any]:
    # Ansible names the facts of eth0.5 and br-lan with underscores
    found: Mapping[str, Any] = (
        facts.get(device.replace("-", "_").replace(".", "_").replace(":", "_")) or facts.get(device) or {}
    )
    return found


def own_addresses(facts: Mapping[str, Any], device: str, family: int) -> list[str]:
    """Return the addresses of a device, those of global scope first."""
    interface = _fact_of(facts, device)
    if family == 4:
        entries = [interface.get("ipv4") or {}, *(interface.get("ipv4_secondaries") or [])]
        return [str(entry["address"]) for entry in entries if entry.get("address")]
    entries = [entry for entry in interface.get("ipv6") or [] if entry.get("address")]
    entries.sort(key=lambda entry: entry.get("scope") == "link")
    return [str(entry["address"]) for entry in entries]


def interface_of(where: str, instance: Mapping[str, Any], name: str, host: Host) -> str:
    """Return the device of an instance on a host: the named one, the one in its network, or the default route's."""
    if instance.get("interface"):
        return str(instance["interface"])
    facts = host.get("ansible_facts") or {}
    if instance.get("network"):
        wanted = ipaddress.ip_network(str(instance["network"]), strict=False)
        for label in facts.get("interfaces") or ():
            for address in own_addresses(facts, str(label), wanted.version):
                if ipaddress.ip_address(address) in wanted:
                    return str(_fact_of(facts, str(label)).get("device", label))
        raise Unwritable(f"{where}: {name} has no address in {instance['network']}")
    for fact in ("default_ipv4", "default_ipv6"):
        device = (facts.get(fact) or {}).get("interface")
        if device:
            return str(device)
    raise Unwritable(f"{where}: {name} has no default route to tell the interface from; give interface or network")


def address_of(
    where: str, instance: Mapping[str, Any], family: int, *, name: str, host: Host, moving: Sequence[str]
) -> str:
    """Return the address from which a host speaks VRRP for an instance; never one of the moving addresses."""
    told: Mapping[str, Any] = host.get("keepalived_addresses") or {}
    for key in (instance.get("name"), instance.get("network"), instance.get("interface")):
        for address in _listed(told.get(key)) if key else ():
            if ipaddress.ip_address(address).version == family:
                return address
    facts = host.get("ansible_facts") or {}
    if not facts:
        raise Unwritable(
            f"{where}: no facts of {name} tell its address; it is unreachable or outside of this play: "
            f"set keepalived_addresses for it, e.g. {{{instance.get('interface') or instance['name']}: 192.0.2.1}}"
        )
    device = interface_of(where, instance, name, host)
    for address in own_addresses(facts, device, family):
        if address not in moving:
            return address
    raise Unwritable(f"{where}: {name} has no IPv{family} address on {device}; set keepalived_addresses for it")


def _listed(value: Any) -> list[str]:
    return [str(item) for item in (value if isinstance(value, (list, tuple)) else [value])] if value else []


def priorities(
    where: str,
    instance: Mapping[str, Any],
    members: Sequence[str],
    *,
    start: int,
    step: int,
) -> dict[str, int]:
    """Return member -> priority: the preferred node has the start, each further one in the group's order a step less.

    What the instance's ``priorities`` says wins. Raises Unwritable when two are equal or outside of 1 to 255, and for a
    name that is no member's.
    """
    preferred = instance.get("preferred")
    if preferred and preferred not in members:
        raise Unwritable(f"{where}: preferred is not one of the members: {unknown(preferred, members)}")
    order = sorted(members, key=lambda member: member != preferred)
    room = max(1, min(step, (start - 1) // max(1, len(order) - 1)))
    given = instance.get("priorities") or {}
    for name in given:
        if name not in members:
            raise Unwritable(f"{where}: priorities names {unknown(name, members)}")
    found = {member: int(given.get(member, start - room * place)) for place, member in enumerate(order)}
    for member, priority in found.items():
        if not 1 <= priority <= 255:
            raise Unwritable(f"{where}: the priority of {member} must be between 1 and 255, not {priority}")
    if len(set(found.values())) < len(found):
        told = ", ".join(f"{member} {priority}" for member, priority in found.items())
        raise Unwritable(f"{where}: no two members may have the same priority: {told}")
    return found
