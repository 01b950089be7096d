# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the drills of the scenario have measured, beyond the budgets that the drills themselves were judged by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

#: cluster-node-timeout of the scenario
NODE_TIMEOUT_MS = 2000


@pytest.fixture(scope="module")
def drills(proof: Path) -> dict[str, dict[str, Any]]:
    """The drills of the report, by title."""
    if not (proof / "report.json").exists():
        pytest.skip("the cluster has not been broken yet")
    return {run["title"]: run for run in json.loads((proof / "report.json").read_text())["runs"]}


def measures(drill: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {probe["name"]: probe["measures"] for probe in drill["probes"]}


def test_every_kind_of_failure_was_measured(drills: dict[str, dict[str, Any]], is_full: bool) -> None:
    found = {(run["fault"]["kind"], run["verdict"]) for run in drills.values()}
    wanted = {"process_kill", "service_stop", "power_off", "power_on", "cut", "heal"}
    assert {kind for kind, _verdict in found} == wanted | ({"config_change"} if is_full else set())
    assert {verdict for _kind, verdict in found} == {"pass"}


def test_a_lost_master_costs_what_was_promised(drills: dict[str, dict[str, Any]]) -> None:
    for title in (
        "Power loss of a machine with a master",
        "A machine with a master cut off from the others and from the client",
    ):
        for name, found in measures(drills[title]).items():
            if name != "keys":
                assert found["outage_us"] / 1000 <= 1.5 * NODE_TIMEOUT_MS + 2000, (title, name)


def test_what_a_replica_has_acknowledged_is_never_lost(drills: dict[str, dict[str, Any]]) -> None:
    for title, drill in drills.items():
        found = measures(drill)["keys"]
        assert found["lost_protected_writes"] == 0, title
        assert found["lost_writes"] is not None, title
