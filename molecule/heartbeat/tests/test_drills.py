# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the drills of the scenario have measured, beyond the budgets that the drills themselves were judged by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from testinfra.host import Host

#: CI machines are busy: three times what a quiet one needs.
ROOM = 3


@pytest.fixture(scope="module")
def drills(proof: Path) -> dict[str, dict[str, Any]]:
    """The drills of the report, by title."""
    if not (proof / "report.json").exists():
        pytest.skip("the cluster has not been broken yet")
    return {run["title"]: run for run in json.loads((proof / "report.json").read_text())["runs"]}


def test_every_kind_of_failure_was_measured(drills: dict[str, dict[str, Any]]) -> None:
    assert {(run["fault"]["kind"], run["verdict"]) for run in drills.values()} == {
        ("config_change", "pass"),
        ("service_stop", "pass"),
        ("service_start", "pass"),
        ("power_off", "pass"),
        ("power_on", "pass"),
        ("icmp_drop", "pass"),
    }
    assert len(drills) == 8


def test_a_service_in_the_group_costs_its_own_stop_and_start_and_little_more(
    drills: dict[str, dict[str, Any]], hosts: dict[str, Host]
) -> None:
    drill = drills["Clean stop of the holder, service inside the group"]
    holder = drill["fault"]["target"]
    (other,) = {"node1", "node2"} - {holder}
    since = drill["fault"]["at_ns"] / 1e9
    stop = span(hosts[holder], since, "Stopping", "Stopped")
    start = span(hosts[other], since, "Starting", "Started")
    (page,) = [probe for probe in drill["probes"] if probe["name"] == "service"]
    outage = page["measures"]["outage_us"] / 1e6
    assert 0 < outage <= ROOM * (stop + start + 0.1), f"stop took {stop:.3f} s, start {start:.3f} s"


def span(host: Host, since: float, begin: str, end: str) -> float:
    """Seconds that systemd took for the service, from the first message that begins with `begin` to that with `end`."""
    text = host.check_output(
        "journalctl UNIT=steadfast-page.service --since @%s --output json --no-pager", f"{since:.6f}"
    )
    times: dict[str, float] = {}
    for line in text.splitlines():
        entry = json.loads(line)
        word = str(entry["MESSAGE"]).split()[0]
        times.setdefault(word, int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6)
    assert {begin, end} <= times.keys(), text
    return times[end] - times[begin]
