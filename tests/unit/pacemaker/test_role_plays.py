# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the role's tasks as a play on two hosts, with stand-ins for what would touch a machine."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from staged import FAILS, ROOT, UNREACHABLE, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def role(
    stage: Stage, tasks: str, answers: dict[str, Any], speaker: str = "alpha", tell: str = "", **variables: Any
) -> tuple[int, str, list[str]]:
    """Run files of the role's tasks, by their names in one text, on a cluster of two that runs. ``tell`` is printed.

    A variable that is None is not given, for the tasks to set.
    """
    for folder in ("tasks", "vars", "defaults"):
        for file in sorted((ROOT / "roles" / "pacemaker" / folder).rglob("*.yml")):
            name = file.relative_to(ROOT / "roles" / "pacemaker")
            stage.copy(str(file.relative_to(ROOT)), f"roles/staged/{name}")
    (stage.folder / "play.yml").write_text(
        "- hosts: pacemaker\n  gather_facts: false\n  tasks:\n"
        "    - set_fact:\n        __pacemaker_here: {name: '{{ inventory_hostname }}'}\n"
        + "".join(f"    - include_role:\n        name: staged\n        tasks_from: {name}\n" for name in tasks.split())
        + f"    - debug:\n        msg: 'told {{{{ inventory_hostname }}}} {tell}'\n"
    )
    nodes = {name: {"online": True, "pending": False, "unclean": False} for name in ("alpha", "beta")}
    vip = {"vip": {"agent": "ocf:heartbeat:IPaddr2", "nodes": ["alpha"]}}
    seen = {"*": {"running": True, "quorate": True, "nodes": nodes, "resources": vip, "problems": [], "attempts": 1}}
    unset, ours = {"*": {"stdout": "unset"}}, {"*": {"stdout": "true"}}
    told = {
        "Look at the cluster before it is changed": seen,
        "Wait until every present node is online and the cluster quorate": seen,
        "Look where resources are": seen,
        "Look whether the cluster has found everything": seen,
        "Ask whether resources are unmanaged already": unset,
        "Ask whether it was us who left resources alone": ours,
        "Ask whether an earlier run has left resources alone": unset,
        **answers,
    }
    given = {
        "__pacemaker_present": ["alpha", "beta"],
        "__pacemaker_speaker": speaker,
        "__pacemaker_role": str(stage.folder / "roles" / "staged"),
        "__pacemaker_plan": {"running": True},
        "__pacemaker_conf": "",
        "__pacemaker_secret": "",
        **variables,
    }
    return stage.play("play.yml", told, **{name: value for name, value in given.items() if value is not None})


STOP = "Stop pacemaker and corosync, not what they manage"
END = "alpha: End that"
#: what a restart of all begins and ends with
LEAVE_AND_FIND = "unmanage manage"


def test_all_restart_together_while_resources_are_left_alone(stage: Stage) -> None:
    code, output, asked = role(stage, "change_together", {})
    assert code == 0, output
    marks = [line for line in asked if "unmanaged, so that" in line or STOP in line or line == END]
    assert marks[0] == "alpha: Make resources unmanaged, so that a later run knows whose doing it was"
    assert marks[-1] == END
    assert {f"alpha: {STOP}", f"beta: {STOP}"} <= set(marks)


@pytest.mark.parametrize(
    ("task", "host", "what"),
    [
        ("Look at the cluster before it is changed", "beta", {"running": True, "quorate": False, "nodes": {}}),
        ("Make resources unmanaged, so that a later run knows whose doing it was", "alpha", FAILS),
    ],
)
def test_nobody_is_stopped_when_one_may_not_be(stage: Stage, task: str, host: str, what: dict[str, Any]) -> None:
    seen = {"running": True, "quorate": True, "nodes": {}, "resources": {}}
    code, _output, asked = role(stage, "change_together", {task: {"*": seen, host: what}})
    assert code != 0
    assert not any(STOP in line for line in asked), asked


STARTS, WAITS = "Start corosync and pacemaker", "Wait until every present node is online and the cluster quorate"
BESIDE = "Start pacemaker beside a corosync that is about to restart"


