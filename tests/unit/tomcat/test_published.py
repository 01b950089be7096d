# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports that are shown in docs/ keep what the drill set promises, without the room that a busy machine gets."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
SETS = ROOT / "inventories" / "lab" / "tomcat"
DEMO = yaml.safe_load((SETS / "demo.yml").read_text(encoding="utf-8"))
GAMEDAY = yaml.safe_load((SETS / "gameday.yml").read_text(encoding="utf-8"))
STEPS = {
    "tomcat": DEMO["drill_series"],
    "tomcat-gameday": [step for drill in GAMEDAY["gameday_drills"] for step in drill["steps"]],
}
#: Promised by the keepalived group, whose own reports are held to it.
OF_THE_ADDRESS = {"apache_broken", "address"}


def runs(report: str) -> dict[str, dict[str, Any]]:
    """The runs of a report, by title."""
    text = (ROOT / f"docs/reports/{report}.json").read_text(encoding="utf-8")
    return {run["title"]: run for run in json.loads(text)["runs"]}


def allowance(step: dict[str, Any]) -> str:
    """The word of `drill_allowed` that a step is judged by."""
    found = re.fullmatch(r"\{\{ drill_allowed\.(\w+) \}\}", step["budgets"])
    assert found is not None, step
    return found.group(1)


def users(run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What those measured who write into a session."""
    return {probe["name"]: probe["measures"] for probe in run["probes"] if probe["kind"] == "session"}


@pytest.mark.parametrize("report", STEPS)
def test_every_drill_of_the_set_was_published(report: str) -> None:
    assert sorted(runs(report)) == sorted(step["title"] for step in STEPS[report])


@pytest.mark.parametrize("report", STEPS)
def test_no_user_waited_longer_than_is_promised(report: str) -> None:
    found = runs(report)
    late = []
    for step in STEPS[report]:
        word = allowance(step)
        if word in OF_THE_ADDRESS:
            continue
        measure = "longest_outage_us" if word == "lossy" else "outage_us"
        for name, measured in users(found[step["title"]]).items():
            # who was in the middle of a request has a wrong answer; whoever has not was sent on by mod_jk's ping
            promise = "silence" if word == "frozen" and not measured["wrong"] else word
            if measured[measure] > DEMO["drill_promised"][promise] * 1000:
                late.append((step["title"], name, measured[measure]))
    assert late == []


@pytest.mark.parametrize("report", STEPS)
def test_nothing_that_was_confirmed_is_lost(report: str) -> None:
    for title, run in runs(report).items():
        for name, measured in users(run).items():
            assert (measured["lost_writes"], measured["lost_sessions"]) == (0, 0), (title, name)
