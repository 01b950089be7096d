# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the drills of the scenario have measured, beyond the budgets that the drills themselves were judged by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

CORE = {
    "A change of the configuration, by reload": "config_change",
    "VRRP output of the master dropped": "cut",
    "VRRP heard again": "heal",
    "Clean stop of the master": "service_stop",
    "Power loss of the master": "power_off",
    "Return of the lost node": "power_on",
}
FULL = {
    "A change that needs restarts, node by node": "config_change",
    "Drain of the master": "config_change",
    "End of the drain": "config_change",
    "HAProxy killed on the master": "process_kill",
    "HAProxy stopped on the master, and cannot start": "service_stop",
    "HAProxy can start again": "heal",
    "Clean stop of the balancer's master": "service_stop",
    "Start of the stopped balancer": "service_start",
}


def runs_of(path: Path) -> dict[str, dict[str, Any]]:
    return {run["title"]: run for run in json.loads(path.read_text())["runs"]}


@pytest.fixture(scope="module")
def drills(proof: Path) -> dict[str, dict[str, Any]]:
    """The drills of the report, by title."""
    if not (proof / "report.json").exists():
        pytest.skip("the group has not been broken yet")
    return runs_of(proof / "report.json")


@pytest.fixture(scope="module")
def gameday(proof: Path, drills: dict[str, dict[str, Any]], is_full: bool) -> dict[str, dict[str, Any]]:
    """The drills of the game day, by title."""
    if not is_full:
        pytest.skip("game days belong to the full list")
    return runs_of(proof / "gameday" / "latest" / "report.json")


def measure(run: dict[str, Any], probe: str, name: str) -> int:
    (found,) = [entry for entry in run["probes"] if entry["name"] == probe]
    value: int = found["measures"][name]
    return value


def test_every_kind_of_failure_was_measured(drills: dict[str, dict[str, Any]], is_full: bool) -> None:
    assert {run["verdict"] for run in drills.values()} == {"pass"}
    assert {title: run["fault"]["kind"] for title, run in drills.items()} == {**CORE, **(FULL if is_full else {})}


def test_without_its_adverts_a_master_has_a_rival_and_loses_it_again(drills: dict[str, dict[str, Any]]) -> None:
    """Two masters are expected while VRRP output is dropped; their overlap is reported, and one is left after it."""
    assert measure(drills["VRRP output of the master dropped"], "who", "two_holders_us") > 0
    assert measure(drills["Clean stop of the master"], "who", "two_holders_us") == 0


def test_an_address_stays_where_it_is_when_a_node_comes_back(drills: dict[str, dict[str, Any]]) -> None:
    assert measure(drills["Return of the lost node"], "page", "moves") == 0


def test_the_game_day_was_complete(gameday: dict[str, dict[str, Any]]) -> None:
    assert {run["verdict"] for run in gameday.values()} == {"pass"}
    assert len(gameday) == 15


def test_a_restarted_service_keeps_the_address_and_a_broken_one_loses_it(gameday: dict[str, dict[str, Any]]) -> None:
    for title in ("nginx killed on the master", "nginx stopped on the master"):
        assert measure(gameday[title], "page", "outage_us") > 0, title
        assert measure(gameday[title], "page", "moves") == 0, title
    assert measure(gameday["nginx stopped on the master, and cannot start"], "page", "moves") == 1
    assert measure(gameday["nginx can start again"], "page", "moves") == 0


def test_no_return_of_a_node_moves_an_address(gameday: dict[str, dict[str, Any]]) -> None:
    for title in ("Start of the stopped node", "Return of the lost node", "Network card up again"):
        assert measure(gameday[title], "page", "moves") == 0, title


def test_an_address_goes_home_where_that_is_asked_for(drills: dict[str, dict[str, Any]], is_full: bool) -> None:
    if not is_full:
        pytest.skip("the balancers' drills belong to the full list")
    assert measure(drills["Start of the stopped balancer"], "who", "moves") == 1


def test_a_partition_makes_two_masters_for_a_while(gameday: dict[str, dict[str, Any]]) -> None:
    assert measure(gameday["No VRRP between the master and the others"], "who", "two_holders_us") > 0
