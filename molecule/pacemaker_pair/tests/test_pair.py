# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Truths about the running pair: it has a third party that votes, and what the drills have measured."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from steadfast_runs import Runs, differences

if TYPE_CHECKING:
    from pathlib import Path

    from testinfra.host import Host

#: the plays of the playbook
PLAYS = ("Third party that votes", "Pacemaker cluster", "Way of the members to the third party")
UNSIGNED = "qnetd signs what is not there yet"
#: Task -> why a first run in check mode cannot foretell it.
EXCEPTIONS: dict[str, str] = {
    "steadfast.ha.pacemaker : Let every node in": "pcs is not there yet, and is asked by a command",
    "steadfast.ha.pacemaker : Write down who signs where there is no certificate, or another one": UNSIGNED,
    "steadfast.ha.pacemaker : Ask for a certificate": UNSIGNED,
    "steadfast.ha.pacemaker : Have it signed": UNSIGNED,
    "steadfast.ha.pacemaker : Take the certificate": UNSIGNED,
    "steadfast.ha.pacemaker : Take the others' certificate": UNSIGNED,
}


@pytest.mark.groups("pacemaker")
def test_the_device_votes(node: Host) -> None:
    said = node.check_output("corosync-quorumtool -s")
    assert re.search(r"^Quorate:\s+Yes", said, re.MULTILINE)
    assert re.search(r"^Total votes:\s+3", said, re.MULTILINE)
    assert re.search(r"^Flags:.*Qdevice", said, re.MULTILINE)


@pytest.mark.groups("pacemaker")
def test_nodes_and_third_party_have_proven_who_they_are(node: Host) -> None:
    said = node.check_output("corosync-qdevice-tool -s -v")
    assert re.search(r"State:\s+Connected", said)
    assert re.search(r"TLS active:\s+Yes \(client certificate sent\)", said)


def test_the_third_party_knows_both(hosts: dict[str, Host]) -> None:
    said = hosts["arbiter"].check_output("corosync-qnetd-tool -l")
    assert 'Cluster "pair"' in said
    assert len(re.findall(r"Node ID \d", said)) == 2


def test_check_mode_on_bare_nodes_foretells_the_first_run(runs: Runs) -> None:
    assert differences(runs.first("converge-check"), runs.first("converge"), EXCEPTIONS) == []


def test_a_run_after_a_failover_changes_nothing(runs: Runs) -> None:
    try:
        plays = [play for play in runs.side_effects() if play.name in PLAYS]
    except LookupError:
        pytest.skip("the pair has not been broken yet")
    assert [play.changed for play in plays[: len(PLAYS)]] == [(), (), ()]


def test_check_mode_foretells_another_setting_of_the_device(runs: Runs, proof: Path) -> None:
    if not any(name == "full" for name, _plays in runs.runs):
        pytest.skip("the device's settings change in the full list")
    foretold = [play for play in Runs.read(proof / "foretold").first("pacemaker-check") if play.name == PLAYS[1]]
    done = runs.behind("See that nothing was changed by it", PLAYS[1])
    reload = "steadfast.ha.pacemaker : Reload corosync everywhere"
    assert differences(tuple(foretold), (done,), {reload: "is a command, and told by its reasons"}) == []
    restarted = [host for host, task in done.changed if task.endswith(" : Restart the client of the quorum device")]
    assert restarted == ["node1", "node2"]
    assert runs.behind("See that the device's clients run with it", PLAYS[1]).changed == ()


def test_every_kind_of_failure_was_measured(proof: Path, is_full: bool) -> None:
    if not (proof / "report.json").exists():
        pytest.skip("the pair has not been broken yet")
    found = {run["title"]: run["verdict"] for run in json.loads((proof / "report.json").read_text())["runs"]}
    wanted = {
        "Clean stop of the serving node",
        "Start of the stopped node",
        "Power loss of the serving node",
        "Return of the lost node",
        "Partition, the serving node alone",
        "Return of the fenced node",
    }
    if is_full:
        wanted |= {
            "Loss of the third party",
            "Another timeout of the quorum device",
            "Power loss of the node that exports",
            "Return of the node that exported",
            "A heartbeat pair becomes a pacemaker cluster",
            "The pacemaker cluster becomes a heartbeat pair again",
        }
    assert set(found.values()) == {"pass"}
    assert found.keys() == wanted
