# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Truths about workers, balancers and sessions, asked on the machines and seen from a client."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from steadfast_lab import Lab
    from testinfra.host import Host

WORKERS = ("app1", "app2", "app3")
AJP = (Path(__file__).resolve().parents[3] / "plugins/module_utils/tomcat/ajp.py").read_text(encoding="utf-8")
#: Asks for pages one after the other, each with its cookie, and tells status, new cookie and text of each as JSON.
ASK = """
import json, sys, urllib.error, urllib.request
told = []
for url, cookie in json.loads(sys.argv[1]):
    if cookie == "same":
        cookie = told[-1]["session"]
    request = urllib.request.Request(url, headers={"Cookie": "JSESSIONID=" + cookie})
    try:
        answer = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as error:
        answer = error
    text = answer.read().decode()
    new = (answer.headers.get("Set-Cookie") or "").partition("JSESSIONID=")[2].partition(";")[0]
    told.append({"status": answer.status, "session": new or cookie, "text": text})
print(json.dumps(told))
"""
#: Knocks at all doors at once, and tells as JSON which open. Those that a packet filter keeps are waited for.
KNOCK = """
import concurrent.futures, json, socket, sys
def opens(door):
    try:
        socket.create_connection(door, 2).close()
    except OSError:
        return False
    return True
doors = [tuple(door) for door in json.loads(sys.argv[1])]
with concurrent.futures.ThreadPoolExecutor(len(doors)) as crew:
    print(json.dumps([door for door, is_open in zip(doors, crew.map(opens, doors)) if is_open]))
"""


def address(lab: Lab, name: str, network: str) -> str:
    found: str = lab.state.plan.node(name).cable(network).ipv4
    return found


def ask(client: Host, *steps: tuple[str, str]) -> list[dict[str, Any]]:
    """One user's requests: (URL, cookie). "same" sends the session of before."""
    found: list[dict[str, Any]] = json.loads(client.check_output("python3 -c %s %s", ASK, json.dumps(steps)))
    return found


def opened(host: Host, *doors: tuple[str, int]) -> list[tuple[str, int]]:
    """Those of these addresses and ports that a machine can connect to."""
    return [(at, port) for at, port in json.loads(host.check_output("python3 -c %s %s", KNOCK, json.dumps(doors)))]


def hop(hosts: dict[str, Host], path: str, *workers: str) -> list[dict[str, Any]]:
    """One user's requests to these workers, one after the other, with the session of before.

    They go past the balancers, which would send him to his own worker. He keeps his cookie as after a failure: with
    another route in it, Tomcat would take it for a session that it never had.
    """
    answers: list[dict[str, Any]] = []
    for number, worker in enumerate(workers, 1):
        session = answers[-1]["session"] if answers else ""
        answers += ask(hosts[worker], (f"http://127.0.0.1:8080{path}?n={number}", session))
    return answers


def served_by(answer: dict[str, Any]) -> str:
    found = re.search(r"served by (\S+)/main", answer["text"])
    assert found, answer
    return found.group(1)


def ajp(host: Host, target: str, words: str) -> Any:
    """Run an expression of the AJP client on a machine."""
    return host.run("timeout 20 python3 -c %s", f"{AJP}\nprint({words.format(target=target)})")


@pytest.mark.groups("tomcat")
def test_instances_run_and_will_at_boot(node: Host) -> None:
    service = node.service("steadfast-tomcat@main")
    assert service.is_running, node.check_output("journalctl --unit steadfast-tomcat@main --lines 50 --no-pager")
    assert service.is_enabled


@pytest.mark.groups("tomcat")
def test_the_distributions_own_instance_does_not(node: Host) -> None:
    for name in ("tomcat10", "tomcat11"):
        assert node.run("systemctl is-active %s", name).stdout.strip() == "inactive"


@pytest.mark.groups("tomcat")
def test_it_listens_where_it_is_meant_to_and_nowhere_else(node: Host, lab: Lab) -> None:
    name = node.check_output("hostname")
    pid = node.check_output("systemctl show --property=MainPID --value steadfast-tomcat@main.service")
    rows = [row.split() for row in node.check_output("ss --tcp --listening --numeric --processes").splitlines()]
    found = {row[3].replace("[::ffff:", "").replace("]", "") for row in rows if f"pid={pid}," in row[-1]}
    here = address(lab, name, "cluster")
    assert found == {"127.0.0.1:8080", f"{here}:8009", f"{here}:4000"}


def test_ajp_is_refused_without_the_secret_and_with_a_wrong_one(hosts: dict[str, Host], lab: Lab) -> None:
    for name in WORKERS:
        target = address(lab, name, "cluster")
        assert ajp(hosts["lb1"], target, "cping('{target}', 8009)").rc == 0
        for secret in (None, "wrong"):
            found = ajp(hosts["lb1"], target, f"status_of('{{target}}', 8009, '/demo/test.jsp', {secret!r})")
            assert found.stdout.strip() == "403", (name, secret, found.stderr)


