# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
from typing import Any

import pytest

from heartbeat.cli.main import CONFLICT, DEGRADED, OK, USAGE, main
from heartbeat.cli.status import judge, table
from heartbeat.control.report import HostFacts, one_line, report

NODE: dict[str, Any] = {
    "schema_version": 1,
    "node": "n1",
    "state": "active",
    "uptime_ms": 3_725_000,
    "dialect": "native",
    "peers": [
        {
            "name": "n2",
            "state": "active",
            "dialect": "native",
            "last_heard_ms": 12,
            "dead_ms": 500,
            "links": [{"name": "eth1", "state": "up", "last_heard_ms": 12}],
        }
    ],
    "pings": [{"name": "10.0.0.1", "state": "ping"}],
    "groups": [
        {
            "key": "IPaddr::10.0.0.9",
            "preferred": "n1",
            "state": "held",
            "holder": "n1",
            "claim": 5,
            "addresses": ["10.0.0.9"],
            "resources": ["IPaddr::10.0.0.9"],
            "since_ms": 900,
        }
    ],
    "rscstatus": "all",
    "last_move": {"key": "k", "from": "n2", "to": "n1", "code": "peer-silent", "why": "n2 fell silent", "ago_ms": 900},
    "warnings": ["from the core"],
}
HOST = HostFacts(
    pid=7,
    generation=8,
    configuration_hash="ab",
    cluster_hash="cd",
    warnings=["from the host"],
    addresses={"IPaddr::10.0.0.9": ["10.0.0.9/24 dev eth0"]},
    counters={"x": 1},
    loop={"y": 2},
)


def complete(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(report(NODE, HOST)), **changes}


def test_the_report_joins_what_node_and_host_know() -> None:
    found = report(NODE, HOST)
    assert found["groups"][0]["addresses"] == ["10.0.0.9/24 dev eth0"]
    assert found["warnings"] == ["from the core", "from the host"]
    assert (found["pid"], found["generation"], found["configuration_hash"]) == (7, 8, "ab")
    keys = {"version", "counters", "loop", *NODE}
    assert keys <= set(found)


def test_the_table_shows_holder_peer_link_and_the_last_move() -> None:
    text = table(complete())
    rows = {line.split()[0]: line for line in text.splitlines() if line.strip()}
    assert rows["IPaddr::10.0.0.9"].split()[1:3] == ["n1", "held"]
    assert "10.0.0.9/24 dev eth0" in rows["IPaddr::10.0.0.9"]
    assert "eth1:up" in rows["n2"]
    assert "12 ms ago" in rows["n2"]
    assert "n2 fell silent [peer-silent]" in text
    assert "warning: from the core" in text
    assert "up 1 h 2 min" in text


def group(**changes: Any) -> list[dict[str, Any]]:
    return [{**NODE["groups"][0], **changes}]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, OK),
        ({"state": "leaving"}, DEGRADED),
        ({"groups": group(holder=None)}, DEGRADED),
        ({"groups": group(state="failed")}, DEGRADED),
        ({"peers": [{**NODE["peers"][0], "state": "dead"}]}, DEGRADED),
        ({"groups": group(holders=["n1", "n2"])}, CONFLICT),
        ({"groups": group(holders=["n1"])}, OK),
    ],
)
def test_the_exit_code_is_the_verdict(changes: dict[str, Any], code: int) -> None:
    assert judge(complete(**changes)) == code


def test_one_line_says_what_matters() -> None:
    assert one_line(NODE) == "active; holds IPaddr::10.0.0.9; peers: n2 active"


def test_usage_errors_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == USAGE
    with pytest.raises(SystemExit) as caught:
        main(["no-such-command"])
    assert caught.value.code == USAGE
    assert main(["version"]) == OK
    assert "0." in capsys.readouterr().out


def test_a_daemon_that_does_not_run_is_exit_code_3(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["status"], ["standby"], ["takeover", "local"], ["reload"], ["version", "--daemon"]):
        assert main([*command, "--runtime-dir", str(tmp_path)]) == 3
        assert "not running" in capsys.readouterr().err
