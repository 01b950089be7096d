# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the configuration fit the machine? Questions go to a ``Machine``, so that every answer can be tested."""

from __future__ import annotations

import ipaddress
import os

from .diagnostics import Diagnostic, Place, Severity, listed, nearest, shown
from .load import LoadResult
from .machine import Machine
from .model import Address, Group, Ucast
from .resolve import INIT_D, RESOURCE_D, resolve_service, suggest, unit_name
from .staticnet import StaticAddress, scan


def check_interfaces(loaded: LoadResult, machine: Machine, severity: Severity) -> tuple[Diagnostic, ...]:
    """Every interface that ha.cf or haresources names must exist."""
    existing = machine.interfaces()
    found: list[Diagnostic] = []

    def check(device: str, place: Place, quoted: str) -> None:
        if device not in existing:
            have = f"; this machine has {listed(existing)}" if existing else ""
            message = f"interface '{shown(device)}' does not exist here{have}"
            found.append(Diagnostic(severity, *place, message, quoted, nearest(device, existing)))

    if loaded.settings is not None:
        for device in dict.fromkeys(medium.device for medium in loaded.settings.media):
            check(device, loaded.places["device", device], device)
    for group, address in _addresses(loaded):
        if address.device is not None:
            check(address.device, loaded.places["resource", group.key, address.text], address.text)
    return tuple(found)


def check_machine(loaded: LoadResult, machine: Machine, config_directory: str) -> tuple[Diagnostic, ...]:
    """Everything else that only the machine itself can tell: services, VIPs, clients, links."""
    found: list[Diagnostic] = []
    found.extend(_check_services(loaded, machine, config_directory))
    found.extend(_check_clients(loaded, machine))
    found.extend(_check_peers(loaded, machine))
    static = [item for file in machine.network_files() for item in scan(file.path, file.text)]
    for group, address in _addresses(loaded):
        place = loaded.places["resource", group.key, address.text]
        found.extend(_check_network(address, place, machine))
        found.extend(_check_static(address, place, static, machine))
    return tuple(found)


def _addresses(loaded: LoadResult) -> list[tuple[Group, Address]]:
    return [(group, address) for group in loaded.groups for address in group.addresses()]


def _check_services(loaded: LoadResult, machine: Machine, config_directory: str) -> list[Diagnostic]:
    found = []
    for group in loaded.groups:
        for service in group.services():
            if resolve_service(service.name, machine, config_directory) is not None:
                continue
            close, remark = suggest(service.name, machine, config_directory)
            name = shown(service.name)
            if ":" in service.name:
                message = f"there is no '{name}' on this machine"
            else:
                script = os.path.join(config_directory, RESOURCE_D, name)
                message = (
                    f"'{name}' is no service of this machine: there is neither an executable {script} nor "
                    f"{INIT_D}/{name}, nor a systemd unit {unit_name(name)}"
                )
            if remark:
                message += f"; {remark}"
            place = loaded.places["resource", group.key, service.text]
            found.append(Diagnostic(Severity.ERROR, *place, message, service.text, close))
    return found


def _check_clients(loaded: LoadResult, machine: Machine) -> list[Diagnostic]:
    found = []
    for client in loaded.settings.respawns if loaded.settings is not None else ():
        place = loaded.places["respawn", client.user, client.command]
        if not machine.user_exists(client.user):
            message = f"respawn: there is no user '{shown(client.user)}' on this machine"
            found.append(Diagnostic(Severity.ERROR, *place, message, client.user))
        program = client.command.split()[0]
        if not machine.is_executable(program):
            message = f"respawn: '{shown(program)}' is not an executable file on this machine"
            found.append(Diagnostic(Severity.ERROR, *place, message, program))
    return found


def _check_peers(loaded: LoadResult, machine: Machine) -> list[Diagnostic]:
    """A ha.cf copied from the other node with its ucast lines unchanged only talks to itself."""
    settings = loaded.settings
    if settings is None or len(settings.nodes) < 2 or not settings.media:
        return []
    local = {address.ip for address in machine.addresses()}
    ucasts = [medium for medium in settings.media if isinstance(medium, Ucast)]
    if len(ucasts) < len(settings.media) or not all(medium.address in local for medium in ucasts):
        return []
    own = ucasts[0].address
    message = (
        f"{own} is this machine's own address, and no other medium reaches a peer: ucast needs the other node's "
        "address (was this ha.cf copied from there?)"
    )
    return [Diagnostic(Severity.ERROR, *loaded.places["ucast", own], message, own)]


def _check_network(address: Address, place: Place, machine: Machine) -> list[Diagnostic]:
    ip = ipaddress.ip_address(address.ip)
    for local in machine.networks():
        if address.device in (None, local.device) and ip in ipaddress.ip_network(local.network):
            return []
    if address.device is None and address.prefix is None:
        message = (
            f"no local network contains {ip}, and neither mask nor interface says where it belongs: write "
            f"{address.agent}::{ip}/PREFIX/INTERFACE"
        )
        return [Diagnostic(Severity.ERROR, *place, message, address.text)]
    where = f"of {address.device} " if address.device is not None else ""
    message = f"no local network {where}contains {ip}: clients reach it only if they have a route to it"
    return [Diagnostic(Severity.WARNING, *place, message, address.text)]


def _check_static(address: Address, place: Place, static: list[StaticAddress], machine: Machine) -> list[Diagnostic]:
    for item in static:
        if item.ip == address.ip:
            alias = f" as {item.interface}" if item.interface else ""
            message = (
                f"the VIP {address.ip} is also configured statically{alias} by the operating system ({item.path}:"
                f"{item.line}): this machine would hold it from boot on, whatever the cluster decides; remove it "
                "there, heartbeat adds and removes it itself"
            )
            return [Diagnostic(Severity.ERROR, *place, message, address.text)]
    if machine.runs_daemon():
        return []
    for present in machine.addresses():
        if present.ip == address.ip:
            message = (
                f"the VIP {address.ip} is already configured as {present.label} although no heartbeat daemon runs "
                "here: if it is configured statically, remove it there; after a crash, the daemon adopts or removes it"
            )
            return [Diagnostic(Severity.WARNING, *place, message, address.text)]
    return []


def check_live(loaded: LoadResult, machine: Machine, config_directory: str) -> LoadResult:
    """``loaded`` with everything that stands between this configuration and this machine, as errors."""
    found = (*check_interfaces(loaded, machine, Severity.ERROR), *check_machine(loaded, machine, config_directory))
    return loaded.with_findings(found)