def test_ajp_and_sessions_are_closed_for_others(client: Host, hosts: dict[str, Host], lab: Lab) -> None:
    targets = [address(lab, name, "cluster") for name in WORKERS]
    for target in targets:
        assert client.run("ping -c 1 -W 2 %s", target).rc == 0
    assert opened(client, *((target, port) for target in targets for port in (8009, 4000, 8080))) == []
    connectors = [(target, 8009) for target in targets]
    assert opened(hosts["lb2"], *connectors, *((target, 4000) for target in targets)) == connectors


def test_the_secret_is_made_once_and_kept(hosts: dict[str, Host]) -> None:
    secrets = {hosts[name].check_output("cat /etc/steadfast-tomcat/ajp-secret") for name in WORKERS}
    assert len(secrets) == 1
    (secret,) = secrets
    assert len(secret) == 48
    for name in WORKERS:
        assert hosts[name].file("/etc/steadfast-tomcat/ajp-secret").mode == 0o600
        assert hosts[name].file("/var/lib/steadfast-tomcat/instances/main/conf/server.xml").mode == 0o640
        assert secret not in hosts[name].check_output("ps -eo args")
    for name in ("lb1", "lb2"):
        assert hosts[name].file("/etc/apache2/steadfast/workers.properties").mode == 0o600
        assert secret not in hosts[name].check_output("ps -eo args")


def test_an_instance_can_not_change_its_configuration(hosts: dict[str, Host]) -> None:
    at = "/var/lib/steadfast-tomcat/instances/main/conf/server.xml"
    assert hosts["app1"].run("runuser -u tomcat -- test -r %s", at).rc == 0
    assert hosts["app1"].run("runuser -u tomcat -- test -w %s", at).rc != 0


@pytest.mark.groups("tomcat")
def test_the_sandbox_is_tight(node: Host) -> None:
    answer = node.run("systemd-analyze security steadfast-tomcat@main.service --no-pager")
    exposure = re.search(r"Overall exposure level.*: ([0-9.]+)", answer.stdout)
    assert exposure, answer.stdout + answer.stderr
    assert float(exposure.group(1)) < 3.5


def test_the_status_worker_answers_its_own_balancer_only(client: Host, hosts: dict[str, Host], lab: Lab) -> None:
    fetch = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=3).status)"
    for name in ("lb1", "lb2"):
        assert hosts[name].check_output("python3 -c %s http://127.0.0.1:8019/jk-status", fetch) == "200"
        assert client.run("python3 -c %s %s", fetch, f"http://{address(lab, name, 'service')}:8019/jk-status").rc != 0
        assert client.run("python3 -c %s %s", fetch, f"http://{address(lab, name, 'service')}/jk-status").rc != 0


@pytest.mark.parametrize("balancer", ["lb1", "lb2"])
def test_a_session_stays_with_its_worker(client: Host, lab: Lab, balancer: str) -> None:
    url = f"http://{address(lab, balancer, 'service')}/demo/count?n="
    for worker in WORKERS:
        answers = ask(client, (f"{url}1", f"begin.{worker}"), (f"{url}2", "same"), (f"{url}3", "same"))
        assert [answer["status"] for answer in answers] == [200, 200, 200]
        assert [served_by(answer) for answer in answers] == [worker] * 3
        assert len({answer["session"] for answer in answers}) == 1


def test_a_session_survives_a_hop_and_is_named_after_its_new_worker(
    client: Host, hosts: dict[str, Host], lab: Lab
) -> None:
    answers = hop(hosts, "/demo/count", "app1", "app2", "app3", "app1")
    assert [served_by(answer) for answer in answers] == ["app1", "app2", "app3", "app1"]
    assert len({answer["session"].split(".")[0] for answer in answers}) == 1
    assert [answer["session"].split(".")[1] for answer in answers] == ["app1", "app2", "app3", "app1"]
    assert [re.findall(r"numbers (\d+)", answer["text"]) for answer in answers] == [["1"], ["2"], ["3"], ["4"]]
    url = f"http://{address(lab, 'lb1', 'service')}/demo/count?n=5"
    (last,) = ask(client, (url, answers[-1]["session"]))
    assert served_by(last) == "app1"
    assert "numbers 5\n" in last["text"]


def test_a_session_goes_from_balancer_to_balancer(client: Host, lab: Lab) -> None:
    one, two = (f"http://{address(lab, name, 'service')}/demo/count?n=" for name in ("lb1", "lb2"))
    answers = ask(client, (f"{one}1", "begin.app2"), (f"{two}2", "same"), (f"{one}3", "same"))
    assert [served_by(answer) for answer in answers] == ["app2"] * 3
    assert "numbers 3\n" in answers[-1]["text"]


def test_without_distributable_a_hop_begins_another_session(hosts: dict[str, Host]) -> None:
    answers = hop(hosts, "/local/count", "app1", "app1", "app2")
    assert [served_by(answer) for answer in answers] == ["app1", "app1", "app2"]
    assert len({answer["session"].split(".")[0] for answer in answers}) == 2
    assert [re.findall(r"numbers (\d+)", answer["text"]) for answer in answers] == [["1"], ["2"], ["1"]]


def test_errors_tell_strangers_nothing(client: Host, lab: Lab) -> None:
    (answer,) = ask(client, (f"http://{address(lab, 'lb1', 'service')}/demo/nowhere", ""))
    assert answer["status"] == 404
    assert "Tomcat" not in answer["text"]
