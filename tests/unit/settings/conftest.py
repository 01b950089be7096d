# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration directory and a machine, both made of data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from heartbeat.settings.machine import LocalAddress, LocalNetwork, Machine, NetworkFile

HA_CF = "node node1 node2\nucast eth0 10.0.0.2\nauto_failback on\n"
AUTHKEYS = "auth 1\n1 sha1 ee869d3d86e1556f\n"
HARESOURCES = "node1 10.0.0.9/24/eth0\n"


@dataclass
class RecordedMachine(Machine):
    """Answers from its fields: node1 with eth0 at 10.0.0.1/24 unless a test says otherwise."""

    devices: tuple[str, ...] = ("lo", "eth0")
    local: tuple[LocalAddress, ...] = (LocalAddress("127.0.0.1", "lo"), LocalAddress("10.0.0.1", "eth0"))
    routes: tuple[LocalNetwork, ...] = (LocalNetwork("10.0.0.0/24", "eth0"), LocalNetwork("fd00::/64", "eth0"))
    files: tuple[NetworkFile, ...] = ()
    users: tuple[str, ...] = ("root",)
    executables: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    daemon: bool = False
    asked: list[str] = field(default_factory=list)

    def interfaces(self) -> tuple[str, ...]:
        return self.devices

    def addresses(self) -> tuple[LocalAddress, ...]:
        return self.local

    def networks(self) -> tuple[LocalNetwork, ...]:
        return self.routes

    def network_files(self) -> tuple[NetworkFile, ...]:
        return self.files

    def user_exists(self, name: str) -> bool:
        return name in self.users

    def is_executable(self, path: str) -> bool:
        self.asked.append(path)
        return path in self.executables

    def has_unit(self, unit: str) -> bool:
        self.asked.append(unit)
        return unit in self.units

    def service_names(self) -> tuple[str, ...]:
        return self.names

    def runs_daemon(self) -> bool:
        return self.daemon


@pytest.fixture
def machine() -> RecordedMachine:
    return RecordedMachine()


@pytest.fixture
def directory(tmp_path: Path) -> Callable[..., str]:
    """Writes a valid configuration with the given files replaced; returns its path."""

    def write(ha_cf: str = HA_CF, authkeys: str = AUTHKEYS, haresources: str = HARESOURCES) -> str:
        for name, text in (("ha.cf", ha_cf), ("authkeys", authkeys), ("haresources", haresources)):
            (tmp_path / name).write_text(text, encoding="utf-8")
            (tmp_path / name).chmod(0o600)
        return str(tmp_path)

    return write
