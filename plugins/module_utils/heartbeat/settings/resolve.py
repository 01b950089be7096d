# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which script or unit a resource of haresources stands for on a machine.

As Linux-HA: ``resource.d``, then ``init.d`` (regular and executable). Our additions: a systemd unit when neither has
it, and the spelled-out forms ``ocf:PROVIDER:TYPE``, ``systemd:UNIT`` and ``lsb:SCRIPT``.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from .diagnostics import nearest
from .machine import Machine

RESOURCE_D = "resource.d"
INIT_D = "/etc/init.d"
OCF_ROOT = "/usr/lib/ocf/resource.d"

#: Services that distributions name differently; each row is one service, with the names of Red Hat and Debian first.
ALIASES = (
    ("httpd", "apache2", "apache"),
    ("mysqld", "mariadb", "mysql"),
    ("named", "bind9"),
    ("sshd", "ssh"),
    ("crond", "cron"),
    ("smb", "smbd", "samba"),
    ("nmb", "nmbd"),
    ("nfs", "nfs-server", "nfs-kernel-server"),
    ("dhcpd", "isc-dhcp-server"),
    ("ntpd", "chrony", "ntpsec", "ntp", "chronyd"),
    ("redis", "redis-server"),
    ("postgres", "postgresql"),
    ("slapd", "ldap", "openldap"),
    ("iscsi-target", "tgt", "tgtd"),
    ("tomcat", "tomcat10", "tomcat9", "tomcat6"),
    ("squid", "squid3"),
    ("syslog", "rsyslog"),
    ("munin", "munin-node"),
)


class Kind(enum.Enum):
    """What a service resource is run by."""

    RESOURCE_D = "resource.d"
    INIT_D = "init.d"
    SYSTEMD = "systemd"
    OCF = "ocf"


@dataclass(frozen=True)
class Resolution:
    """``target``: the script's path, or the unit's name."""

    kind: Kind
    target: str


def unit_name(name: str) -> str:
    """``nginx`` -> ``nginx.service``."""
    return name if name.endswith(".service") else name + ".service"


def resolve_service(name: str, machine: Machine, config_directory: str = "/etc/ha.d") -> Resolution | None:
    """What ``name`` stands for, or None when this machine has nothing by that name."""
    form, _colon, rest = name.partition(":")
    if form == "ocf":
        provider, _colon, agent = rest.partition(":")
        return _script(Kind.OCF, f"{OCF_ROOT}/{provider}/{agent}", machine)
    if form == "systemd" and rest:
        return _unit(rest, machine)
    if form == "lsb" and rest:
        return _script(Kind.INIT_D, f"{INIT_D}/{rest}", machine)
    return (
        _script(Kind.RESOURCE_D, f"{config_directory}/{RESOURCE_D}/{name}", machine)
        or _script(Kind.INIT_D, f"{INIT_D}/{name}", machine)
        or _unit(name, machine)
    )


def suggest(name: str, machine: Machine, config_directory: str = "/etc/ha.d") -> tuple[str | None, str]:
    """``(nearest name, remark)`` for a service that does not resolve. The name that another distribution uses comes
    first, whether it is installed or not: then the remark says which."""
    base = name.rsplit(":", 1)[-1]
    row: tuple[str, ...] = next((row for row in ALIASES if base in row), ())
    others = [other for other in row if other != base]
    for other in others:
        if resolve_service(other, machine, config_directory) is not None:
            return other, f"here the service is called '{other}'"
    agent = f"ocf:heartbeat:{base}"
    if name != agent and resolve_service(agent, machine, config_directory) is not None:
        return agent, "there is an OCF agent of that name"
    if others:
        who = "Debian calls it" if base == row[0] else "elsewhere it is called"
        return others[0], f"is it installed? {who} '{others[0]}'"
    close = nearest(name, machine.service_names())
    return close, "" if close else "is its package installed?"


def _script(kind: Kind, path: str, machine: Machine) -> Resolution | None:
    return Resolution(kind, path) if machine.is_executable(path) else None


def _unit(name: str, machine: Machine) -> Resolution | None:
    unit = unit_name(name)
    return Resolution(Kind.SYSTEMD, unit) if machine.has_unit(unit) else None
