# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds the VIP through start, stop, crash and return, and what a client notices of it."""

from __future__ import annotations

import time

import pytest
from netns import VIP, VIP6, Cluster, wait_for


def test_cold_start_gives_exactly_one_holder(cluster: Cluster) -> None:
    cluster.configure()
    for node in cluster.nodes:
        node.start()
    seen = set()
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline and not (cluster.n1.active() and cluster.n2.active() and cluster.holders()):
        seen.add(tuple(cluster.holders()))
    (holder,) = cluster.holders()
    assert len(seen - {()}) <= 1, cluster.logs()
    assert cluster.n1.status()["groups"][0]["holder"] == holder
    with cluster.probe() as probe:
        time.sleep(0.3)
    assert probe.answered
    assert cluster.neighbour() == cluster.mac(cluster.node(holder))


@pytest.mark.parametrize("failback", ["on", "off"])
def test_clean_stop_loses_no_probe(cluster: Cluster, failback: str) -> None:
    cluster.configure(failback=failback)
    cluster.start()
    with cluster.probe() as probe:
        time.sleep(0.3)
        assert cluster.n1.stop() == 0
        wait_for(lambda: cluster.holders() == ["n2"], "n2 alone holds", logs=cluster.logs)
        time.sleep(0.3)
    assert probe.lost() == [], cluster.logs()
    assert cluster.neighbour() == cluster.mac(cluster.n2)
    assert "Traceback" not in cluster.logs()


def test_a_second_sigterm_does_no_harm(cluster: Cluster) -> None:
    cluster.configure()
    cluster.start()
    cluster.n1.signal(15)
    cluster.n1.signal(15)
    assert cluster.n1.wait() == 0
    assert cluster.holders() == ["n2"]


def test_a_lone_node_stops_at_once_and_leaves_nothing(cluster: Cluster) -> None:
    cluster.configure(initdead="1")
    cluster.n1.start()
    wait_for(lambda: cluster.holders() == ["n1"], "n1 holds", logs=cluster.logs)
    assert cluster.n1.stop() == 0
    assert cluster.holders() == []
    assert not (cluster.n1.runtime / "control.sock").exists()


def test_a_crashed_daemon_is_replaced_by_the_peer_and_its_leftover_is_removed_on_return(cluster: Cluster) -> None:
    cluster.configure(deadtime="500ms")
    cluster.start()
    killed = time.monotonic()
    cluster.n1.kill()
    wait_for(lambda: cluster.n2.has(VIP), "n2 takes", logs=cluster.logs)
    assert time.monotonic() - killed < 3 * 0.5
    assert cluster.holders() == ["n1", "n2"]  # nobody is left on n1 to remove it
    cluster.n1.start()
    wait_for(lambda: cluster.holders() == ["n2"], "n1 removes its leftover", seconds=5, logs=cluster.logs)
    wait_for(cluster.n1.active, "n1 active")
    assert cluster.holders() == ["n2"]


@pytest.mark.parametrize("broken", ["no such directive\n", "ucast eth0 nobody.invalid\n"])
def test_a_crashed_daemon_that_cannot_start_again_leaves_no_second_holder(cluster: Cluster, broken: str) -> None:
    cluster.configure()
    cluster.start()
    cluster.n1.kill()
    assert cluster.n1.has(VIP)
    with (cluster.n1.config / "ha.cf").open("a") as ha_cf:
        ha_cf.write(broken)
    cluster.n1.start()
    assert cluster.n1.wait(60) in (1, 6)
    assert not cluster.n1.has(VIP), cluster.logs()
    assert f"removed {VIP}/24, left here by a crash" in cluster.n1.log()
    wait_for(lambda: cluster.holders() == ["n2"], "the peer takes over", logs=cluster.logs)


def test_a_second_daemon_with_a_broken_file_takes_nothing_from_the_first(cluster: Cluster) -> None:
    cluster.configure()
    cluster.start()
    first = cluster.n1.process
    (cluster.n1.config / "ha.cf").write_text("no such directive\n")
    cluster.n1.start()
    assert cluster.n1.wait() == 6
    cluster.n1.process = first
    assert cluster.holders() == ["n1"]
    assert cluster.n1.active()


def test_power_loss_costs_the_deadtime_and_the_clients_follow(cluster: Cluster) -> None:
    cluster.configure(deadtime="500ms")
    cluster.start()
    with cluster.probe() as probe:
        time.sleep(0.2)
        cluster.n1.ip("link", "set", "eth0", "down")
        cluster.n1.kill()
        wait_for(lambda: cluster.n2.has(VIP), "n2 takes", logs=cluster.logs)
        time.sleep(0.4)
    assert 0.3 < probe.outage_s() < 3 * 0.5, cluster.logs()
    assert cluster.neighbour() == cluster.mac(cluster.n2)
    took = cluster.n2.events("addresses-up")[-1]
    assert "add_us=" in took
    assert "garp_us=" in took


