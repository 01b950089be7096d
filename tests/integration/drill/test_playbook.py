# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole drill through ansible-playbook: a power hook takes a service on loopback away and brings it back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
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
(here / "port").write_text(str(listener.getsockname()[1]))
listener.listen(64)
(here / "pid").write_text(str(os.getpid()))
while True:
    peer, _ = listener.accept()
    peer.recv(4096)
    peer.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 7\\r\\nConnection: close\\r\\n\\r\\nWelcome")
    peer.close()
"""

HOOK = """
import json, os, signal, subprocess, sys, time
from pathlib import Path
here, action, node = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
t0 = time.time_ns()
(here / f"off-{node}").unlink(missing_ok=True)
if action == "off":
    (here / "holder").write_text("n2")
    (here / f"off-{node}").touch()
    os.kill(int((here / "pid").read_text()), signal.SIGKILL)
    again = f"sleep 0.5; exec {sys.executable} {here}/service.py {here}"
    subprocess.Popen(["/bin/sh", "-c", again], start_new_session=True, stdin=subprocess.DEVNULL,
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(json.dumps({"action": action, "node": node, "t0": {"wall_ns": t0, "monotonic_ns": 0}}))
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Path]:
    """A directory with a running service and a hook that takes it away for a while."""
    (tmp_path / "service.py").write_text(SERVICE)
    (tmp_path / "hook.py").write_text(HOOK)
    (tmp_path / "port").write_text("")
    (tmp_path / "holder").write_text("n1")
    service = subprocess.Popen([sys.executable, str(tmp_path / "service.py"), str(tmp_path)])
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert service.poll() is None
        time.sleep(0.02)
    yield tmp_path
    service.kill()
    service.wait()
    try:
        os.kill(int((tmp_path / "pid").read_text()), 9)
    except ProcessLookupError:
        pass


def drill(project: Path, stage: Path, variables: dict[str, Any], *flags: str) -> subprocess.CompletedProcess[str]:
    """Run the playbook against three names for this machine."""
    (stage / "hosts.ini").write_text(
        textwrap.dedent(f"""
        client
        [pair]
        n1
        n2
        [all:vars]
        ansible_connection=local
        ansible_python_interpreter={sys.executable}
        """)
    )
    hook = f"{sys.executable} {stage}/hook.py {stage}"
    common = {
        "drill_client": "client",
        "drill_nodes": "pair",
        "drill_probes": [
            {
                "name": "page",
                "kind": "http",
                "target": "127.0.0.1",
                "port": int((stage / "port").read_text()),
                "expect_body": "Welcome",
                "interval_ms": 10,
            }
        ],
        # A node that is off would say that it still holds the service, if anybody asked.
        "drill_holder_command": f"test {{{{ node }}}} = $(cat {stage}/holder) || test -e {stage}/off-{{{{ node }}}}",
        "drill_power_off_command": f"{hook} off {{{{ node }}}}",
        "drill_power_on_command": f"{hook} on {{{{ node }}}}",
        "drill_lead_ms": 300,
        "drill_steady_ms": 1500,
        "drill_timeout_seconds": 60,
        "drill_report_dir": str(stage / "report"),
        "drill_log_command": 'date +"%s.%N event=looked reason=\\"asked twice\\" node=$NODE"',
        "drill_log_format": "plain",
    }
    (stage / "vars.json").write_text(json.dumps({**common, **variables}))
    program = Path(sys.executable).with_name("ansible-playbook")
    return subprocess.run(
        [str(program), "-i", str(stage / "hosts.ini"), "playbooks/drill.yml", "-e", f"@{stage}/vars.json", *flags],
        cwd=project,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(project / "collection"),
            "ANSIBLE_LOCAL_TEMP": str(stage / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


SERIES = [
    {"title": "Crash of the holder", "fault": "power_off", "target": "holder", "budgets": {"page": 30_000}},
    {"title": "Return of the node", "fault": "power_on", "target": "last", "budgets": {"page": 2000}},
]


def test_a_series_is_measured_judged_and_kept(project: Path, stage: Path) -> None:
    done = drill(project, stage, {"drill_series": SERIES}, "-e", "drill_confirm=yes")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert "Crash of the holder  page" in done.stdout
    report = json.loads((stage / "report" / "report.json").read_text())
    crash, back = report["runs"]
    assert (crash["fault"]["kind"], crash["fault"]["target"], crash["verdict"]) == ("power_off", "n1", "pass")
    assert (back["fault"]["kind"], back["fault"]["target"]) == ("power_on", "n1")
    (outage,) = crash["probes"][0]["outages"]
    # The service was away half a second at least, from the very moment the hook reported; one kernel, one clock.
    assert outage["at_most_us"] >= 500_000
    assert outage["begin_us"] >= 0
    assert crash["fault"]["uncertainty_us"] == 0
    assert {(event["node"], event["kind"]) for event in crash["events"]} >= {("n1", "power_off")}
    assert sorted(path.name for path in (stage / "report").iterdir()) == [
        "report.html",
        "report.json",
        "report.md",
        "report.txt",
        "report.xml",
        "samples",
    ]
    assert len(list((stage / "report" / "samples").iterdir())) == 2


def test_a_drill_over_its_budget_fails_the_play_and_keeps_the_report(project: Path, stage: Path) -> None:
    series = [{**SERIES[0], "budgets": {"page": 5}}]
    done = drill(project, stage, {"drill_series": series}, "-e", "drill_confirm=yes")
    assert done.returncode == 2
    assert "The drills came out as: fail" in done.stdout + done.stderr
    assert json.loads((stage / "report" / "report.json").read_text())["verdict"] == "fail"


@pytest.mark.parametrize(
    ("variables", "flags", "said"),
    [
        ({}, [], "Say -e drill_confirm=yes"),
        ({"drill_client": "nobody"}, ["-e", "drill_confirm=yes"], "drill_client must name the host"),
        ({"drill_series": [{"fault": "power_off", "target": "n9"}]}, ["-e", "drill_confirm=yes"], "the target one of"),
        (
            {"drill_holder_command": "true"},
            ["-e", "drill_confirm=yes"],
            "2 nodes hold the service (n1, n2), it must be one",
        ),
        (
            {"drill_healthy_command": "test $NODE = n1", "drill_timeout_seconds": 1},
            ["-e", "drill_confirm=yes"],
            "healthy",
        ),
    ],
)
def test_it_refuses_before_it_breaks_anything(
    project: Path, stage: Path, variables: dict[str, Any], flags: list[str], said: str
) -> None:
    before = (stage / "pid").read_text()
    done = drill(project, stage, {"drill_series": SERIES[:1], **variables}, *flags)
    assert done.returncode == 2
    assert said in " ".join((done.stdout + done.stderr).split())
    assert "TASK [Break it" not in done.stdout
    assert (stage / "pid").read_text() == before
    os.kill(int(before), 0)


def test_check_mode_breaks_nothing(project: Path, stage: Path) -> None:
    before = (stage / "pid").read_text()
    done = drill(project, stage, {"drill_series": SERIES[:1]}, "--check")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert (stage / "pid").read_text() == before
    assert not (stage / "report").exists()
