# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports that are shown in docs/ keep what is promised, the time of fencing reported apart."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pacemaker import corosync_times

ROOT = Path(__file__).resolve().parents[3]
REPORTS = ("pacemaker", "pacemaker-gameday")


def published(report: str, title: str) -> dict[str, Any]:
    runs = json.loads((ROOT / f"docs/reports/{report}.json").read_text(encoding="utf-8"))["runs"]
    (run,) = [run for run in runs if run["title"] == title]
    assert isinstance(run, dict)
    return run


def outage(run: dict[str, Any], probe: str) -> float:
    """Milliseconds."""
    (found,) = [entry for entry in run["probes"] if entry["name"] == probe]
    return float(found["measures"]["outage_us"]) / 1000


def fencing(run: dict[str, Any]) -> float:
    """Return milliseconds from the coordinator's request to the first answer that the node is off."""
    moments: dict[str, list[int]] = {"asked": [], "done": []}
    for event in run["events"]:
        if "Requesting peer fencing" in event["text"]:
            moments["asked"].append(event["at_us"])
        elif re.search(r"Operation 'off' targeting \S+ by .*: OK", event["text"]):
            moments["done"].append(event["at_us"])
    return (min(moments["done"]) - min(moments["asked"])) / 1000


def timers(scenario: str, variable: str) -> dict[str, Any]:
    """The timers of a lab's cluster."""
    file = ROOT / f"molecule/{scenario}/inventory/group_vars/pacemaker.yml"
    given = yaml.safe_load(file.read_text(encoding="utf-8"))[variable]
    assert isinstance(given, dict)
    return given


THREE = (timers("pacemaker", "scenario_totem"), 3)
PAIR = (timers("pacemaker_pair", "pacemaker_totem"), 2)


@pytest.mark.parametrize(
    ("report", "lab"), [*((report, THREE) for report in (*REPORTS, "pacemaker-full")), ("pacemaker_pair-full", PAIR)]
)
def test_a_power_loss_costs_detection_fencing_and_a_second_and_a_half(
    report: str, lab: tuple[dict[str, Any], int]
) -> None:
    totem, nodes = lab
    run = published(report, "Power loss of the serving node")
    spent = fencing(run)
    assert spent > 0
    limit = corosync_times.promised(totem, nodes=nodes, fencing=round(spent))
    assert outage(run, "page") <= limit
    assert outage(run, "ping") <= limit


@pytest.mark.parametrize("report", REPORTS)
def test_whoever_comes_back_is_not_noticed(report: str) -> None:
    for title in ("Start of the stopped node", "Return of the lost node"):
        assert outage(published(report, title), "page") == 0, title


def test_a_lost_link_and_killed_daemons_are_not_noticed() -> None:
    for title in (
        "Cluster link of the serving node down",
        "Cluster link up again",
        "pacemaker-controld of another node killed",
        "pacemaker-execd of the serving node killed",
    ):
        assert outage(published("pacemaker-gameday", title), "page") == 0, title
