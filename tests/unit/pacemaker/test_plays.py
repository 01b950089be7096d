# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays of ours in the order in which they run, with stand-ins for what would touch a machine.

A failure on one host decides about all of them; that shows only when the tasks run as a play.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import yaml
from staged import FAILS, ROOT, UNREACHABLE, Stage, conftest


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


LET_GO = "Stop heartbeat on the last node, and let the cluster go on"
STOPPED = {"stdout": "inactive\ninactive", "rc": 3}
#: what heartbeat is to run, as its files say it
FILES = {
    "Read what heartbeat is to mount (ha.cf)": "node alpha\nnode beta\nucast eth0 192.0.2.3\n",
    "Read what heartbeat is to mount (haresources)": "alpha 192.0.2.1/24/eth0 Filesystem::/dev/sdb::/srv/share::ext4\n",
}
HEARTBEATS = {task: {"*": {"content": b64encode(text.encode()).decode()}} for task, text in FILES.items()}


def services(pacemaker: str, heartbeat: str) -> dict[str, Any]:
    return {
        "ansible_facts": {
            "services": {
                "pacemaker.service": {"state": pacemaker},
                "corosync.service": {"state": pacemaker},
                "heartbeat.service": {"state": heartbeat},
            }
        }
    }


def switch(stage: Stage, hosts: str = "alpha beta", **answers: Any) -> tuple[int, str, list[str]]:
    """Hand over from heartbeat: alpha holds the address and stops last."""
    for name in ("switch", "back"):
        stage.copy(
            f"playbooks/tasks/heartbeat_to_pacemaker_{name}.yml", f"playbooks/tasks/heartbeat_to_pacemaker_{name}.yml"
        )
    text = (ROOT / "playbooks" / "heartbeat_to_pacemaker.yml").read_text()
    start, end = text.index("- name: Hand over"), text.index("- name: Go back")
    stage.write("---\n" + text[start:end], "playbooks/play.yml")
    addresses = {"ansible_facts": {"all_ipv4_addresses": [], "all_ipv6_addresses": []}}
    well = {"problems": [], "maintenance_mode": False}
    told = {
        "Wait until all nodes are members of the cluster": {"*": {"problems": [], "maintenance_mode": True}},
        "See what addresses the nodes have": {
            "alpha": {"ansible_facts": {"all_ipv4_addresses": ["192.0.2.1"], "all_ipv6_addresses": []}},
            "*": addresses,
        },
        "See whether heartbeat has stopped": {
            "alpha": {"stdout": "active", "rc": 0},
            "*": {"stdout": "inactive", "rc": 3},
        },
        "Wait until the cluster is well": {"*": well},
        "See whether heartbeat's files are still there": {"*": {"stat": {"exists": True}}},
        "See what services there are": {"*": services("running", "running")},
        "See whether the cluster has stopped": {"*": STOPPED},
        **HEARTBEATS,
        **answers,
    }
    vip = [{"name": "vip", "vip": {"address": "192.0.2.1/24"}}]
    return stage.play("playbooks/play.yml", told, hosts, step="switch", pacemaker_resources=vip)


def test_the_cluster_is_let_go_once_heartbeat_has_stopped(stage: Stage) -> None:
    code, output, asked = switch(stage)
    assert code == 0, output
    assert f"alpha: {LET_GO}" in asked
    assert "beta: Stop heartbeat on all nodes but the last" in asked


def test_the_cluster_is_not_let_go_while_another_heartbeat_may_run(stage: Stage) -> None:
    ends = {"beta": FAILS, "gamma": UNREACHABLE}
    code, output, asked = switch(stage, "alpha beta gamma", **{"Stop heartbeat on all nodes but the last": ends})
    assert code != 0
    assert not any(LET_GO in line for line in asked), asked
    assert re.search("Heartbeat may still run on (beta, gamma|gamma, beta):", output), output
    # the cluster has nothing that could be taken from it, and heartbeat may run again whatever the lost node does
    assert not any("End a maintenance" in line for line in asked)
    assert {"alpha: Start heartbeat", "beta: Start heartbeat"} <= set(asked)


