# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the drills of the scenario have measured, beyond the budgets that the drills themselves were judged by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path


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
    wanted = {"process_kill", "service_stop", "power_off", "power_on", "cut", "heal"} | (
        {"config_change"} if is_full else set()
    )
    assert {kind for kind, _verdict in found} == wanted
    assert {verdict for _kind, verdict in found} == {"pass"}


def test_no_acknowledged_document_is_ever_lost(drills: dict[str, dict[str, Any]]) -> None:
    for title, drill in drills.items():
        for name in ("documents", "writes"):
            found = measures(drill)[name]
            assert found["lost_writes"] == 0, (title, name)


def test_the_cluster_is_never_red(drills: dict[str, dict[str, Any]]) -> None:
    for title, drill in drills.items():
        assert measures(drill)["health"]["wrong"] == 0, title
        # somebody was asked, and told a colour
        assert next(probe["ok"] for probe in drill["probes"] if probe["name"] == "health") > 0, title


def test_a_lost_master_is_followed_by_another(drills: dict[str, dict[str, Any]]) -> None:
    for title in (
        "The elected master killed",
        "The elected master stopped in order",
        "Power loss of the elected master",
    ):
        assert measures(drills[title])["master"]["moves"] == 1, title


def test_a_master_without_power_is_missed(drills: dict[str, dict[str, Any]]) -> None:
    # that it takes time shows that the probe asks for the master, and not for any node
    assert measures(drills["Power loss of the elected master"])["master"]["outage_us"] > 1_000_000
