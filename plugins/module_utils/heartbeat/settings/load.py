# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The three files of a configuration directory together. Every error of all three is found in one go."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, field, replace
from typing import Callable, Optional

from .authkeys import AuthKeys, parse_authkeys
from .diagnostics import Diagnostic, Place, PlaceKey, Severity
from .ha_cf import DEFAULT_PORT, HaCf, parse_ha_cf
from .haresources import HaResources, parse_haresources
from .model import Configuration, DialectChoice, Group, Method, Settings, Ucast
from .text import decode

CONFIG_DIRECTORY = "/etc/ha.d"
HA_CF, AUTHKEYS, HARESOURCES = "ha.cf", "authkeys", "haresources"
#: More than any real file; keeps a wrong path (a device, a disk image) from filling memory.
LARGEST_FILE = 4 << 20

#: ``services(name)`` is the UDP port of a service, or None.
Services = Callable[[str], Optional[int]]


@dataclass(frozen=True)
class LoadResult:
    """``configuration`` is None after an error. ``settings`` and ``groups`` are what could be understood even then,
    and ``places`` says where, so that checks against this machine can add their findings."""

    configuration: Configuration | None
    diagnostics: tuple[Diagnostic, ...]
    settings: Settings | None = None
    groups: tuple[Group, ...] = ()
    places: dict[PlaceKey, Place] = field(default_factory=dict)

    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that stop the daemon."""
        return tuple(item for item in self.diagnostics if item.severity is Severity.ERROR)

    def warnings(self) -> tuple[Diagnostic, ...]:
        """The findings that do not."""
        return tuple(item for item in self.diagnostics if item.severity is Severity.WARNING)

    def with_findings(self, found: tuple[Diagnostic, ...]) -> LoadResult:
        """With more findings, in the order of the files. An error among them takes the configuration away."""
        order = {path: index for index, path in enumerate(self._files())}
        merged = sorted(
            (*self.diagnostics, *found), key=lambda item: (order.get(item.file, len(order)), item.line, item.column)
        )
        failed = any(item.severity is Severity.ERROR for item in found)
        return replace(self, diagnostics=tuple(merged), configuration=None if failed else self.configuration)

    def _files(self) -> tuple[str, ...]:
        directories = {os.path.dirname(item.file) for item in self.diagnostics}
        directories.update(os.path.dirname(place[0]) for place in self.places.values())
        return tuple(
            os.path.join(path, name) for name in (HA_CF, AUTHKEYS, HARESOURCES) for path in sorted(directories)
        )


def system_services(name: str) -> int | None:
    """The UDP port of a service by the machine's own list."""
    try:
        return socket.getservbyname(name, "udp")
    except OSError:
        return None


def local_node_name(config_directory: str = CONFIG_DIRECTORY) -> str:
    """This machine's node name: the first line of ``nodeinfo`` if there is one, else ``uname -n``; lower case."""
    try:
        with open(os.path.join(config_directory, "nodeinfo"), "rb") as file:
            lines = decode(file.read(4096)).splitlines()
    except OSError:
        lines = []
    named = lines[0].strip() if lines else ""
    return (named or os.uname().nodename).lower()


def load_directory(
    path: str,
    node_name: str | None = None,
    services: Services = system_services,
    *,
    node_severity: Severity = Severity.ERROR,
) -> LoadResult:
    """Read and parse ``ha.cf``, ``authkeys`` and ``haresources`` in ``path``. Never raises for what is in the files,
    or for files that cannot be read. ``node_name``: see ``parse_ha_cf``."""
    diagnostics: list[Diagnostic] = []
    names = [os.path.join(path, name) for name in (HA_CF, AUTHKEYS, HARESOURCES)]
    texts = [_read(name) for name in names]

    settings: HaCf | None = None
    keys: AuthKeys | None = None
    resources: HaResources | None = None
    if isinstance(texts[0], _File):
        port = services("ha-cluster") or DEFAULT_PORT
        settings = parse_ha_cf(
            texts[0].text, file=names[0], node_name=node_name, node_severity=node_severity, default_port=port
        )
    if isinstance(texts[1], _File):
        keys = parse_authkeys(texts[1].text, file=names[1], mode=texts[1].mode)
    if isinstance(texts[2], _File):
        nodes = settings.draft.nodes if settings is not None else ()
        resources = parse_haresources(texts[2].text, nodes, file=names[2])
    places: dict[PlaceKey, Place] = {}
    for parsed, text in zip((settings, keys, resources), texts):
        if isinstance(text, Diagnostic):
            diagnostics.append(text)
        if parsed is not None:
            diagnostics.extend(parsed.diagnostics)
            places.update(parsed.places)
    result = LoadResult(
        None,
        tuple(diagnostics),
        settings.draft if settings is not None else None,
        resources.groups if resources is not None else (),
        places,
    )
    if settings is None or settings.settings is None or keys is None or keys.keyring is None:
        return result
    if resources is None or resources.failed:
        return result
    configuration = Configuration(settings.settings, keys.keyring, resources.groups)
    return replace(result, configuration=configuration).with_findings(_between_files(configuration, places))


@dataclass(frozen=True)
class _File:
    text: str
    mode: int


def _read(path: str) -> object:
    """The file, or a diagnostic that says why not."""
    try:
        with open(path, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            data = file.read(LARGEST_FILE + 1)
    except OSError as problem:
        return Diagnostic(Severity.ERROR, path, 1, 1, f"cannot be read: {problem.strerror or problem}")
    if len(data) > LARGEST_FILE:
        return Diagnostic(Severity.ERROR, path, 1, 1, f"is larger than {LARGEST_FILE >> 20} MiB")
    return _File(decode(data), mode)


def _between_files(configuration: Configuration, places: dict[PlaceKey, Place]) -> tuple[Diagnostic, ...]:
    """Rules that need more than one file."""
    found: list[Diagnostic] = []
    settings = configuration.settings
    ours_only = configuration.keyring.signing_key().method is Method.SHA256
    if ours_only and settings.dialect is DialectChoice.CLASSIC:
        place = places[("key", str(configuration.keyring.active))]
        message = "a C daemon does not know sha256 ('dialect classic' expects one): use sha1 while there is one"
        found.append(Diagnostic(Severity.WARNING, *place, message, "sha256", "sha1"))
    hosts = {medium.address for medium in settings.media if isinstance(medium, Ucast)}
    pings = {member for ping in settings.pings for member in ping.members}
    for group in configuration.groups:
        for address in group.addresses():
            role = (
                "a heartbeat address (ucast)" if address.ip in hosts else "a ping node" if address.ip in pings else ""
            )
            if role:
                place = places[("resource", group.key, address.text)]
                message = f"the VIP {address.ip} is also {role} in ha.cf: it moves, that address must not"
                found.append(Diagnostic(Severity.WARNING, *place, message, address.text))
    return tuple(found)