def test_heartbeat_is_not_stopped_anywhere_unless_the_cluster_is_held(stage: Stage) -> None:
    ready = {"problems": [], "maintenance_mode": True}
    seen = {"beta": {**ready, "problems": ["node alpha is offline"]}, "*": ready}
    code, output, asked = switch(stage, **{"Wait until all nodes are members of the cluster": seen})
    assert code != 0
    assert "Heartbeat was not stopped, and the cluster was not let go: node alpha is offline" in output
    assert not any("Stop heartbeat" in line for line in asked), asked
    assert {"alpha: Start heartbeat", "beta: Start heartbeat"} <= set(asked)


def test_a_failure_on_the_last_node_alone_takes_all_of_them_back_together(stage: Stage) -> None:
    code, _output, asked = switch(stage, **{"Never start heartbeat there again by itself": {"alpha": FAILS}})
    assert code != 0
    assert not any(LET_GO in line for line in asked), asked
    last = max(asked.index(f"{host}: Stop the cluster") for host in ("alpha", "beta"))
    assert last < min(asked.index(f"{host}: Start heartbeat") for host in ("alpha", "beta"))


def test_nothing_goes_back_when_a_node_that_may_have_let_the_cluster_go_is_lost(stage: Stage) -> None:
    """It may run everything by now, or the cluster fences it and runs everything here."""
    unwell = {"problems": ["node alpha is offline"], "maintenance_mode": False}
    lost = {LET_GO: {"alpha": UNREACHABLE}, "Wait until the cluster is well": {"*": unwell}}
    code, output, asked = switch(
        stage, **lost, **{"See what services there are": {"*": services("running", "stopped")}}
    )
    assert code != 0
    assert "The cluster was left as it is, and heartbeat was not started" in output
    assert not any("Stop the cluster" in line or "Start heartbeat" in line for line in asked), asked


def test_a_cluster_that_runs_everything_is_not_taken_back_for_a_trifle(stage: Stage) -> None:
    look = "Let the cluster look where resources run before it starts them, as it does otherwise"
    code, output, asked = switch(stage, **{look: {"alpha": FAILS}})
    assert code != 0, output
    assert f"beta: {look}" in asked
    assert not any("Stop the cluster" in line or "Start heartbeat" in line for line in asked), asked


def test_the_cluster_is_not_let_go_while_a_node_has_what_heartbeat_left_behind(stage: Stage) -> None:
    left = {"Look for what heartbeat has not let go": {"beta": {"stdout": "192.0.2.1\n/srv/share"}}}
    code, output, asked = switch(stage, **left)
    assert code != 0
    assert not any(LET_GO in line for line in asked), asked
    assert "left behind. beta: 192.0.2.1, /srv/share. Take that away there" in output, output[-2500:]
    assert {"alpha: Start heartbeat", "beta: Start heartbeat"} <= set(asked)


def test_all_go_back_when_the_last_node_has_left_something_behind(stage: Stage) -> None:
    code, output, asked = switch(stage, **{LET_GO: {"alpha": {"rc": 1, "stderr": "left behind: 192.0.2.1"}}})
    assert code != 0
    assert "The cluster was not let go on alpha. left behind: 192.0.2.1" in output
    assert not any("Wait until the cluster is well" in line for line in asked)
    assert {"alpha: Start heartbeat", "beta: Start heartbeat"} <= set(asked)


