# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small lab of real machines, up once for all tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from steadfast_lab import Lab, lifecycle
from steadfast_lab.identity import Identity, checkout_root

TOPOLOGY = """
lab: itest
nodes:
  node1: {groups: [pair]}
  node2: {groups: [pair]}
  client: {groups: [lab_clients], networks: [service]}
"""


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("machines and their networks need root")
    topology = tmp_path_factory.mktemp("lab") / "lab.yml"
    topology.write_text(TOPOLOGY, encoding="utf-8")
    release = os.environ.get("STEADFAST_RELEASE")
    lifecycle.up(checkout_root(), topology, release=release)
    yield topology
    lifecycle.down(Identity(checkout_root(), "itest"))


@pytest.fixture
def lab(running: Path) -> Lab:
    """The lab, whole again before each test."""
    return lifecycle.up(checkout_root(), running, release=os.environ.get("STEADFAST_RELEASE"))
