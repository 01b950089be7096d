# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources of haresources as resources of a Pacemaker cluster."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Optional

from ..settings.model import Address, Resource, Service
from .fate import Verdict

#: Scripts of heartbeat's resource.d with what they became: agent, and the parameters that their arguments are.
_SCRIPTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "apache": ("ocf:heartbeat:apache", ("configfile",)),
    "db2": ("ocf:heartbeat:db2", ("instance",)),
    "Delay": ("ocf:heartbeat:Delay", ("startdelay", "stopdelay")),
    "IPsrcaddr": ("ocf:heartbeat:IPsrcaddr", ("ipaddress",)),
    "MailTo": ("ocf:heartbeat:MailTo", ("email", "subject")),
    "portblock": ("ocf:heartbeat:portblock", ("protocol", "portno", "action")),
    "Raid1": ("ocf:heartbeat:mdraid", ("mdadm_conf", "md_dev")),
    "SendArp": ("ocf:heartbeat:SendArp", ("ip", "nic")),
}
_FILESYSTEM = ("device", "directory", "type", "options")
_DRBD = "needs a promotable clone of ocf:linbit:drbd and constraints, see the guide to the migration"


@dataclass(frozen=True)
class Converted:
    """One resource: what it is declared as (None: not at all), and its fate."""

    entry: Optional[dict[str, Any]]
    verdict: Verdict
    reason: str
    is_open: bool = False


def converted(resource: Resource) -> Converted:
    """Return a resource as an entry of ``pacemaker_resources``, still without a name."""
    return _address(resource) if isinstance(resource, Address) else _service(resource)


def _address(address: Address) -> Converted:
    vip: dict[str, Any] = {"address": address.ip}
    if address.prefix is not None:
        vip["prefix"] = address.prefix
    parameters: dict[str, Any] = {}
    if address.device:
        vip["device"] = address.device
    if address.broadcast:
        parameters["broadcast"] = address.broadcast
    entry: dict[str, Any] = {"vip": vip}
    if parameters:
        entry["parameters"] = parameters
    return Converted(entry, Verdict.KEPT, "the same address, now watched every 5 seconds")


def _service(service: Service) -> Converted:
    name, arguments = service.name, service.arguments
    if name == "Filesystem" and len(arguments) >= 3:
        mount = {"filesystem": dict(zip(_FILESYSTEM, arguments))}
        return Converted(mount, Verdict.KEPT, "the same mount, now watched")
    if name.startswith("ocf:"):
        return _ocf(name, arguments)
    if name in ("drbddisk", "drbdupper"):
        return Converted(None, Verdict.DROPPED, _DRBD, is_open=True)
    if name in _SCRIPTS:
        agent, names = _SCRIPTS[name]
        entry: dict[str, Any] = {"agent": agent}
        parameters = dict(zip(names, arguments))
        return Converted(
            {**entry, **({"parameters": parameters} if parameters else {})},
            Verdict.MAPPED,
            f"by the agent {agent}, which is asked whether it runs",
        )
    if arguments:
        reason = "a script with arguments has no counterpart: make it a systemd unit, or write an OCF agent"
        return Converted(None, Verdict.DROPPED, reason, is_open=True)
    unit = re.sub(r"^(systemd|lsb):", "", name)
    unit = unit[: -len(".service")] if unit.endswith(".service") else unit
    entry = {"service": {"unit": f"{unit}.service"}}
    return Converted(entry, Verdict.MAPPED, f"as the systemd unit {unit}.service, now watched every 10 seconds")


def _ocf(name: str, arguments: tuple[str, ...]) -> Converted:
    agent = ":".join(part for part in name.split(":") if part)
    pairs = [argument.partition("=") for argument in arguments]
    if not all(equals for _key, equals, _value in pairs):
        reason = "parameters of an OCF agent have names, and these have none: declare it by hand"
        return Converted(None, Verdict.DROPPED, reason, is_open=True)
    entry: dict[str, Any] = {"agent": agent}
    if pairs:
        entry["parameters"] = {key: value for key, _equals, value in pairs}
    return Converted(entry, Verdict.KEPT, "the same agent")


def basis_of_name(resource: Resource) -> str:
    """Return what a resource is called after."""
    if isinstance(resource, Address):
        return "vip-" + re.sub(r"[^A-Za-z0-9]+", "-", resource.ip).strip("-")
    name = re.sub(r"^(systemd|lsb):|\.service$", "", resource.name)
    if name.startswith("ocf:"):
        name = name.split(":")[-1]
    if resource.name == "Filesystem" and len(resource.arguments) >= 2:
        name = "fs" + resource.arguments[1].rstrip("/")
    text = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-")
    return text if re.match(r"[A-Za-z_]", text) else f"r-{text}"