def test_what_heartbeat_left_behind_is_found(tmp_path: Path) -> None:
    """The look itself, on this machine: loopback has its address, / is mounted, and other things are neither."""
    play = yaml.safe_load((ROOT / "playbooks" / "heartbeat_to_pacemaker.yml").read_text())
    (look,) = [entry["vars"]["from_heartbeat_look"] for entry in play if entry["name"] == "Hand over"]
    found = [
        {"name": "one", "vip": {"address": "127.0.0.1/8"}},
        {"name": "other", "vip": {"address": "192.0.2.1"}},
        {"name": "disk", "filesystem": {"device": "/dev/sda", "directory": "/"}},
        {"name": "none", "filesystem": {"device": "/dev/sdb", "directory": str(tmp_path)}},
    ]
    (tmp_path / "play.yml").write_text(
        yaml.safe_dump(
            [
                {
                    "hosts": "localhost",
                    "gather_facts": False,
                    "vars": {"pacemaker_resources": found, "from_heartbeat_look": look},
                    "tasks": [{"ansible.builtin.copy": {"content": "{{ from_heartbeat_look }}", "dest": "look.sh"}}],
                }
            ]
        )
    )
    done = conftest.ansible_playbook(
        "play.yml", "--extra-vars", json.dumps({"ansible_python_interpreter": sys.executable}), cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = subprocess.run(["sh", "-eu", "look.sh"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert told.stdout.split() == ["127.0.0.1", "/"]


def test_one_node_that_is_not_well_takes_all_of_them_back(stage: Stage) -> None:
    unwell = {
        "beta": {"problems": ["node alpha is offline"], "maintenance_mode": False},
        "*": {"problems": [], "maintenance_mode": False},
    }
    states = {"*": services("running", "stopped")}
    code, output, asked = switch(
        stage, **{"Wait until the cluster is well": unwell, "See what services there are": states}
    )
    assert code != 0
    assert "The cluster does not get well: node alpha is offline" in output
    assert {"alpha: Start heartbeat", "beta: Start heartbeat"} <= set(asked)


def step(stage: Stage, name: str, answers: dict[str, Any], hosts: str = "alpha beta", **variables: Any) -> Any:
    """Run a play of the way up by its name."""
    stage.copy("playbooks/tasks/heartbeat_to_pacemaker_back.yml", "tasks/heartbeat_to_pacemaker_back.yml")
    plays = yaml.safe_load((ROOT / "playbooks" / "heartbeat_to_pacemaker.yml").read_text())
    (found,) = [{**play, "gather_facts": False} for play in plays if play["name"] == name]
    found.pop("roles", None)
    stage.write(yaml.safe_dump([found], sort_keys=False), "play.yml")
    word = {"Go back": "back", "Finish": "finish"}.get(name, "switch")
    return stage.play("play.yml", answers, hosts, **{"step": word, **variables})


def back(stage: Stage, hosts: str = "alpha beta", answers: dict[str, Any] | None = None, **variables: Any) -> Any:
    """Go back to heartbeat, from a cluster that runs on all hosts unless ``answers`` say something else."""
    told = {
        "See whether heartbeat's files are still there": {"*": {"stat": {"exists": True}}},
        "See what services there are": {"*": services("running", "stopped")},
        "See whether the cluster has stopped": {"*": STOPPED},
        **HEARTBEATS,
    }
    return step(stage, "Go back", {**told, **(answers or {})}, hosts, **variables)


def test_going_back_stops_everything_before_a_maintenance_ends_and_asks_a_node_that_runs(stage: Stage) -> None:
    # the first host of the play has no cluster that could be asked
    states = {"alpha": services("stopped", "stopped"), "*": services("running", "stopped")}
    code, output, asked = back(stage, answers={"See what services there are": states})
    assert code == 0, output
    assert not any(line.startswith("alpha") and "maintenance" in line for line in asked)
    order = [line for line in asked if line.startswith("beta: ")]
    names = (
        "Let nothing run",
        "End a maintenance, in which nothing would stop",
        "Wait until all has stopped",
        "Hold the cluster",
        "Stop the cluster",
        "See whether the cluster has stopped",
        "Start heartbeat",
    )
    assert [order.index(f"beta: {name}") for name in names] == sorted(order.index(f"beta: {name}") for name in names)
    assert "alpha: Start heartbeat" in asked


def test_nothing_is_taken_from_a_cluster_of_which_a_member_is_out_of_reach(stage: Stage) -> None:
    """What is stopped here, that member would take over; with the cluster stopped here it runs it already."""
    states = {"alpha": services("stopped", "stopped"), "beta": UNREACHABLE}
    code, output, asked = back(stage, answers={"See what services there are": states})
    assert code != 0
    assert "The cluster was left as it is, and heartbeat was not started" in output
    assert "may run its resources on beta, which failed, was not reached" in output
    assert """-e '{"pacemaker_absent_members": ["beta"]}'""" in output.replace("\\", "")
    assert not any("Stop the cluster" in line or "Start heartbeat" in line for line in asked), asked


def test_nothing_is_taken_from_a_cluster_of_which_a_member_is_left_out(stage: Stage) -> None:
    code, output, asked = back(stage, pacemaker_members=["alpha", "beta", "gamma"])
    assert code != 0
    assert "may run its resources on gamma" in output
    assert not any("Stop the cluster" in line or "Start heartbeat" in line for line in asked), asked


def test_a_member_that_is_named_as_down_is_no_reason_to_stay(stage: Stage) -> None:
    states = {"alpha": services("running", "stopped"), "beta": UNREACHABLE}
    _code, output, asked = back(
        stage, answers={"See what services there are": states}, pacemaker_absent_members=["beta"]
    )
    assert "alpha: Start heartbeat" in asked, output


@pytest.mark.parametrize("seen", [{"stdout": "active\nactive"}, {"stdout": "failed\ninactive"}, UNREACHABLE])
def test_heartbeat_is_not_started_beside_a_cluster_that_may_run(stage: Stage, seen: dict[str, Any]) -> None:
    """Nobody answers for the cluster, and on beta it does not stop."""
    deaf = {"Let nothing run": {"*": FAILS}, "See whether the cluster has stopped": {"beta": seen, "*": STOPPED}}
    code, output, asked = back(stage, answers=deaf)
    assert code != 0
    assert "Heartbeat was not started: the cluster may still run its resources on beta, where" in output
    assert "systemctl disable --now pacemaker corosync-qdevice corosync" in output
    assert {"alpha: Stop the cluster", "beta: Stop the cluster"} <= set(asked)
    assert not any("Start heartbeat" in line for line in asked), asked


def test_heartbeat_is_not_started_where_stopping_fails_on_another_member(stage: Stage) -> None:
    code, output, asked = back(stage, answers={"Let nothing run": {"*": FAILS}, "Stop the cluster": {"beta": FAILS}})
    assert code != 0
    assert "the cluster may still run its resources on beta, where" in output
    assert not any("Start heartbeat" in line for line in asked), asked


def test_heartbeat_is_not_started_while_a_filesystem_is_still_mounted(stage: Stage) -> None:
    """The cluster that could not be asked has stopped, and left something on beta."""
    left = {"Let nothing run": {"*": FAILS}, "See what is mounted": {"beta": {"stdout": "/srv/share"}}}
    code, output, asked = back(stage, answers=left)
    assert code != 0
    assert (
        "it would mount a second time what was left behind. beta: /srv/share. Take that away there (umount)" in output
    )
    assert not any("Start heartbeat" in line for line in asked), asked


def test_filesystems_that_are_still_mounted_are_found(tmp_path: Path) -> None:
    """The look itself, on this machine, for what heartbeat's files name: / is mounted, another folder is not."""
    tasks = yaml.safe_load((ROOT / "playbooks/tasks/heartbeat_to_pacemaker_back.yml").read_text())
    block = next(task["block"] for task in tasks if task["name"] == "Look for filesystems that were left mounted")
    look = next(task for task in block if task["name"] == "See what is mounted")
    haresources = f"alpha 192.0.2.1/24/eth0 Filesystem::/dev/sda::/::ext4 Filesystem::/dev/sdb::{tmp_path}::ext4\n"
    texts = [FILES["Read what heartbeat is to mount (ha.cf)"], haresources]
    read = {"results": [{"content": b64encode(text.encode()).decode()} for text in texts]}
    copy = {"ansible.builtin.copy": {"content": look["ansible.builtin.shell"]["cmd"], "dest": "look.sh"}}
    play = {"hosts": "localhost", "gather_facts": False, "vars": {"from_heartbeat_read": read}}
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{**play, "tasks": [{**copy, "vars": look["vars"]}]}]))
    told = {"ansible_python_interpreter": sys.executable}
    done = conftest.ansible_playbook("play.yml", "--extra-vars", json.dumps(told), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    seen = subprocess.run(["sh", "-eu", "look.sh"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert seen.stdout.split() == ["/"]


def test_going_back_from_a_cluster_that_was_never_formed(stage: Stage) -> None:
    """Where corosync could not start it has failed; where nothing was installed there are no units."""
    one = {"heartbeat.service": {"state": "running"}, "corosync.service": {"state": "stopped", "status": "not-found"}}
    answers = {
        "See what services there are": {
            "alpha": services("stopped", "running"),
            "*": {"ansible_facts": {"services": one}},
        },
        "See whether the cluster has stopped": {
            "alpha": {"stdout": "inactive\nfailed"},
            "*": {"stdout": "unknown\nunknown"},
        },
    }
    code, output, asked = back(stage, answers=answers)
    assert code == 0, output
    assert "alpha: Stop the cluster" in asked
    assert "beta: Stop the cluster" not in asked
    assert {"alpha: Start heartbeat", "beta: Start heartbeat"} <= set(asked)


def test_going_back_is_foretold(stage: Stage) -> None:
    """In check mode nothing stops, so nobody waits for it."""
    answers = {"See whether the cluster has stopped": {"*": {"skipped": True}}}
    code, output, asked = back(stage, answers=answers, arguments=["--check"])
    assert code == 0, output
    assert {"alpha: Start heartbeat", "beta: Start heartbeat"} <= set(asked)


def test_there_is_no_way_back_when_one_node_has_lost_its_files(stage: Stage) -> None:
    files = {"beta": {"stat": {"exists": False}}, "*": {"stat": {"exists": True}}}
    code, output, asked = back(stage, answers={"See whether heartbeat's files are still there": files})
    assert code != 0
    assert "There is no way back: heartbeat's files are not on beta." in output
    assert not any("Stop the cluster" in line or "Start heartbeat" in line for line in asked), asked


def test_nothing_is_built_unless_heartbeat_runs_on_all_nodes(stage: Stage) -> None:
    """Both say so: the roles that follow would open firewalls on one of them."""
    (stage.folder / "reviewed.yml").write_text("pacemaker_resources: []\n")
    states = {"beta": services("running", "stopped"), "*": services("stopped", "running")}
    answers = {"See what runs": states}
    code, output, _asked = step(stage, "Build the cluster beside heartbeat", answers, reviewed="reviewed.yml")
    assert code != 0
    assert "Heartbeat does not run on beta, so there is nothing to take over there." in output
    assert output.count("failed=1") == 2


GONE = "Remove heartbeat's files"
WELL = {"problems": [], "maintenance_mode": False}


def test_the_bridge_is_burnt_on_all_nodes(stage: Stage) -> None:
    code, output, asked = step(stage, "Finish", {"Look at the cluster": {"*": WELL}})
    assert code == 0, output
    assert {f"alpha: {GONE}", f"beta: {GONE}"} <= set(asked)


@pytest.mark.parametrize(
    ("seen", "says"),
    [
        ({"problems": ["node alpha is offline"], "maintenance_mode": False}, "node alpha is offline"),
        ({"problems": [], "maintenance_mode": True}, "the cluster leaves its resources alone"),
        (UNREACHABLE, "beta failed, was not reached or is not in this play"),
        (FAILS, "beta failed, was not reached or is not in this play"),
    ],
)
def test_the_bridge_is_burnt_on_no_node_while_one_is_not_well(stage: Stage, seen: dict[str, Any], says: str) -> None:
    code, output, asked = step(stage, "Finish", {"Look at the cluster": {"beta": seen, "*": WELL}})
    assert code != 0
    assert f"Heartbeat's files stay on all nodes, so that there is a way back: {says}" in output
    assert not any(GONE in line for line in asked), asked


def remove(stage: Stage, **seen: dict[str, bool]) -> tuple[int, str, list[str]]:
    """Take gamma out, which can't be reached. ``seen``: host that is left -> how it sees gamma."""
    stage.copy("playbooks/pacemaker_remove_node.yml", "play.yml")
    copied = (stage.folder / "play.yml").read_text()
    # what follows is the role
    (stage.folder / "play.yml").write_text(re.sub(r"(?ms)^  roles:\n.*?^  post_tasks:\n", "  tasks:\n", copied))
    before = {"running": True, "quorate": True, "nodes": {"gamma": {"online": True, "unclean": False}}}
    told = {
        "Ask for the state of the cluster": {"*": before},
        "Move everything off it": {"*": UNREACHABLE},
        "Stop it, now and at boot": {"*": UNREACHABLE},
        "Remove what makes it a member": {"*": UNREACHABLE},
        "Ask whether it still runs": {
            host: {"quorate": True, "attempts": 1, "nodes": {"gamma": view}} for host, view in seen.items()
        },
        "Ask whether pacemaker still knows it": {host: {"nodes": {"gamma": view}} for host, view in seen.items()},
    }
    return stage.play("play.yml", told, hosts="alpha beta gamma", node="gamma")


DOWN = {"online": False, "unclean": False}


def test_a_node_that_may_still_run_is_not_forgotten(stage: Stage) -> None:
    code, output, asked = remove(stage, alpha={**DOWN, "online": True}, beta={**DOWN, "unclean": True})
    assert code != 0
    assert "gamma was not forgotten, as it may still run something: alpha, beta" in output
    assert not any("Let pacemaker forget it" in line for line in asked)


def test_a_node_that_is_down_for_certain_is_forgotten(stage: Stage) -> None:
    code, output, asked = remove(stage, alpha=DOWN, beta=DOWN)
    assert code == 0, output
    assert "alpha: Let pacemaker forget it" in asked
