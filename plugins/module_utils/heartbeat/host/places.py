# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a VIP goes: device, prefix and broadcast, completed from the routes as the IPaddr script does.

Pure functions on what the kernel reported at start.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..settings.model import Address, Group
    from .rtnl import Device, KernelAddress, Route

_LABEL_MAX = 15  # IFNAMSIZ without the final zero
_Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


class PlaceError(ValueError):
    """A VIP for which no device can be found; the text is a complete sentence for the operator."""


@dataclass(frozen=True)
class Place:
    """A VIP with everything the kernel needs. ``ip`` is in the kernel's spelling."""

    ip: str
    prefix: int
    device: str
    broadcast: str | None
    label: str = ""

    def __str__(self) -> str:
        return f"{self.ip}/{self.prefix} dev {self.device}"


def normal(ip: str) -> str:
    """An address in the kernel's spelling."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    return socket.inet_ntop(family, socket.inet_pton(family, ip))


def find_place(address: Address, routes: Sequence[Route], devices: Mapping[str, Device]) -> tuple[Place, str | None]:
    """The place of a VIP and, where something had to be guessed, a warning sentence.

    With neither device nor mask given the VIP must lie in a directly connected network; with either given, a VIP
    outside every local network is only worth a warning. Raises PlaceError.
    """
    ip = ipaddress.ip_address(address.ip)
    names = {device.index: device.name for device in devices.values()}
    if address.device is not None and address.device not in devices:
        have = ", ".join(sorted(devices))
        raise PlaceError(f"{address.text or address.ip}: there is no interface {address.device} here (but: {have})")
    local = [route for route in routes if not route.gateway and names.get(route.index) not in (None, "lo")]
    network = _connected(ip, local, names, address.device)
    warning = None
    if network is None:
        if address.device is None and address.prefix is None:
            raise PlaceError(
                f"{address.text or address.ip}: {ip} is in no network of this machine, and neither interface nor mask"
                f" is given: write IPaddr::{ip}/MASK/INTERFACE, or give the interface an address in that network"
            )
        warning = f"{ip} is in no network of this machine: neighbours there may not reach it"
    device = address.device or (names[network[1]] if network else _default_device(ip, routes, names))
    if device is None:
        raise PlaceError(
            f"{address.text or address.ip}: no interface is given and there is no default route to guess one from"
        )
    prefix = address.prefix
    if prefix is None:
        prefix = network[0].prefixlen if network else ip.max_prefixlen
    return Place(normal(address.ip), prefix, device, _broadcast(address, ip, prefix)), warning


def _connected(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
    local: Sequence[Route],
    names: Mapping[int, str],
    device: str | None,
) -> tuple[_Network, int] | None:
    best: tuple[_Network, int, int] | None = None
    for route in local:
        network = ipaddress.ip_network(route.network)
        if network.prefixlen == 0 or ip not in network or (device is not None and names[route.index] != device):
            continue
        rank = (network.prefixlen, -route.metric)
        if best is None or rank > (best[0].prefixlen, -best[2]):
            best = (network, route.index, route.metric)
    return None if best is None else best[:2]


def _default_device(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address, routes: Sequence[Route], names: Mapping[int, str]
) -> str | None:
    wanted = "::/0" if ip.version == 6 else "0.0.0.0/0"
    defaults = sorted((route for route in routes if route.network == wanted), key=lambda route: route.metric)
    return names.get(defaults[0].index) if defaults else None


def _broadcast(address: Address, ip: ipaddress.IPv4Address | ipaddress.IPv6Address, prefix: int) -> str | None:
    if ip.version == 6:
        return None
    if address.broadcast:
        return address.broadcast
    if prefix >= 31:  # RFC 3021: no broadcast address
        return None
    return str(ipaddress.ip_network((address.ip, prefix), strict=False).broadcast_address)


@dataclass(frozen=True)
class Plan:
    """Every group's places, what to warn about, and what stands in the way."""

    places: dict[str, tuple[Place, ...]]
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def plan(
    groups: Sequence[Group],
    routes: Sequence[Route],
    devices: Mapping[str, Device],
    present: Sequence[KernelAddress],
) -> Plan:
    """Places for all groups, each IPv4 VIP with the next free ``device:N`` label, as ifconfig users expect."""
    vips = {normal(address.ip) for group in groups for address in group.addresses()}
    taken: set[str] = {address.label for address in present if address.ip not in vips}
    numbers: dict[str, int] = {}
    places: dict[str, tuple[Place, ...]] = {}
    warnings: list[str] = []
    errors: list[str] = []
    for group in groups:
        found: list[Place] = []
        for address in group.addresses():
            try:
                place, warning = find_place(address, routes, devices)
            except (PlaceError, ValueError) as error:
                errors.append(str(error))
                continue
            if warning:
                warnings.append(warning)
            label = "" if ":" in place.ip else _label(place.device, taken, numbers)
            found.append(Place(place.ip, place.prefix, place.device, place.broadcast, label))
        places[group.key] = tuple(found)
    return Plan(places, tuple(warnings), tuple(errors))


def _label(device: str, taken: set[str], numbers: dict[str, int]) -> str:
    number = numbers.get(device, 0)
    while f"{device}:{number}" in taken:
        number += 1
    numbers[device] = number + 1
    label = f"{device}:{number}"
    return label if len(label) <= _LABEL_MAX else ""
