# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tutorial's Apache and two Tomcats on one machine: its ports, its settings, and its own proof."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from steadfast_runs import Runs, differences

if TYPE_CHECKING:
    from pathlib import Path

    from testinfra.host import Host

INSTANCES = ("tomcat1", "tomcat2")
#: Task -> why a first run in check mode cannot foretell it.
EXCEPTIONS: dict[str, str] = {}
#: One user who reloads a page six times: prints the sessions, with their routes.
RELOAD = """
import http.cookiejar, sys, urllib.request
jar = http.cookiejar.CookieJar()
user = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
for _ in range(6):
    user.open(sys.argv[1], timeout=30).read()
    print(next(cookie.value for cookie in jar if cookie.name == "JSESSIONID"))
"""


def sessions(node: Host, path: str) -> list[tuple[str, str]]:
    """(session, route) of a user who reloads a page through Apache."""
    rows = node.check_output("python3 -c %s %s", RELOAD, f"http://127.0.0.1{path}").splitlines()
    return [(row.split(".")[0], row.split(".")[1]) for row in rows]


@pytest.mark.parametrize("name", INSTANCES)
def test_both_tomcats_run(node: Host, name: str) -> None:
    assert node.service(f"steadfast-tomcat@{name}").is_running
    assert node.service(f"steadfast-tomcat@{name}").is_enabled


@pytest.mark.parametrize(
    ("name", "ports"), [("tomcat1", {8005, 8009, 8080, 4000}), ("tomcat2", {8105, 8109, 8180, 4100})]
)
def test_their_ports_are_those_of_the_tutorial_and_on_loopback_only(node: Host, name: str, ports: set[int]) -> None:
    pid = node.check_output("systemctl show --property=MainPID --value %s", f"steadfast-tomcat@{name}.service")
    rows = [row.split() for row in node.check_output("ss --tcp --listening --numeric --processes").splitlines()]
    found = [row[3] for row in rows if f"pid={pid}," in row[-1]]
    assert {int(place.rsplit(":", 1)[1]) for place in found} == ports
    assert all("127.0.0.1" in place for place in found)


def test_the_tutorials_settings_mean_what_they_mean_today(node: Host) -> None:
    workers = node.check_output("cat /etc/apache2/steadfast/workers.properties").splitlines()
    for line in (
        "worker.worker1.port=8009",
        "worker.worker2.port=8109",
        "worker.worker1.lbfactor=100",
        "worker.loadbalancer.type=lb",
        "worker.loadbalancer.balance_workers=worker1,worker2",
        "worker.loadbalancer.sticky_session=false",
        "worker.loadbalancer.sticky_session_force=false",
    ):
        assert line in workers
    site = node.check_output("cat /etc/apache2/sites-enabled/steadfast-default.conf")
    assert "JkMount /*.jsp loadbalancer" in site
    assert "JkMount /helloapp/* loadbalancer" in site
    assert "JkLogLevel debug" in node.check_output("cat /etc/apache2/mods-enabled/jk.conf")
    server = node.check_output("cat /var/lib/steadfast-tomcat/instances/tomcat1/conf/server.xml")
    assert 'jvmRoute="worker1"' in server
    assert "McastService" in server
    assert "MessageDispatch15Interceptor" not in server


def test_with_a_cluster_the_session_stays_from_hop_to_hop(node: Host) -> None:
    found = sessions(node, "/demo/test.jsp")
    assert {route for _session, route in found} == {"worker1", "worker2"}
    assert len({session for session, _route in found}) == 1


def test_without_distributable_it_changes_from_hop_to_hop(node: Host) -> None:
    found = sessions(node, "/local/test.jsp")
    assert {route for _session, route in found} == {"worker1", "worker2"}
    assert len({session for session, _route in found}) > 1


def test_each_call_is_a_line_on_one_console(node: Host) -> None:
    def lines() -> int:
        node.check_output("journalctl --sync")
        text = node.check_output("journalctl --unit 'steadfast-tomcat@*' --output cat --no-pager")
        return len(re.findall(r"^call test\.jsp$", text, re.MULTILINE))

    before = lines()
    assert len(sessions(node, "/demo/test.jsp")) == 6
    assert lines() - before == 6


def test_jsp_pages_and_the_hello_application_are_mounted(node: Host) -> None:
    assert sessions(node, "/helloapp/index.jsp")
    assert sessions(node, "/local/test.jsp")
    # what is not mounted is Apache's own, which has nothing of the kind; a Tomcat would serve it
    fetch = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode())"
    assert "HTTP Error 404" in node.run("python3 -c %s http://127.0.0.1/local/count", fetch).stderr
    assert "served by" in node.check_output("python3 -c %s http://127.0.0.1:8080/local/count", fetch)


def test_check_mode_on_a_bare_machine_foretells_the_first_run(runs: Runs) -> None:
    done = runs.first("converge")
    assert any(play.changed for play in done)
    assert differences(runs.first("converge-check"), done, EXCEPTIONS) == []


def test_a_run_after_failures_changes_nothing(runs: Runs) -> None:
    try:
        plays = runs.side_effects()
    except LookupError:
        pytest.skip("nothing has been broken yet")
    again = [play for play in plays if play.name in ("Tomcat workers", "Apache with mod_jk")]
    assert [play.changed for play in again[:2]] == [(), ()]


def test_a_second_run_from_an_archive_or_a_source_changes_nothing(runs: Runs, is_full: bool) -> None:
    if not is_full:
        pytest.skip("archive and source belong to the full list")
    try:
        plays = runs.first("full")
    except LookupError:
        pytest.skip("the full list was not gone through yet")
    workers = [play for play in plays if play.name == "Tomcat workers"]
    balancers = [play for play in plays if play.name == "Apache with mod_jk"]
    # Tomcat 9 twice, back; what the tutorial does not have twice, the same without others' status page, back
    assert [bool(play.changed) for play in workers] == [True, False, True, True, False, False, True]
    assert [bool(play.changed) for play in balancers][3:] == [True, False, True, True]
    (built,) = [play for play in plays if play.name == "Have mod_jk built in place of the package's"]
    (again,) = [play for play in plays if play.name == "Run the role again"]
    assert built.changed
    assert again.changed == ()


def test_nothing_confirmed_was_lost(proof: Path) -> None:
    if not (proof / "report.json").exists():
        pytest.skip("nothing has been broken yet")
    drills: list[dict[str, Any]] = json.loads((proof / "report.json").read_text())["runs"]
    assert {drill["fault"]["kind"] for drill in drills} == {"process_kill", "service_stop"}
    for drill in drills:
        (user,) = drill["probes"]
        found = user["measures"]
        assert (found["lost_writes"], found["lost_sessions"], found["wrong"]) == (0, 0, 0), drill["title"]
        # requests went in turn, so both had him
        assert found["moves"] > 1, drill["title"]
