# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What crm_mon of pacemaker 2.1 (Debian 12) and 3.0 (Debian 13) says, recorded on two nodes, as facts and problems."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from pacemaker import daemons
from pacemaker.status import NOT_RUNNING, facts, not_started, problems
from pacemaker.words import Refused

RELEASES = ("bookworm", "trixie")


def status(name: str) -> dict[str, Any]:
    return facts((Path(__file__).parent / "recorded" / f"status-{name}.xml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("release", RELEASES)
def test_a_cluster_that_is_well(release: str) -> None:
    found = status(f"{release}-well")
    assert (found["running"], found["quorate"], found["dc"], found["maintenance_mode"]) == (True, True, "node1", False)
    assert {name: node["online"] for name, node in found["nodes"].items()} == {"node1": True, "node2": True}
    assert found["resources"]["vip"]["agent"] == "ocf:heartbeat:IPaddr2"
    assert found["resources"]["vip"]["roles"] == {"node1": "Started"}
    assert found["resources"]["web-vip"]["in"] == "web"
    assert found["fencing"] == {"enabled": False, "devices": [], "history": []}
    assert problems(found, ["node1", "node2"]) == []


@pytest.mark.parametrize("release", RELEASES)
def test_a_failure_is_a_problem_until_it_is_cleaned_up(release: str) -> None:
    found = status(f"{release}-trouble")
    assert found["nodes"]["node2"]["standby"]
    (failure,) = found["failures"]
    assert (failure["resource"], failure["action"], failure["node"]) == ("vip", "monitor", "node1")
    (problem,) = problems(found)
    assert problem.startswith("monitor of vip failed on node1 at 2026-11-25 19:4")
    assert problem.lower().endswith("not running")


def test_what_could_not_be_started_is_told_with_the_reason_and_the_next_step() -> None:
    text = (Path(__file__).parent / "recorded" / "status-trixie-trouble.xml").read_text(encoding="utf-8")
    # as Debian 12 and 13 write it, for a start on a node that lacks the device
    text = text.replace('exitreason=""', 'exitreason="Couldn&amp;apos;t find device"').replace(
        'task="monitor"', 'task="start"'
    )
    found = facts(text.replace("vip_monitor_2000", "vip_start_0"))
    # it was started again elsewhere
    assert found["resources"]["vip"]["active"]
    assert not_started(found, []) == []
    found["resources"]["vip"]["active"] = False
    assert not_started(found, []) == [
        "vip does not run: start on node1 failed (Couldn't find device). 'journalctl --unit=pacemaker' there says "
        "more; once it is mended: crm_resource --cleanup --resource=vip"
    ]
    assert not_started(found, ["vip"]) == []
    assert not_started({**found, "maintenance_mode": True}, []) == []
    found["resources"]["vip"]["target_role"] = "Stopped"
    assert not_started(found, []) == []


def changed(path: list[str], value: Any) -> dict[str, Any]:
    found = copy.deepcopy(status("trixie-well"))
    place = found
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return found


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (["quorate"], False, "this part of the cluster has no quorum"),
        (["dc"], "", "no node has been elected to decide (no DC)"),
        (["nodes", "node2", "online"], False, "node node2 is offline"),
        (["nodes", "node2", "unclean"], True, "node node2 is unclean: it failed and has not been fenced"),
        (["nodes", "node2", "pending"], True, "node node2 is joining"),
        (["resources", "vip", "active"], False, "resource vip runs nowhere"),
        (["resources", "vip", "failed"], True, "resource vip has failed on node1"),
        (["resources", "vip", "blocked"], True, "resource vip is blocked: the cluster can't do anything with it"),
        (["resources", "vip", "orphaned"], True, "resource vip runs and is no longer configured"),
        (["resources", "vip", "nodes"], ["node1", "node2"], "resource vip runs on node1 and node2 at once"),
        (
            ["missing_daemons"],
            ["pacemaker-attrd"],
            "pacemaker-attrd does not run on this node, and pacemakerd has given it up; "
            "'systemctl kill --kill-whom=main --signal=KILL pacemaker.service' there makes it look again",
        ),
        (["fencing", "enabled"], True, "fencing is on, and there is no device for it"),
    ],
)
def test_each_thing_that_is_wrong_is_one_sentence(path: list[str], value: Any, problem: str) -> None:
    assert problems(changed(path, value)) == [problem]


def test_clones_that_run_wherever_they_may_are_well() -> None:
    found = status("clones-well")
    assert found["clones"]["ping-clone"]["nodes"] == ["node1", "node2", "node3"]
    assert found["clones"]["state-clone"]["promoted"] == ["node1"]
    # the third instance is kept away from node3 by a constraint
    stack = found["clones"]["stack-clone"]
    assert (stack["instances"], stack["nodes"]) == (3, ["node1", "node2"])
    assert problems(found, ["node1", "node2", "node3"]) == []
    found["nodes"]["node2"]["standby"] = True
    found["clones"]["ping-clone"]["nodes"].remove("node2")
    assert problems(found) == []


