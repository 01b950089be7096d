# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several areas of unit tests share: the recorded runs of the C daemon."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from heartbeat.settings.authkeys import parse_authkeys
from heartbeat.settings.ha_cf import parse_ha_cf
from heartbeat.settings.haresources import parse_haresources
from heartbeat.settings.model import Configuration, KeyRing

# what test files of several areas share
sys.path.insert(0, str(Path(__file__).resolve().parent))

VECTORS = Path(__file__).resolve().parents[1] / "vectors"


@dataclass(frozen=True)
class Packet:
    """One recorded datagram: its bytes, and what was found out about it when it was recorded."""

    facts: dict[str, Any]
    datagram: bytes

    @property
    def file(self) -> str:
        return str(self.facts["file"])

    @property
    def run(self) -> str:
        return str(self.facts["run"])

    @property
    def kind(self) -> str:
        return str(self.facts["msg_type"])

    def get(self, name: str) -> str:
        """The recorded value of a field (hex for binary ones), empty where there is none."""
        found = [f.get("value", f.get("hex")) for f in self.facts["fields"] if f["name"] == name]
        return str(found[0]) if found else ""


@dataclass(frozen=True)
class Recorded:
    """All runs: the files they were made with, and their packets in order."""

    runs: dict[str, Any]
    packets: list[Packet]

    def keyring(self, run: str) -> KeyRing:
        keyring = parse_authkeys(self.runs[run]["authkeys"]).keyring
        assert keyring is not None
        return keyring

    def configuration(self, run: str) -> Configuration:
        """The run's three files as our daemon reads them (respawn lines, which need the machine, left out)."""
        lines = [line for line in self.runs[run]["ha_cf"].splitlines() if not line.startswith("respawn")]
        settings = parse_ha_cf("\n".join(lines)).settings
        assert settings is not None
        groups = parse_haresources(self.runs[run]["haresources"], settings.nodes).groups
        return Configuration(settings, self.keyring(run), groups)


@pytest.fixture(scope="session")
def vectors() -> Path:
    """Where the recorded datagrams are."""
    return VECTORS


@pytest.fixture(scope="session")
def recorded() -> Recorded:
    """The recorded runs of Linux-HA heartbeat 3.0.6."""
    index = json.loads((VECTORS / "index.json").read_text(encoding="utf-8"))
    packets = [Packet(facts, (VECTORS / facts["file"]).read_bytes()) for facts in index["packets"]]
    return Recorded(index["runs"], packets)
