# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewall openings as system roles declare them, resolved to addresses for the tool on the node."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

#: the tool puts names into comments of nftables, between double quotes
_NAME = re.compile(r"[A-Za-z0-9 ._-]{1,64}")
_PORT = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})?")


class Unusable(Exception):
    """An opening that can't be carried out; the text says which and why."""


def told_and_known(
    told: Mapping[str, Sequence[str]], wanted: Sequence[Mapping[str, Any]], earlier: Any
) -> dict[str, list[str]]:
    """Return host -> addresses for the hosts that openings name: as told now, or as an earlier run wrote them down.

    So a run while one member is down neither forgets it nor changes anything on the others.
    """
    before = earlier.get("hosts", {}) if isinstance(earlier, dict) else {}
    known: dict[str, list[str]] = {}
    for name in sorted({str(source) for opening in wanted for source in opening["from"]}):
        if name in told or name in before:
            known[name] = [str(address) for address in (told[name] if name in told else before[name])]
    return known


def resolved(openings: Sequence[Mapping[str, Any]], addresses: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Return each opening with ports as text and sources as addresses, sorted.

    addresses: inventory name -> addresses of that host. A source that is neither such a name nor an address or network
    raises Unusable; so does a name of a host whose addresses are not known.
    """
    return [
        {
            "name": _checked(str(opening["name"])),
            "protocol": str(opening.get("protocol") or "udp"),
            "ports": _ports(opening),
            "sources": _sources(opening, addresses),
        }
        for opening in openings
    ]


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Unusable(f"the name of an opening may have letters, digits, blanks and . _ -: {name!r}")
    return name


def _ports(opening: Mapping[str, Any]) -> list[str]:
    if opening.get("protocol") in ("vrrp", "ah", "icmp"):
        return []
    given = opening.get("port")
    ports = [str(port) for port in (given if isinstance(given, (list, tuple)) else [given])]
    for port in ports:
        numbers = [int(number) for number in port.split("-")] if _PORT.fullmatch(port) else [0]
        if not all(0 < number < 65536 for number in numbers) or numbers != sorted(numbers):
            raise Unusable(f"opening {opening['name']}: {port!r} is neither a port nor a range of ports")
    return ports


def _sources(opening: Mapping[str, Any], addresses: Mapping[str, Sequence[str]]) -> list[str]:
    found = set()
    for source in opening["from"]:
        known = addresses.get(str(source))
        if known is None:
            try:
                known = [str(ipaddress.ip_network(str(source), strict=False))]
            except ValueError:
                raise Unusable(
                    f"opening {opening['name']}: {source} is neither an address nor a host whose addresses are known; "
                    "run the role on it too, or give its address"
                ) from None
        found |= {str(ipaddress.ip_network(str(address), strict=False)) for address in known}
    plain = {text[:-3] if text.endswith("/32") else text[:-4] if text.endswith("/128") else text for text in found}
    return sorted(plain, key=lambda text: (":" in text, int(ipaddress.ip_network(text).network_address), text))