def test_a_clone_that_does_not_run_where_it_may_is_a_problem_and_so_is_a_group_that_runs_twice() -> None:
    found = status("clones-trouble")
    twice = "resource web-vip runs on node1 and node3 at once"
    assert problems(found) == [
        twice,
        "clone ping-clone runs on 2 of the 3 nodes that it may run on, not on node3",
        "clone state-clone has no promoted instance",
    ]
    found["maintenance_mode"] = True
    # what is left alone may have stopped; what runs twice is never right
    assert problems(found) == [twice]


@pytest.mark.parametrize(
    ("clone", "changes"),
    [
        ("ping-clone", {"target_role": "Stopped"}),
        ("ping-clone", {"managed": False}),
        ("ping-clone", {"unique": True}),
        ("ping-clone", {"instances": 2}),
        ("state-clone", {"target_role": "Unpromoted"}),
        ("state-clone", {"promoted": ["node2"]}),
    ],
)
def test_what_is_meant_for_a_clone_is_no_problem(clone: str, changes: dict[str, Any]) -> None:
    found = status("clones-trouble")
    before = problems(found)
    found["clones"][clone].update(changes)
    assert [problem for problem in before if problem not in problems(found)] == [
        problem for problem in before if problem.startswith(f"clone {clone} ")
    ]


@pytest.mark.parametrize("release", RELEASES)
def test_fencing_that_is_wanted_and_switched_off_is_a_problem(release: str) -> None:
    found = status(f"{release}-well")
    assert problems(found, wants_fencing=True) == [
        "fencing is switched off (stonith-enabled): a node that fails is not fenced"
    ]
    found["fencing"].update(enabled=True, devices=["power"])
    found["resources"]["power"] = {**found["resources"]["vip"], "agent": "stonith:fence_apc"}
    assert problems(found, wants_fencing=True) == []


def test_a_member_that_no_device_is_for_is_a_problem() -> None:
    found = changed(["fencing"], {"enabled": True, "devices": ["power"], "history": []})
    found["resources"]["power"] = {**found["resources"]["vip"], "agent": "stonith:fence_apc"}
    found["unfenced"] = ["node2", "leaving"]
    told = "no fence device is for node node2: when it fails, the cluster waits for what never comes"
    assert problems(found, ["node1", "node2"]) == [told]
    assert len(problems(found)) == 2
    found["fencing"]["enabled"] = False
    assert problems(found) == []


def test_a_node_that_should_be_there_is_missed() -> None:
    assert problems(status("trixie-well"), ["node1", "node2", "node3"]) == ["node node3 is not a member"]


def test_what_is_stopped_on_purpose_is_no_problem() -> None:
    found = changed(["resources", "vip", "active"], False)
    found["resources"]["vip"]["target_role"] = "Stopped"
    assert problems(found) == []
    found = changed(["resources", "vip", "active"], False)
    found["maintenance_mode"] = True
    assert problems(found) == []


def test_a_fence_device_has_to_run() -> None:
    found = changed(["fencing"], {"enabled": True, "devices": ["power"], "history": []})
    found["resources"]["power"] = {
        **found["resources"]["vip"],
        "agent": "stonith:fence_apc",
        "active": False,
        "nodes": [],
    }
    assert problems(found) == ["fence device power runs nowhere"]
    found["maintenance_mode"] = True
    assert problems(found) == []


def test_a_daemon_that_pacemakerd_has_given_up_is_missed(tmp_path: Path) -> None:
    for number, command in enumerate(["/usr/sbin/pacemakerd", "/bin/sh\0/usr/lib/pacemaker/pacemaker-attrd", ""]):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "cmdline").write_text(command + "\0" if command else "")
    (tmp_path / "uptime").write_text("")
    (tmp_path / "9").mkdir()
    found = sorted(daemons.programs(str(tmp_path)))
    assert found == ["/bin/sh", "/usr/sbin/pacemakerd"]
    assert daemons.missing(found) == list(daemons.NAMES)
    assert daemons.missing([f"/usr/lib/pacemaker/{name}" for name in daemons.NAMES[1:]]) == ["pacemaker-based"]


def test_nothing_runs() -> None:
    assert problems(NOT_RUNNING) == ["pacemaker does not run here"]


def test_what_is_no_answer_is_refused() -> None:
    with pytest.raises(Refused, match="something else than XML"):
        facts("Connection to cluster failed")