def change(stage: Stage, way: str, idle: str) -> list[str]:
    """What a change of corosync asks of whom, in its order, of starts, stops, files and waits for the cluster."""
    marks = (STARTS, BESIDE, WAITS, STOP, "Write corosync.conf and the key", "Look at the cluster before it is changed")
    code, output, asked = role(
        stage, "change", {"See whether corosync has taken it": {"*": {"action": "none"}}},
        __pacemaker_change=way, __pacemaker_idle=idle.split(), __pacemaker_plan={"running": True, "action": way},
    )  # fmt: skip
    assert code == 0, output
    # which of the two hosts is first is chance
    tasks = dict.fromkeys(line.split(": ")[1] for line in asked)
    return [line for mark in tasks if mark in marks for line in sorted(set(asked)) if line.endswith(f": {mark}")]


def test_pacemaker_starts_where_it_does_not_run_though_corosync_does(stage: Stage) -> None:
    starts = [f"alpha: {STARTS}", f"beta: {STARTS}"]
    assert change(stage, "none", "beta") == [*starts, f"alpha: {WAITS}", f"beta: {WAITS}"]
    # a cluster in which all run is neither waited for nor touched
    assert change(stage, "none", "") == starts


def test_pacemaker_starts_before_all_restart_together_as_it_is_asked_whether_all_is_well(stage: Stage) -> None:
    asked = change(stage, "together", "beta")
    assert asked[:3] == [f"beta: {BESIDE}", f"alpha: {WAITS}", f"beta: {WAITS}"]
    assert asked[3:5] == [f"{host}: Look at the cluster before it is changed" for host in ("alpha", "beta")]
    assert f"beta: {STOP}" in asked[5:]


def test_a_reload_starts_it_once(stage: Stage) -> None:
    (first, *_rest) = change(stage, "reload", "beta")
    assert first == "alpha: Write corosync.conf and the key"


def test_the_node_that_speaks_is_one_where_pacemaker_runs(stage: Stage) -> None:
    alone = {"errors": [], "tested": True, "action": "none", "reasons": [], "running": True, "pacemaker_running": False}
    plans = {"alpha": alone, "beta": {**alone, "pacemaker_running": True}}
    code, output, _asked = role(
        stage, "plan", {"Check the configuration on this node and plan its change": plans},
        tell="{{ __pacemaker_speaker }} {{ __pacemaker_idle | join }}", __pacemaker_platform={"environment_file": "x"},
        __pacemaker_speaker=None, __pacemaker_plan=None,
    )  # fmt: skip
    assert code == 0, output
    assert "told alpha beta alpha" in output


@pytest.mark.parametrize(("states", "runs"), [("inactive\nactive", ""), ("inactive\ninactive", "alpha beta")])
def test_chrony_runs_where_nobody_keeps_time(stage: Stage, states: str, runs: str) -> None:
    lines = {"*": {"stdout": states, "stdout_lines": states.split()}}
    facts = {"os_family": "RedHat"}
    given = {"__pacemaker_platform": {"time_unit": "chronyd.service"}, "ansible_facts": facts}
    code, output, asked = role(stage, "time", {"See whether somebody keeps time": lines}, **given)
    assert code == 0, output
    assert sorted(line.split(":")[0] for line in asked if "Run chrony" in line) == runs.split()


def test_check_mode_foretells_chrony_where_its_package_does_not_start_it(stage: Stage) -> None:
    missing = {"failed": True, "msg": "Could not find the requested service chronyd.service: host"}
    answers = {"See whether somebody keeps time": {"*": {"stdout_lines": []}}, "Run chrony": {"*": missing}}
    for family, changed in (("RedHat", 1), ("Debian", 0)):
        given = {"__pacemaker_platform": {"time_unit": "x"}, "ansible_facts": {"os_family": family}}
        code, output, _asked = role(stage, "time", answers, arguments=["--check"], **given)
        assert code == 0, output
        assert output.count(f"changed={changed} ") == 2


