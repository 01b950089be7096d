# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the machine does to the daemon: full disks, lost addresses and devices, ping nodes, scripts that misbehave."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from netns import CLIENT_ADDRESS, MODULE_UTILS, VIP, Cluster, Node, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = """#!/bin/sh
echo "$1 $(date +%s%N)" >> {log}
case "$1" in
status) test -e {run} && echo running || echo stopped ;;
start) {start} touch {run} ;;
stop) {stop} rm -f {run} ;;
esac
"""


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "small"
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(path)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no tmpfs can be mounted here")
    yield path
    subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(b"x" * 512)
        except OSError:
            return


def test_a_full_disk_costs_one_message_and_nothing_else(cluster: Cluster, full_disk: Path) -> None:
    fill(full_disk / "fill")
    cluster.configure(extra=f"logfile {full_disk}/ha-log\ndebug 1")
    cluster.start()
    wait_for(lambda: cluster.n1.events("log-write-failed"), "complained", logs=cluster.logs)
    with cluster.probe() as probe:
        time.sleep(0.5)
    assert len(cluster.n1.events("log-write-failed")) == 1
    assert "No space left on device" in cluster.n1.events("log-write-failed")[0]
    assert cluster.holders() == ["n1"]
    assert probe.lost() == []
    (full_disk / "fill").unlink()
    cluster.n1.hbctl("standby")
    wait_for(lambda: cluster.n1.events("log-write-works"), "recovered", logs=cluster.logs)


def test_an_address_removed_by_hand_comes_back(cluster: Cluster) -> None:
    cluster.configure()
    cluster.start()
    line = next(line for line in cluster.n1.ip("-o", "-4", "address", "show").splitlines() if VIP in line)
    assert "eth0:0" in line  # as ifconfig users expect
    assert "brd 10.77.0.255" in line
    cluster.n1.ip("address", "del", f"{VIP}/24", "dev", "eth0")
    wait_for(lambda: cluster.holders() == ["n1"], "restored", logs=cluster.logs)
    wait_for(lambda: cluster.n1.events("group-address-lost"), "said", logs=cluster.logs)  # logs are written apart


def test_losing_a_second_heartbeat_link_moves_nothing_and_it_is_used_again_when_it_is_back(cluster: Cluster) -> None:
    cluster.switch.ip("link", "add", "br1", "type", "bridge")
    cluster.switch.ip("link", "set", "br1", "up")
    for number, node in ((1, cluster.n1), (2, cluster.n2)):
        cluster.switch.ip("link", "add", f"q{number}", "type", "veth", "peer", "name", "eth1", "netns", node.name)
        cluster.switch.ip("link", "set", f"q{number}", "master", "br1", "up")
        node.ip("link", "set", "eth1", "up")
        node.ip("address", "add", f"10.78.0.{number}/24", "dev", "eth1")
    media = "ucast eth0 10.77.0.1\nucast eth0 10.77.0.2\nucast eth1 10.78.0.1\nucast eth1 10.78.0.2"
    cluster.configure(media=media)
    cluster.start()

    def link(node: Node, name: str) -> str:
        peers = node.status().get("peers") or [{"links": []}]
        return next((item["state"] for item in peers[0]["links"] if item["name"] == name), "none")

    wait_for(lambda: link(cluster.n1, "eth1") == "up", "eth1 up", logs=cluster.logs)
    with cluster.probe() as probe:
        cluster.switch.ip("link", "del", "q1")  # the device vanishes on the holder, too
        wait_for(lambda: link(cluster.n2, "eth1") == "dead", "eth1 dead", logs=cluster.logs)
        assert cluster.holders() == ["n1"]
        cluster.switch.ip("link", "add", "q1", "type", "veth", "peer", "name", "eth1", "netns", cluster.n1.name)
        cluster.switch.ip("link", "set", "q1", "master", "br1", "up")
        cluster.n1.ip("link", "set", "eth1", "up")
        cluster.n1.ip("address", "add", "10.78.0.1/24", "dev", "eth1")
        wait_for(lambda: link(cluster.n2, "eth1") == "up", "eth1 up again", logs=cluster.logs)
        wait_for(lambda: link(cluster.n1, "eth1") == "up", "eth1 up again", logs=cluster.logs)
    assert probe.lost() == [], cluster.logs()
    assert cluster.n1.active()


def test_a_ping_node_lost_on_the_holder_moves_the_vip(cluster: Cluster) -> None:
    cluster.configure(extra=f"ping {CLIENT_ADDRESS}\ndeadping 500ms\nrespawn root /usr/lib/heartbeat/ipfail")
    cluster.start()
    wait_for(lambda: cluster.n2.status()["pings"][0]["state"] == "ping", "ping node answers", logs=cluster.logs)
    cluster.n1.nft(
        f"chain o {{ type filter hook output priority 0; ip daddr {CLIENT_ADDRESS} icmp type echo-request drop; }}"
    )
    wait_for(lambda: cluster.holders() == ["n2"], "moved", logs=cluster.logs)
    assert cluster.n1.active()


def test_a_ping_node_lost_on_both_moves_nothing(cluster: Cluster) -> None:
    cluster.configure(extra=f"ping {CLIENT_ADDRESS}\ndeadping 500ms\nrespawn root /usr/lib/heartbeat/ipfail")
    cluster.start()
    wait_for(lambda: cluster.n1.status()["pings"][0]["state"] == "ping", "ping node answers")
    cluster.client.ip("link", "set", "eth0", "down")
    for node in cluster.nodes:
        wait_for(lambda node=node: node.status()["pings"][0]["state"] == "dead", "ping node dead", logs=cluster.logs)
    time.sleep(0.5)
    assert cluster.holders() == ["n1"]


def service(node: Node, name: str, start: str = "", stop: str = "") -> None:
    script = node.config / "resource.d" / name
    log, run = node.config / f"{name}.calls", node.config / f"{name}.runs"
    script.write_text(SCRIPT.format(log=log, run=run, start=start, stop=stop))
    script.chmod(0o755)


def calls(node: Node, name: str) -> list[str]:
    path = node.config / f"{name}.calls"
    return [line.split()[0] for line in path.read_text().splitlines()] if path.exists() else []


def runs(node: Node, name: str) -> bool:
    return (node.config / f"{name}.runs").exists()


def test_services_start_left_to_right_and_stop_right_to_left(cluster: Cluster) -> None:
    cluster.configure(f"n1 IPaddr::{VIP}/24/eth0 web db\n")
    for node in cluster.nodes:
        service(node, "web")
        service(node, "db")
    cluster.start()
    wait_for(lambda: runs(cluster.n1, "db"), "db runs", logs=cluster.logs)
    assert runs(cluster.n1, "web")
    assert calls(cluster.n1, "web") == ["status", "start"]
    assert not runs(cluster.n2, "web")
    cluster.n1.hbctl("standby")
    wait_for(lambda: runs(cluster.n2, "db"), "db runs on n2", logs=cluster.logs)
    assert not runs(cluster.n1, "web")
    assert not runs(cluster.n1, "db")
    stopped = {
        name: (cluster.n1.config / f"{name}.calls").read_text().split("stop ")[1].split()[0] for name in ("web", "db")
    }
    assert int(stopped["db"]) < int(stopped["web"])
    wait_for(lambda: cluster.holders() == ["n2"], "n2 holds")


def test_what_runs_already_is_not_started_again(cluster: Cluster) -> None:
    cluster.configure(f"n1 IPaddr::{VIP}/24/eth0 web\n")
    for node in cluster.nodes:
        service(node, "web")
    (cluster.n1.config / "web.runs").touch()
    cluster.start()
    wait_for(lambda: cluster.n1.events("service-runs"), "seen", logs=cluster.logs)
    assert "start" not in calls(cluster.n1, "web")


def test_a_service_that_does_not_start_is_given_up_and_the_peer_takes(cluster: Cluster) -> None:
    cluster.configure(f"n1 IPaddr::{VIP}/24/eth0 web\n")
    service(cluster.n1, "web", start="exit 1;")
    service(cluster.n2, "web")
    for node in cluster.nodes:
        node.start()
    wait_for(lambda: runs(cluster.n2, "web"), "n2 runs it", logs=cluster.logs)
    assert cluster.holders() == ["n2"]
    assert cluster.n1.events("group-start-failed")


def test_a_hanging_script_does_not_hold_up_the_heartbeat(cluster: Cluster) -> None:
    cluster.configure(f"n1 IPaddr::{VIP}/24/eth0 web\n")
    for node in cluster.nodes:
        service(node, "web", start="sleep 300;")
    cluster.start()
    time.sleep(1.2)
    assert cluster.n2.sees("n1", "active")
    assert cluster.n1.status()["groups"][0]["state"] == "taking"
    assert cluster.holders() == ["n1"]


def test_a_stop_during_a_start_waits_for_it_and_hands_over(cluster: Cluster) -> None:
    cluster.configure(f"n1 IPaddr::{VIP}/24/eth0 web\n")
    service(cluster.n1, "web", start="sleep 1;")
    service(cluster.n2, "web")
    cluster.start()
    wait_for(lambda: calls(cluster.n1, "web")[-1:] == ["start"], "n1 starts it", logs=cluster.logs)
    assert cluster.n1.stop() == 0, cluster.logs()
    wait_for(lambda: runs(cluster.n2, "web"), "n2 runs it", logs=cluster.logs)
    assert not runs(cluster.n1, "web")
    assert cluster.holders() == ["n2"]


def test_a_move_whose_target_dies_meanwhile_is_taken_back(cluster: Cluster) -> None:
    cluster.configure(f"n1 IPaddr::{VIP}/24/eth0 web\n")
    service(cluster.n1, "web", stop="sleep 2;")
    service(cluster.n2, "web")
    cluster.start()
    wait_for(lambda: runs(cluster.n1, "web"), "n1 runs it", logs=cluster.logs)
    with subprocess.Popen(
        cluster.n1.command("standby", "--runtime-dir", str(cluster.n1.runtime)),
        env={**os.environ, "PYTHONPATH": str(MODULE_UTILS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as standby:
        wait_for(lambda: calls(cluster.n1, "web")[-1:] == ["stop"], "n1 stops it", logs=cluster.logs)
        cluster.n2.kill()
        standby.wait(20)
    wait_for(lambda: runs(cluster.n1, "web"), "n1 runs it again", logs=cluster.logs)
    assert cluster.n1.status()["groups"][0]["state"] == "held"
    assert cluster.n1.process is not None
    assert cluster.n1.process.poll() is None
    assert cluster.holders() == ["n1"]


def test_a_killed_worker_process_is_replaced(cluster: Cluster) -> None:
    cluster.configure(f"n1 IPaddr::{VIP}/24/eth0 web\n")
    for node in cluster.nodes:
        service(node, "web")
    cluster.start()
    wait_for(lambda: runs(cluster.n1, "web"), "web runs")
    children = subprocess.run(["pgrep", "-P", str(cluster.n1.process.pid)], capture_output=True, text=True, check=True)
    subprocess.run(["kill", "-9", *children.stdout.split()], check=True)
    wait_for(lambda: cluster.n1.status()["counters"]["worker_restarts"] == 1, "replaced", logs=cluster.logs)
    wait_for(lambda: cluster.n1.events("worker-died"), "said", logs=cluster.logs)
    cluster.n1.hbctl("standby")
    wait_for(lambda: runs(cluster.n2, "web"), "scripts run again", logs=cluster.logs)
    assert not runs(cluster.n1, "web")


def test_a_respawn_client_is_restarted_and_ends_with_the_daemon(cluster: Cluster) -> None:
    pid = cluster.directory / "client.pid"
    client = cluster.directory / "client"
    client.write_text(f"#!/bin/sh\necho $$ >> {pid}\nexec sleep 600\n")
    client.chmod(0o755)
    cluster.configure(extra=f"respawn root {client}")
    cluster.start()
    wait_for(lambda: pid.exists() and len(pid.read_text().split()) >= 2, "one client on each node")
    first = pid.read_text().split()[0]
    subprocess.run(["kill", first], check=True)
    wait_for(lambda: len(pid.read_text().split()) >= 3, "started again", logs=cluster.logs)
    for node in cluster.nodes:
        assert node.stop() == 0
    assert not [number for number in pid.read_text().split() if Path(f"/proc/{number}").exists()]
