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
from pathlib import Path
from typing import Any

import pytest
import yaml
from staged import FAILS, ROOT, UNREACHABLE, Stage, conftest


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


LET_GO = "Stop heartbeat on the last node, and let the cluster go on"


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
    (stage.folder / "playbooks" / "play.yml").write_text(
        "---\n" + text[start:end].replace("become: true", "become: false")
    )
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
    # nobody knows of a heartbeat that has stopped, so nothing is taken from a cluster that has nothing
    assert not any("End a maintenance" in line for line in asked)


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


def test_going_back_stops_everything_before_a_maintenance_ends_and_asks_a_node_that_runs(stage: Stage) -> None:
    stage.copy("playbooks/tasks/heartbeat_to_pacemaker_back.yml", "back.yml")
    (stage.folder / "play.yml").write_text(
        "- hosts: pacemaker\n  gather_facts: false\n  tasks:\n"
        "    - name: Go back\n      ansible.builtin.include_tasks: back.yml\n"
    )
    told = {
        "See whether heartbeat's files are still there": {"*": {"stat": {"exists": True}}},
        # the first host of the play has no cluster that could be asked
        "See what services there are": {"alpha": services("stopped", "stopped"), "*": services("running", "stopped")},
    }
    code, output, asked = stage.play("play.yml", told)
    assert code == 0, output
    assert not any(line.startswith("alpha") and "maintenance" in line for line in asked)
    order = [line for line in asked if line.startswith("beta: ")]
    names = (
        "Let nothing run",
        "End a maintenance, in which nothing would stop",
        "Wait until all has stopped",
        "Hold the cluster",
    )
    assert [order.index(f"beta: {name}") for name in names] == sorted(order.index(f"beta: {name}") for name in names)


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