def test_check_mode_does_not_wait_for_a_client_of_the_device_that_it_did_not_restart(stage: Stage) -> None:
    waits = "Wait until it has reached the device"
    for is_check in (True, False):
        told = {waits: {"*": {"stdout": "State: Connected"}}}
        code, output, asked = role(stage, "roll/qdevice", told, arguments=["--check"] if is_check else [])
        assert code == 0, output
        assert sum(waits in line for line in asked) == (0 if is_check else 2)


def test_nothing_is_written_while_one_has_not_stopped(stage: Stage) -> None:
    code, output, asked = role(stage, "change_together", {STOP: {"beta": FAILS}})
    assert code != 0
    assert "beta failed or can't be reached any more" in output
    assert not any("Write corosync.conf" in line for line in asked)


@pytest.mark.parametrize("what", [UNREACHABLE, {"running": True, "resources": {"vip": {"agent": "x", "nodes": []}}}])
def test_nobody_goes_on_while_resources_are_not_found_again(stage: Stage, what: dict[str, Any]) -> None:
    code, output, asked = role(stage, LEAVE_AND_FIND, {"Look where resources are": {"alpha": what}})
    assert code != 0
    assert "Not found where they were" in output
    assert END not in asked
    assert re.search(r"beta : .*?failed=1", output), output


def test_a_maintenance_of_the_operators_is_left_alone(stage: Stage) -> None:
    yes, no = {"*": {"stdout": "true"}}, {"*": {"stdout": "unset"}}
    answers = {
        "Ask whether resources are unmanaged already": yes,
        "Ask whether it was us who left resources alone": no,
    }
    code, output, asked = role(stage, LEAVE_AND_FIND, answers)
    assert code == 0, output
    assert not any("Make resources unmanaged" in line for line in asked)
    assert END not in asked


def test_a_run_that_was_interrupted_is_ended_by_the_next(stage: Stage) -> None:
    asks = "Ask whether an earlier run has left resources alone"
    code, output, asked = role(stage, "left_alone", {})
    assert (code, END in asked) == (0, False), output
    code, output, asked = role(stage, "left_alone", {asks: {"*": {"stdout": "true"}}})
    assert (code, END in asked) == (0, True), output
    wrong = {"*": {"running": True, "problems": ["resource vip runs on alpha and beta at once"]}}
    looks = "Look whether the cluster has found everything"
    code, output, asked = role(stage, "left_alone", {asks: {"*": {"stdout": "true"}}, looks: wrong})
    assert code != 0
    assert END not in asked
    assert "runs on alpha and beta at once" in output


def test_the_node_that_speaks_is_asked_to_change_the_cluster(stage: Stage) -> None:
    push = "Push what is different"
    answers: dict[str, Any] = {push: {"beta": {"changes": [], "moves": []}}}
    code, output, asked = role(stage, "cib", answers, speaker="beta")
    assert code == 0, output
    assert [line for line in asked if push in line] == [f"beta: {push}"]
    code, output, asked = role(stage, "cib", {push: {"beta": FAILS}}, speaker="beta")
    assert code != 0
    assert output.count("failed=1") == 2


def test_verify_names_what_moves_have_left_and_probes_that_are_off(stage: Stage) -> None:
    left = '<rsc_location id="steadfast-move-web" rsc="web" node="alpha" score="INFINITY"/>'
    many = f'<xpath-query>{left}<rsc_location rsc="b" id="cli-ban-b-on-beta" node="beta"/></xpath-query>'
    facts = {"os_family": "Debian", "interfaces": [], "nodename": "x", "selinux": {}}
    answers = {
        "Ask pacemaker": {"*": {"problems": [], "nodes": {}, "resources": {}}},
        "Read the configuration": {"*": {"content": ""}},
        "Ask what moves have left": {"*": {"stdout": many}},
    }
    given = {"ansible_facts": facts, "pacemaker_members": ["alpha", "beta"], "__pacemaker_present": None}
    code, output, _asked = role(stage, "verify", answers, **given)
    assert code == 0, output
    assert (
        "a move has left the constraint steadfast-move-web; a move has left the constraint cli-ban-b-on-beta" in output
    )
    answers["Ask whether what runs on a node that joins is looked for"] = {"*": {"stdout": "false"}}
    code, output, _asked = role(stage, "verify", answers, **given)
    assert code != 0
    assert "'crm_attribute --type crm_config --name enable-startup-probes --delete' ends that" in output
    code, output, _asked = role(
        stage, "verify", answers, **given, pacemaker_properties={"enable-startup-probes": False}
    )
    assert code == 0, output


