# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What VRRP promises, from the role's variables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from keepalived import timing

ROOT = Path(__file__).resolve().parents[3]
MEMBERS = ["a", "b", "c"]


def request(**changes: Any) -> dict[str, Any]:
    instance = {"name": "web", "virtual_router_id": 51, "addresses": [{"ip": "192.0.2.9"}], "track_scripts": ["chk"]}
    return {
        "instances": [{**instance, **changes}],
        "scripts": [{"name": "chk", "interval": 1, "timeout": 3, "fall": 2}],
    }


@pytest.mark.parametrize(
    ("changes", "silent_loss", "clean_stop", "check_fault"),
    [
        # the lowest priority of three members is 80: a skew of 176 / 256
        ({}, 3000 + 687.5, 687.5, 5000 + 687.5),
        ({"version": 3, "advert_interval": 0.2}, 600 + 137.5, 137.5, 5000 + 137.5),
        # version 2 has whole seconds of skew, however slow its adverts are
        ({"advert_interval": 5}, 15000 + 687.5, 687.5, 5000 + 687.5),
        ({"version": 3, "advert_interval": 5}, 15000 + 3437.5, 3437.5, 5000 + 3437.5),
        # of two coupled instances the slower one counts
        ({"addresses": [{"ip": "192.0.2.9"}, {"ip": "2001:db8::9"}]}, 3687.5, 687.5, 5687.5),
        ({"priorities": {"a": 254, "b": 192, "c": 128}}, 3500, 500, 5500),
        ({"track_scripts": [{"name": "chk", "weight": 0}]}, 3687.5, 687.5, 5687.5),
        ({"track_scripts": []}, 3687.5, 687.5, 687.5),
    ],
)
def test_promises_follow_from_the_variables(
    changes: dict[str, Any], silent_loss: float, clean_stop: float, check_fault: float
) -> None:
    found = timing.promises(request(**changes), MEMBERS, reaction_ms=0)["web"]
    assert found == {"silent_loss": silent_loss, "clean_stop": clean_stop, "check_fault": check_fault}


def test_machines_may_add_a_tenth_of_a_second() -> None:
    assert timing.promises(request(), MEMBERS)["web"]["clean_stop"] == 787.5


def test_a_check_without_numbers_has_the_documented_ones() -> None:
    wanted = {**request(), "scripts": [{"name": "chk", "service": "x"}, {"name": "nobody_tracks_it", "interval": 60}]}
    assert timing.promises(wanted, MEMBERS, reaction_ms=0)["web"]["check_fault"] == 6000 + 687.5


def published(name: str) -> dict[str, dict[str, int]]:
    """Title of each drill in a report that is shown in docs/ -> outage of each probe in milliseconds."""
    runs = json.loads((ROOT / f"docs/reports/{name}.json").read_text(encoding="utf-8"))["runs"]
    return {
        run["title"]: {probe["name"]: probe["measures"]["outage_us"] / 1000 for probe in run["probes"]} for run in runs
    }


def promised_in_the_lab() -> dict[str, float]:
    """What the lab's group promises for the address that its drills look at."""
    given = yaml.safe_load(
        (ROOT / "molecule/keepalived/inventory/group_vars/keepalived.yml").read_text(encoding="utf-8")
    )
    web = {**given["keepalived_instances"][0], "addresses": [{"ip": "192.0.2.9"}, {"ip": "2001:db8::9"}]}
    wanted = {**{key.replace("keepalived_", "", 1): value for key, value in given.items()}, "instances": [web]}
    return timing.promises(wanted, ["node1", "node2", "node3"])["web"]


@pytest.mark.parametrize(
    ("report", "title", "promise"),
    [
        ("keepalived", "Clean stop of the master", "clean_stop"),
        ("keepalived", "Power loss of the master", "silent_loss"),
        ("keepalived-gameday", "Clean stop of the master", "clean_stop"),
        ("keepalived-gameday", "Power loss of the master", "silent_loss"),
        ("keepalived-gameday", "Daemon of the master killed", "silent_loss"),
        ("keepalived-gameday", "Network card of the master down", "silent_loss"),
        ("keepalived-gameday", "nginx killed on the master", "check_fault"),
        ("keepalived-gameday", "nginx stopped on the master", "check_fault"),
        ("keepalived-gameday", "nginx stopped on the master, and cannot start", "check_fault"),
    ],
)
def test_the_published_reports_keep_what_is_promised(report: str, title: str, promise: str) -> None:
    seen = published(report)[title]
    limit = promised_in_the_lab()[promise]
    assert seen["page"] <= limit
    assert seen["ping"] <= limit
    assert seen["ping6"] <= limit
