# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the drills of the scenario have measured, beyond the budgets that the drills themselves were judged by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

#: Drills that take the user's Tomcat away.
AWAY = (
    "Tomcat of the user killed",
    "Tomcat of the user stopped in order",
    "Power loss of the user's Tomcat",
    "Tomcat of the user cut off from balancers and peers",
)


@pytest.fixture(scope="module")
def drills(proof: Path) -> dict[str, dict[str, Any]]:
    """The drills of the report, by title."""
    if not (proof / "report.json").exists():
        pytest.skip("nothing has been broken yet")
    return {run["title"]: run for run in json.loads((proof / "report.json").read_text())["runs"]}


def probe(drill: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [probe for probe in drill["probes"] if probe["name"] == name]
    measures: dict[str, Any] = found["measures"]
    return measures


def test_every_kind_of_failure_was_measured(drills: dict[str, dict[str, Any]], is_full: bool) -> None:
    wanted = {"process_kill", "service_stop", "power_off", "power_on", "cut", "heal"}
    found = {run["fault"]["kind"] for run in drills.values()}
    assert found == wanted | ({"config_change"} if is_full else set())
    assert {run["verdict"] for run in drills.values()} <= {"pass", "measured"}


def test_the_user_was_where_it_hurt(drills: dict[str, dict[str, Any]]) -> None:
    """A drill of a Tomcat that had no session of his would show nothing."""
    for title in AWAY:
        assert probe(drills[title], "user")["moves"] == 1, title
        assert probe(drills[title], "other")["moves"] == 0, title


def test_nothing_that_was_confirmed_is_lost(drills: dict[str, dict[str, Any]]) -> None:
    for title, drill in drills.items():
        if drill["verdict"] == "measured":
            continue
        for name in ("user", "other"):
            found = probe(drill, name)
            assert (found["lost_writes"], found["lost_sessions"], found["wrong"]) == (0, 0, 0), (title, name)


def test_a_planned_change_costs_no_answer(drills: dict[str, dict[str, Any]], is_full: bool) -> None:
    """A click that is due while the answer before is under way is no error; a page that says 503 is one."""
    planned = [drill for drill in drills.values() if drill["fault"]["kind"] == "config_change"]
    if not is_full:
        pytest.skip("planned changes belong to the full list")
    assert len(planned) == 4
    for drill in planned:
        for name in ("user", "other"):
            (found,) = [probe for probe in drill["probes"] if probe["name"] == name]
            assert set(found["outcomes"]) <= {"ok", "timeout"}, (drill["title"], name, found["outcomes"])