def test_a_daemon_that_comes_back_first_adopts_its_address(cluster: Cluster) -> None:
    cluster.configure(deadtime="4", initdead="5")
    cluster.start()
    with cluster.probe() as probe:
        cluster.n1.kill()
        cluster.n1.start()
        wait_for(lambda: cluster.n1.events("adopted"), "n1 adopts", logs=cluster.logs)
        time.sleep(0.2)
    assert cluster.holders() == ["n1"]
    assert probe.lost() == [], cluster.logs()


def test_failback_moves_without_loss(cluster: Cluster) -> None:
    cluster.configure(failback="on")
    cluster.start()
    cluster.n1.stop()
    wait_for(lambda: cluster.holders() == ["n2"], "n2 holds")
    with cluster.probe() as probe:
        cluster.n1.start()
        wait_for(lambda: cluster.holders() == ["n1"], "back on n1", logs=cluster.logs)
        time.sleep(0.3)
    assert probe.lost() == [], cluster.logs()


def test_without_failback_a_return_moves_nothing(cluster: Cluster) -> None:
    cluster.configure(failback="off")
    cluster.start()
    cluster.n1.stop()
    wait_for(lambda: cluster.holders() == ["n2"], "n2 holds")
    with cluster.probe() as probe:
        cluster.n1.start()
        wait_for(cluster.n1.active, "n1 active")
        time.sleep(0.5)
    assert cluster.holders() == ["n2"]
    assert probe.lost() == []


def test_a_frozen_holder_yields_when_it_wakes(cluster: Cluster) -> None:
    cluster.configure()
    cluster.start()
    cluster.n1.signal(19)  # SIGSTOP
    wait_for(lambda: cluster.n2.has(VIP), "n2 takes")
    mac = cluster.mac(cluster.n2)
    with cluster.probe() as probe:
        cluster.n1.signal(18)  # SIGCONT
        wait_for(lambda: cluster.holders() == ["n2"], "n1 yields", logs=cluster.logs)
        time.sleep(0.3)
    assert cluster.neighbour() == mac
    assert probe.answered
    assert cluster.n1.events("woke")


def test_ipv6_vip_moves_without_waiting_for_duplicate_detection(cluster: Cluster) -> None:
    cluster.configure(f"n1 IPaddr::{VIP6}/64/eth0\n")
    for node in cluster.nodes:
        node.start()
    wait_for(lambda: cluster.n1.active() and cluster.n2.active(), "both active")
    wait_for(lambda: len(cluster.holders(VIP6)) == 1, "one holds", logs=cluster.logs)
    first = cluster.node(cluster.holders(VIP6)[0])
    second = cluster.other(first.node_name)
    with cluster.probe(VIP6) as probe:
        time.sleep(0.3)
        first.stop()
        wait_for(lambda: cluster.holders(VIP6) == [second.node_name], "the other holds")
        time.sleep(0.3)
    assert probe.lost() == [], cluster.logs()
    assert cluster.neighbour(VIP6) == cluster.mac(second)
    assert "tentative" not in second.ip("-6", "address", "show", "to", VIP6)


def test_every_medium_carries_the_heartbeat(cluster: Cluster) -> None:
    cluster.configure(media="bcast eth0\nmcast eth0 239.0.0.1 6695 1 0")
    cluster.start()
    for port, medium in ((6694, "broadcast"), (6695, "multicast")):
        for node in cluster.nodes:  # only the other medium is left
            node.nft(f"chain i {{ type filter hook input priority 0; udp dport {port} drop; }}")
        time.sleep(1.2)  # longer than the deadtime
        for node in cluster.nodes:
            assert node.sees(cluster.other(node.node_name).node_name, "active"), f"without {medium}\n{cluster.logs()}"
    assert cluster.holders() == ["n1"]


def test_a_hundred_addresses_move_together(cluster: Cluster) -> None:
    vips = [f"10.77.0.{number}" for number in range(101, 201)]
    cluster.configure("n1 " + " ".join(f"IPaddr::{vip}/24/eth0" for vip in vips) + "\n")
    cluster.n2.start()
    cluster.n1.start()
    wait_for(lambda: cluster.n1.active() and cluster.n2.active(), "both active")
    wait_for(lambda: cluster.holders(vips[-1]) != [], "somebody holds all", logs=cluster.logs)
    cluster.n1.hbctl("takeover")
    wait_for(lambda: all(cluster.n1.has(vip) for vip in vips), "n1 holds all", logs=cluster.logs)
    cluster.n1.stop()
    wait_for(lambda: all(cluster.n2.has(vip) for vip in vips), "n2 holds all", logs=cluster.logs)
    assert not any(cluster.n1.has(vip) for vip in vips)
