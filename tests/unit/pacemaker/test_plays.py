# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays of ours in the order in which they run, with stand-ins for what would touch a machine.

A failure on one host decides about all of them; that shows only when the tasks run as a play.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
spec = importlib.util.spec_from_file_location("roles_conftest", ROOT / "tests" / "unit" / "roles" / "conftest.py")
assert spec is not None
assert spec.loader is not None
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)

#: Modules that look at a machine or change it.
TOUCHING = re.compile(
    r"^(\s+)(?:ansible\.builtin\.(?:apt|blockinfile|command|dnf|file|package|service_facts|setup|shell|slurp|stat"
    r"|systemd_service)"
    r"|steadfast\.ha\.pacemaker_\w+):(.*)$",
    re.MULTILINE,
)
#: Answers by the variable ``answers`` (task -> host or "*" -> result), and writes down what it was asked.
STAND_IN = """
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        host, task = task_vars["inventory_hostname"], self._task.get_name().split(" : ")[-1]
        answers = self._templar.template(task_vars["answers"]).get(task, {})
        with open(task_vars["journal"], "a") as file:
            file.write(f"{host}: {task}\\n")
        return {"changed": False, "stdout": "", "rc": 0, **(answers.get(host) or answers.get("*") or {})}
"""


class Stage:
    """A copy of playbooks and role, in which modules that touch a machine are stand-ins."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "action_plugins").mkdir()
        (folder / "action_plugins" / "stand_in.py").write_text(STAND_IN)

    def copy(self, source: str, name: str) -> None:
        """Copy a file of ours to a place in the stage."""
        text = (ROOT / source).read_text()
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        text = TOUCHING.sub(r"\1stand_in:\2", text).replace("become: true", "become: false")
        # what does not change will not change by waiting
        target.write_text(re.sub(r"(?m)^( +retries): .*$", r"\1: 1", text))

    def play(
        self, play: str, answers: dict[str, Any], hosts: str = "alpha beta", **variables: Any
    ) -> tuple[int, str, list[str]]:
        """Run a playbook; return its exit code, its output, and 'host: task' for each question to a stand-in."""
        journal = self.folder / "journal"
        journal.unlink(missing_ok=True)
        inventory = {"all": {"children": {"pacemaker": {"hosts": {host: {} for host in hosts.split()}}}}}
        (self.folder / "inventory.json").write_text(json.dumps(inventory))
        more = {"answers": answers, "journal": str(journal), "ansible_connection": "local", **variables}
        more["ansible_python_interpreter"] = sys.executable
        done = conftest.ansible_playbook(
            "--inventory", self.folder / "inventory.json", play, "--extra-vars", json.dumps(more), cwd=self.folder,
            ANSIBLE_ACTION_PLUGINS=str(self.folder / "action_plugins"),
        )  # fmt: skip
        asked = journal.read_text().splitlines() if journal.exists() else []
        return done.returncode, " ".join((done.stdout + done.stderr).split()), asked


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


UNREACHABLE = {"unreachable": True, "msg": "no route to host"}
FAILS = {"failed": True, "msg": "it does not do that"}
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


def role(
    stage: Stage, tasks: str, answers: dict[str, Any], speaker: str = "alpha", tell: str = "", **variables: Any
) -> tuple[int, str, list[str]]:
    """Run files of the role's tasks, by their names in one text, on a cluster of two that runs. ``tell`` is printed."""
    for folder in ("tasks", "vars", "defaults"):
        for file in sorted((ROOT / "roles" / "pacemaker" / folder).glob("*.yml")):
            stage.copy(str(file.relative_to(ROOT)), f"roles/staged/{folder}/{file.name}")
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
    return stage.play("play.yml", told, **given)


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
