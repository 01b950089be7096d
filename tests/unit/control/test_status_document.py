# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/status.md names every key of the status report, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from heartbeat.control.report import HostFacts, report
from heartbeat.core.node import Node
from heartbeat.settings.model import Address, Configuration, Group, Key, KeyRing, Method, Settings, Ucast

PAGE = Path(__file__).parents[3] / "docs" / "status.md"


def documented(table: str) -> set[str]:
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)}


def test_the_page_names_every_key() -> None:
    settings = Settings(nodes=("n1", "n2"), media=(Ucast("eth0", "10.0.0.2", 694),))
    group = Group("10.0.0.9", "n1", (Address("10.0.0.9", text="10.0.0.9"),))
    configuration = Configuration(settings, KeyRing(1, (Key(1, Method.SHA256, b"x"),)), (group,))
    node = Node("n1", configuration, found=frozenset(), now=0)
    host = HostFacts(1, 1, "", "", [], {}, {}, {})
    status = report(node.snapshot(0), host)
    whole, of_a_group = PAGE.read_text(encoding="utf-8").split("| key of a group |")
    assert documented(whole) == set(status)
    assert documented(of_a_group) == set(status["groups"][0])