#: what certutil(1) says of the one that signs, and qnetd's own file with the same behind words
SIGNER = "-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n"
TRUSTED, CERTIFIED = "Ask whom this node trusts", "Ask for whom its certificate is"


@pytest.mark.parametrize(
    ("what", "is_renewed"),
    [
        ({}, ""),
        ({CERTIFIED: {"*": {"stdout": 'Subject: "CN=former"'}}}, "alpha beta"),
        ({TRUSTED: {"alpha": {"stdout": SIGNER}, "beta": {"stdout": SIGNER.replace("bm90", "xxxx")}}}, "beta"),
        # whoever has signed is away
        ({"Read who signs": {"*": UNREACHABLE}}, ""),
    ],
    ids=["fits", "another name", "another authority", "away"],
)
def test_a_certificate_that_qnetd_would_not_take_is_renewed(
    stage: Stage, what: dict[str, Any], is_renewed: str
) -> None:
    coded = base64.b64encode(f"Certificate:\n    Data: ...\n{SIGNER}".encode()).decode()
    answers = {
        "Look for the certificate": {"*": {"content": "b2xk"}},
        "Read who signs": {"*": {"content": coded}},
        TRUSTED: {"*": {"stdout": SIGNER.replace("\n", "\r\n")}},
        CERTIFIED: {"*": {"stdout": '        Subject: "CN=pair"'}},
        "Read the request": {"*": {"content": "cmVx"}},
        "Have it signed": {"*": {"stdout": "c2lnbmVk"}},
        "Take the certificate": {"*": {"stdout": "bmV3"}},
        **what,
    }
    given = {"pacemaker_cluster_name": "pair", "pacemaker_qdevice": {"host": "192.0.2.9", "qnetd": "alpha"}}
    code, output, asked = role(stage, "qdevice", answers, **given)
    assert code == 0, output
    renewed = [line.split(":")[0] for line in asked if "Write down who signs" in line]
    assert renewed == is_renewed.split()
    # asked for anew only where nobody is left who has one that fits
    assert any("Have it signed" in line for line in asked) == (is_renewed == "alpha beta")


@pytest.mark.parametrize(
    ("change", "seen", "is_rolled"),
    [
        ("none", {"alpha": {"stdout": "NOTE: simulation\nInst pacemaker [2.1.5] (2.1.6)"}}, "alpha"),
        # all restart together for another reason: the packages come all the same, after it
        ("together", {"alpha": {"stdout": "Inst pacemaker [2.1.5] (2.1.6)"}}, "alpha"),
        ("none", {}, ""),
    ],
)
def test_newer_packages_are_looked_for_in_fresh_lists(
    stage: Stage, change: str, seen: dict[str, Any], is_rolled: str
) -> None:
    facts = {"os_family": "Debian", "distribution": "Debian", "distribution_major_version": "13"}
    platform = yaml.safe_load((ROOT / "roles" / "pacemaker" / "vars" / "Debian.yml").read_text())
    code, output, asked = role(
        stage, "install", {"See whether there are newer packages": seen}, tell="{{ __pacemaker_is_rolled }}",
        pacemaker_is_upgraded=True, pacemaker_manage_time_sync=False, pacemaker_manage_selinux=False,
        pacemaker_members=["alpha", "beta"], __pacemaker_plan={"running": True, "restart_reasons": []},
        __pacemaker_change=change, ansible_facts=facts, **platform,
    )  # fmt: skip
    assert code == 0, output
    assert re.findall(r"told (\w+) (?:True|true)", output) == is_rolled.split()
    looks = [line for line in asked if line.startswith("beta: ") and ("archives" in line or "newer" in line)]
    assert looks == ["beta: Read what the archives have now", "beta: See whether there are newer packages"]
