# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults do what they say, end when they are ended, and end by themselves when nobody is left to do it."""

from __future__ import annotations

import json
import time
from typing import Callable

import pytest
from steadfast_lab import Lab, LabError
from steadfast_lab.inventory import POWER_PORT
from steadfast_lab.nodes import PACKAGE_PORT

pytestmark = pytest.mark.needs_root

HTTP = """
import json, sys, urllib.error, urllib.request
method, url, token = sys.argv[1:4]
request = urllib.request.Request(url, method=method, headers={"Authorization": "Bearer " + token})
try:
    with urllib.request.urlopen(request, timeout=30) as answer:
        print(json.dumps([answer.status, json.load(answer)]))
except urllib.error.HTTPError as error:
    print(json.dumps([error.code, json.load(error)]))
"""


def reaches(lab: Lab, source: str, address: str) -> bool:
    # Without what the neighbour table remembers of an earlier fault: an unanswered address is asked for once a second.
    return lab.execute(source, "sh", "-c", f"ip neigh flush all; ping -c1 -W1 {address}")[0] == 0


def address(lab: Lab, node: str, network: str) -> str:
    return lab.state.plan.node(node).cable(network).ipv4


def eventually(condition: Callable[[], bool]) -> bool:
    """Wait for what must come; the bound only ends a test that has failed already."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def test_unplugged_cable_has_no_carrier_and_the_other_stays(lab: Lab) -> None:
    lab.unplug("node1", "cluster")
    assert lab.execute("node1", "cat", "/sys/class/net/eth1/carrier") == (0, "0")
    assert not reaches(lab, "node2", address(lab, "node1", "cluster"))
    assert reaches(lab, "node2", address(lab, "node1", "service"))
    # A cable that is out stays out over a reboot.
    lab.power_off("node1")
    lab.power_on("node1")
    assert lab.execute("node1", "cat", "/sys/class/net/eth1/carrier") == (0, "0")
    lab.replug("node1", "cluster")
    assert reaches(lab, "node2", address(lab, "node1", "cluster"))


def test_partition_cuts_named_peers_only(lab: Lab) -> None:
    lab.partition(["node1"], ["node2"])
    assert not reaches(lab, "node1", address(lab, "node2", "service"))
    assert not reaches(lab, "node1", address(lab, "node2", "cluster"))
    assert reaches(lab, "client", address(lab, "node1", "service"))
    assert reaches(lab, "client", address(lab, "node2", "service"))
    lab.heal()
    assert reaches(lab, "node1", address(lab, "node2", "cluster"))


def test_one_way_cut_lets_the_other_direction_through(lab: Lab) -> None:
    lab.partition(["node1"], ["node2"], networks=["cluster"], one_way=True)
    listen = "import socket; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 7001)); s.settimeout(3)\n"
    listen += "s.recv(9); open('/run/heard', 'w').close()"
    send = "import socket,time; s=socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
    send += "for _ in range(20): s.sendto(b'x', ('{}', 7001)); time.sleep(0.05)"

    def heard(source: str, target: str) -> bool:
        # The neighbour entry needs both directions, so it is given.
        peer = lab.state.plan.node(target).cable("cluster")
        lab.execute(source, "ip", "neigh", "replace", peer.ipv4, "lladdr", peer.mac, "dev", "eth1")
        unit = f"ear-{source}"
        lab.execute(target, "systemd-run", f"--unit={unit}", "--collect", "python3", "-c", listen)
        lab.execute(source, "python3", "-c", send.format(peer.ipv4))
        assert eventually(
            lambda: lab.execute(target, "systemctl", "is-active", unit)[1] not in ("active", "activating")
        )
        return lab.execute(target, "test", "-e", "/run/heard")[0] == 0

    assert heard("node2", "node1")
    assert not heard("node1", "node2")


def test_cut_from_the_router_leaves_the_peers_alone(lab: Lab) -> None:
    router = lab.state.plan.network("service").router
    lab.partition(["node1"], ["router"], networks=["service"])
    assert not reaches(lab, "node1", router)
    assert reaches(lab, "node2", router)
    assert reaches(lab, "node1", address(lab, "node2", "service"))


def test_total_loss_is_silence_and_zero_ends_it(lab: Lab) -> None:
    lab.loss("node1", "service", 100)
    assert not reaches(lab, "client", address(lab, "node1", "service"))
    lab.loss("node1", "service", 0)
    assert reaches(lab, "client", address(lab, "node1", "service"))


def test_partial_loss_loses_some(lab: Lab) -> None:
    lab.loss("node1", "service", 30)
    text = lab.execute("client", "ping", "-i0.005", "-c200", "-W1", address(lab, "node1", "service"))[1]
    received = int(text.split(" received")[0].split()[-1])
    # Each way 30 %: 49 % come back. Five standard deviations to either side are 62 and 134.
    assert 62 <= received <= 134


def test_paused_machine_is_silent_and_goes_on(lab: Lab) -> None:
    lab.pause("node1")
    assert not reaches(lab, "client", address(lab, "node1", "service"))
    lab.resume("node1")
    assert reaches(lab, "client", address(lab, "node1", "service"))
    lab.pause("node1", kernel_alive=True)
    assert reaches(lab, "client", address(lab, "node1", "service"))


def test_faults_end_by_themselves(lab: Lab) -> None:
    lab.power_off("node2", heal_after=0.5)
    lab.pause("node1", heal_after=0.5)
    lab.partition(["client"], ["node1"], heal_after=0.5)
    assert eventually(lambda: reaches(lab, "client", address(lab, "node1", "service")))
    assert eventually(lambda: reaches(lab, "client", address(lab, "node2", "service")))
    assert eventually(lambda: not Lab.open("itest").state.deadlines)


def test_reboot_from_inside_comes_back_and_poweroff_does_not(lab: Lab) -> None:
    boots = lab.state.nodes["node1"].boots
    lab.execute("node1", "systemctl", "reboot")
    assert eventually(lambda: Lab.open("itest").state.nodes["node1"].boots == boots + 1)
    lab.execute("node2", "systemctl", "poweroff")
    assert eventually(lambda: Lab.open("itest").state.nodes["node2"].power == "off")


def test_power_service_needs_the_token_and_answers_when_it_is_done(lab: Lab) -> None:
    base = f"http://{lab.state.plan.network('cluster').router}:{POWER_PORT}/v1/power"

    def ask(method: str, path: str, token: str) -> list[object]:
        command = ["python3", "-c", HTTP, method, f"{base}/{path}", token]
        code, text = lab.execute("node2", *command)
        assert code == 0, text
        answer = json.loads(text)
        assert isinstance(answer, list)
        return answer

    assert ask("POST", "node1/off", "guess")[0] == 401
    assert lab.power_state("node1") == "on"
    token = lab.state.power_token
    assert ask("POST", "node1/off", token)[0] == 200
    assert Lab.open("itest").power_state("node1") == "off"
    assert ask("GET", "node1", token) == [200, {"node": "node1", "power": "off"}]
    assert ask("POST", "nobody/off", token)[0] == 409
    assert ask("POST", "node1/on", token)[0] == 200
    assert Lab.open("itest").power_state("node1") == "on"


def test_there_is_no_way_out_but_the_archive(lab: Lab) -> None:
    assert lab.execute("node1", "ip", "route", "show", "default") == (0, "")
    proxy = f"http://{lab.state.plan.network('service').router}:{PACKAGE_PORT}"
    fetch = "import sys,urllib.request as u\n"
    fetch += "u.build_opener(u.ProxyHandler({'http': sys.argv[1]})).open(sys.argv[2], timeout=20).read(1)"
    code, _ = lab.execute("node1", "python3", "-c", fetch, proxy, "http://localhost/debian/dists/stable/Release")
    assert code != 0
    code, _ = lab.execute("node1", "apt-get", "-o", "Acquire::Retries=0", "update", timeout=120)
    assert code == 0


def test_a_wrong_name_is_told(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"no node 'node9'.*node1, node2, client"):
        lab.power_off("node9")
    with pytest.raises(LabError, match="client has no cable to 'cluster'"):
        lab.unplug("client", "cluster")
