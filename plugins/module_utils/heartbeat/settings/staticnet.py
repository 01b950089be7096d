# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses that the operating system configures at boot, read from its own files.

A VIP must not be among them: the machine would hold it from boot on, whatever the cluster decides. Understood are
ifcfg files, /etc/network/interfaces, netplan, NetworkManager, systemd-networkd and rc.local, as far as their lines name
addresses; nothing is executed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

#: where such files are
PATTERNS = (
    "/etc/sysconfig/network-scripts/ifcfg-*",
    "/etc/network/interfaces",
    "/etc/network/interfaces.d/*",
    "/etc/netplan/*.yaml",
    "/etc/NetworkManager/system-connections/*",
    "/etc/systemd/network/*.network",
    "/etc/rc.local",
)

_TOKEN = re.compile(r"[0-9A-Fa-f:.]{3,45}")
_COMMAND = re.compile(r"\b(ifconfig\s+(?P<alias>\S+)|ip\s+(-\S+\s+)*a(ddr(ess)?)?\s+(add|replace))\s+(?P<value>.*)")
_IFACE = re.compile(r"\s*(?:iface|auto|allow-hotplug)\s+(?P<name>\S+)")
_KEYS = (
    # file name pattern, line with an address, line that names the interface
    (
        re.compile(r"/ifcfg-"),
        r"\s*(IPADDR\d*|IPV6ADDR(_SECONDARIES)?)\s*=(?P<value>.*)",
        r"\s*DEVICE\s*=\s*(?P<name>.*)",
    ),
    (re.compile(r"/network/interfaces"), r"\s*address\s+(?P<value>.*)", _IFACE.pattern),
    (re.compile(r"/netplan/"), r"\s*(-|addresses:)\s*(?P<value>[^{}]*/\d.*)", r"    (?P<name>[\w.-]+):\s*$"),
    (
        re.compile(r"/system-connections/"),
        r"\s*address(es)?\d*\s*=(?P<value>[^,]*)",
        r"interface-name\s*=\s*(?P<name>.*)",
    ),
    (re.compile(r"\.network$"), r"\s*Address\s*=(?P<value>.*)", r"\s*Name\s*=\s*(?P<name>.*)"),
)


@dataclass(frozen=True)
class StaticAddress:
    """``ip`` stands in line ``line`` of ``path``; ``interface`` as far as the file tells it (``eth0:1``), or empty."""

    ip: str
    path: str
    line: int
    interface: str


def scan(path: str, text: str) -> tuple[StaticAddress, ...]:
    """The addresses that a file makes the operating system configure."""
    if (
        re.search(r"(?im)^\s*(ONBOOT\s*=\s*[\"']?no|autoconnect\s*=\s*false)", text)
        and "/network/interfaces" not in path
    ):
        return ()
    found = []
    for number, value, interface in _lines(path, text):
        for token in _TOKEN.findall(value):
            try:
                ip = ipaddress.ip_address(token)
            except ValueError:
                continue
            found.append(StaticAddress(str(ip), path, number, interface.strip(" \"'\t\r")))
    return tuple(found)


def _lines(path: str, text: str) -> Iterator[tuple[int, str, str]]:
    wanted = next(((line, name) for pattern, line, name in _KEYS if pattern.search(path)), None)
    interface = path.partition("/ifcfg-")[2]
    for number, raw in enumerate(text.splitlines(), start=1):
        content = raw.split("#", 1)[0].rstrip()
        command = _COMMAND.search(content)
        if command is not None:
            yield number, command.group("value").split(" via ")[0], command.group("alias") or interface
            continue
        if wanted is None:
            continue
        named = re.match(wanted[1], content)
        if named is not None:
            interface = named.group("name")
            continue
        line = re.match(wanted[0], content)
        if line is not None:
            yield number, line.group("value"), interface
