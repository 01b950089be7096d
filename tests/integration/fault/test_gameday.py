# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A game day through ansible-playbook: an order from a seed, health after each drill, a stop, and on from there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SERVICE = """
import os, socket, sys
from pathlib import Path
here = Path(sys.argv[1])
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int((here / "port").read_text() or 0)))
listener.listen(64)
(here / "port").write_text(str(listener.getsockname()[1]))
(here / "pid").write_text(str(os.getpid()))
while True:
    peer, _address = listener.accept()
    peer.close()
"""
HOOK = """
here=$1
case $2 in
off) kill -9 "$(cat "$here/pid")"; (sleep 0.2; exec "$3" "$here/service.py" "$here") >/dev/null 2>&1 </dev/null & ;;
esac
echo "$2 $4" >> "$here/hooks"
"""
VERIFY = """
- name: Look
  ansible.builtin.shell: |
    echo {{ inventory_hostname }} {{ __gameday_name }} >> {{ stage }}/verified
    test ! -e {{ stage }}/sick
"""
HOSTS = """
client
[pair]
n1
n2
[all:vars]
ansible_connection=local
ansible_become=false
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "service.py").write_text(SERVICE)
    (tmp_path / "hook.sh").write_text(HOOK)
    (tmp_path / "port").write_text("")
    (tmp_path / "roles/checked/tasks").mkdir(parents=True)
    (tmp_path / "roles/checked/tasks/verify.yml").write_text(VERIFY)
    (tmp_path / "hosts.ini").write_text(f"{HOSTS}ansible_python_interpreter={sys.executable}\n")
    with subprocess.Popen([sys.executable, str(tmp_path / "service.py"), str(tmp_path)]) as service:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            assert service.poll() is None
            time.sleep(0.02)
        yield tmp_path
        service.kill()
    try:
        os.kill(int((tmp_path / "pid").read_text()), 9)
    except ProcessLookupError:
        pass


def gameday(project: Path, stage: Path, *flags: str, budget: int = 30_000) -> subprocess.CompletedProcess[str]:
    hook = f"sh {stage}/hook.sh {stage}"
    drills = [
        {"name": name, "steps": [{"fault": "power_off", "target": "holder", "title": name}]} for name in ("a", "b")
    ]
    variables: dict[str, Any] = {
        "stage": str(stage),
        "gameday_drills": drills,
        "gameday_dir": str(stage / "day"),
        "gameday_verify_role": "checked",
        "drill_client": "client",
        "drill_nodes": "pair",
        "drill_probes": [
            {
                "name": "port",
                "kind": "tcp",
                "target": "127.0.0.1",
                "port": int((stage / "port").read_text()),
                "interval_ms": 20,
            }
        ],
        "drill_budget_ms": budget,
        "drill_holder_command": "test {{ node }} = n1",
        "drill_power_off_command": f"{hook} off {sys.executable} {{{{ node }}}}",
        "drill_power_on_command": f"{hook} on {sys.executable} {{{{ node }}}}",
        "drill_lead_ms": 200,
        "drill_steady_ms": 600,
    }
    (stage / "vars.json").write_text(json.dumps(variables))
    program = Path(sys.executable).with_name("ansible-playbook")
    return subprocess.run(
        [str(program), "-i", str(stage / "hosts.ini"), "playbooks/gameday.yml", "-e", f"@{stage}/vars.json", *flags],
        cwd=project,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(project / "collection"),
            "ANSIBLE_ROLES_PATH": str(stage / "roles"),
            "ANSIBLE_LOCAL_TEMP": str(stage / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
            # Become has nothing to become here, and sudo may be missing.
            "ANSIBLE_BECOME_ASK_PASS": "0",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )


def words(done: subprocess.CompletedProcess[str]) -> str:
    return " ".join((done.stdout + done.stderr).split())


def state(stage: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((stage / "day/state.json").read_text())
    return found


def test_a_day_stops_at_a_failed_check_goes_on_and_keeps_one_report(project: Path, stage: Path) -> None:
    (stage / "sick").write_text("")
    stopped = gameday(project, stage, "-e", "drill_confirm=yes", "-e", "gameday_seed=7")
    assert stopped.returncode == 2, words(stopped)[-3000:]
    assert "the check failed on n1, n2" in words(stopped)
    first = state(stage)
    assert (first["done"], first["current"], first["finished"]) == ([], first["order"][0], False)
    assert sorted(first["order"]) == ["a", "b"]
    assert {line.split()[0] for line in (stage / "verified").read_text().splitlines()} == {"n1", "n2"}
    # What was taken has been given back before the check.
    assert (stage / "hooks").read_text().splitlines() == ["off n1", "on n1"]

    (stage / "sick").unlink()
    done = gameday(project, stage, "-e", "drill_confirm=yes")
    assert done.returncode == 0, words(done)[-3000:]
    assert "goes on after 0 of 2" in words(done)
    second = state(stage)
    assert (second["id"], second["seed"], second["order"]) == (first["id"], first["seed"], first["order"])
    assert (second["done"], second["finished"]) == (first["order"], True)
    report = json.loads((stage / "day" / first["id"] / "report.json").read_text())
    # The repeated drill counts once.
    assert [run["title"] for run in report["runs"]] == first["order"]
    assert report["verdict"] == "pass"
    assert report["about"]["order"] == ", ".join(first["order"])
    verified = [line for line in (stage / "verified").read_text().splitlines() if line.startswith("n1 ")]
    assert [line.split()[1] for line in verified] == [first["order"][0], *first["order"]]

    again = gameday(project, stage, "--check", "-e", "gameday_seed=7")
    assert again.returncode == 0, words(again)[-3000:]
    assert f"seed 7: {', '.join(first['order'])}" in words(again)
    assert "begins" in words(again)
    assert state(stage) == second


def test_a_day_stops_at_a_drill_over_its_budget(project: Path, stage: Path) -> None:
    done = gameday(project, stage, "-e", "drill_confirm=yes", budget=1)
    assert done.returncode == 2
    assert "came out as fail" in words(done)
    assert "gameday_fresh=true begins a new day" in words(done)
    assert len((stage / "hooks").read_text().splitlines()) == 2
    assert not (stage / "verified").exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([], "Say -e drill_confirm=yes"),
        (["-e", "drill_confirm=yes", "-e", '{"gameday_drills": []}'], "gameday_drills must be a list of drills"),
        (
            [
                "-e",
                "drill_confirm=yes",
                "-e",
                '{"gameday_drills": [{"name": "a", "steps": []}, {"name": "a", "steps": []}]}',
            ],
            "each with a name of its own",
        ),
    ],
)
def test_it_refuses_before_it_breaks_anything(project: Path, stage: Path, flags: list[str], said: str) -> None:
    done = gameday(project, stage, *flags)
    assert done.returncode == 2
    assert said in words(done)
    assert not (stage / "hooks").exists()
    assert not (stage / "day").exists()
