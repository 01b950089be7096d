# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""VIPs as haresources writes them: ``ip/mask/nic/broadcast``, everything after the address optional.

Rule of Linux-HA's IPaddr, as measured: the mask is a prefix length or dotted; the third part is the interface unless
it starts with a digit, then it is the broadcast address; the fourth is the broadcast address.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Union

from .diagnostics import shown
from .model import Address
from .values import Invalid, device

_IPV4_LIKE = re.compile(r"[0-9]+\.[0-9.]+(/.*)?")
_MASK = re.compile(r"[0-9]{1,3}")

IpAddress = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]


def looks_like_address(word: str) -> bool:
    """Whether a bare resource word is meant as an address and not as a script."""
    if _IPV4_LIKE.fullmatch(word):
        return True
    head = word.split("/", 1)[0]
    try:
        ipaddress.IPv6Address(head)
    except ValueError:
        return False
    return ":" in head


def parse_address(spec: str, agent: str, text: str) -> Address:
    """The address of ``ip[/mask[/nic[/broadcast]]]``; ``agent`` is the script that was named, ``text`` the word as
    written. Raises ``Invalid``."""
    parts = spec.split("/")
    ip = _ip(parts[0])
    if len(parts) > 4:
        raise Invalid(f"'{shown(spec)}' has too many parts: ip/mask/interface/broadcast")
    mask, nic, broadcast = _split(parts[1:])
    prefix = None if mask is None else _prefix(mask, ip)
    if nic is not None:
        nic = device(nic.split(":", 1)[0])
    return Address(str(ip), prefix, nic, _broadcast(broadcast, ip), agent, text)


def doubts(address: Address, spec: str) -> tuple[str, ...]:
    """Sentences about an address that is possible but probably not meant."""
    found = []
    ip = ipaddress.ip_address(address.ip)
    if ip.version == 4 and address.prefix is not None and address.prefix < 31:
        network = ipaddress.ip_network(f"{ip}/{address.prefix}", strict=False)
        if ip == network.network_address:
            found.append(f"{ip} is the network's own address in {network}, not one of a host")
        elif ip == network.broadcast_address:
            found.append(f"{ip} is the broadcast address of {network}, not one of a host")
    if ":" in "".join(spec.split("/")[2:3]) and ip.version == 4:
        found.append(f"the alias number in '{shown(spec)}' is ignored: an address needs no alias of its interface")
    return tuple(found)


def _ip(text: str) -> IpAddress:
    try:
        ip = ipaddress.ip_address(text)
    except ValueError:
        raise Invalid(f"'{shown(text)}' is not an IP address") from None
    if ip.is_unspecified or ip.is_multicast or text == "255.255.255.255" or "%" in text:
        raise Invalid(f"'{shown(text)}' is not the address of one host")
    return ip


def _split(parts: list[str]) -> tuple[str | None, str | None, str | None]:
    mask: str | None = parts[0] if parts and parts[0] else None
    nic: str | None = None
    broadcast: str | None = None
    if len(parts) > 1 and parts[1]:
        if parts[1][0].isdigit():
            broadcast = parts[1]
        else:
            nic = parts[1]
    if len(parts) > 2 and parts[2]:
        if broadcast is not None:
            raise Invalid(f"'{shown(parts[1])}' stands where the interface belongs: ip/mask/interface/broadcast")
        broadcast = parts[2]
    return mask, nic, broadcast


def _prefix(mask: str, ip: IpAddress) -> int:
    if _MASK.fullmatch(mask):
        if int(mask) > ip.max_prefixlen:
            raise Invalid(f"'{shown(mask)}' is not a prefix length: 0 to {ip.max_prefixlen}")
        if int(mask) == 0:
            raise Invalid("a prefix length of 0 would make every address local")
        return int(mask)
    if ip.version == 6:
        raise Invalid(f"'{shown(mask)}' is not a prefix length: 1 to 128")
    try:
        bits = int(ipaddress.IPv4Address(mask))
    except ValueError:
        hint = "; the interface is the third part: ip/mask/interface" if mask[:1].isalpha() else ""
        raise Invalid(f"'{shown(mask)}' is neither a prefix length nor a dotted mask{hint}") from None
    prefix = bin(bits).count("1")
    if prefix == 0 or bits != (0xFFFFFFFF << (32 - prefix)) & 0xFFFFFFFF:
        raise Invalid(f"'{shown(mask)}' is not a network mask: its ones must come first")
    return prefix


def _broadcast(text: str | None, ip: IpAddress) -> str | None:
    if text is None:
        return None
    if ip.version == 6:
        raise Invalid(f"'{shown(text)}': IPv6 has no broadcast address")
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise Invalid(f"'{shown(text)}' is not a broadcast address") from None
