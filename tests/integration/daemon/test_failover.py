# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds the VIP through start, stop, crash and return, and what a client notices of it."""

from __future__ import annotations

import time

from netns import VIP, VIP6, Cluster, wait_for


def test_cold_start_gives_one_holder_and_it_is_the_preferred_node(cluster: Cluster) -> None:
    cluster.configure()
    for node in cluster.nodes:
        node.start()
    seen = set()
    deadline = time.monotonic() + 4
    while time.monotonic() < deadline and not (cluster.n1.active() and cluster.n2.active() and cluster.holders()):
        seen.add(tuple(cluster.holders()))
    assert cluster.holders() == ["n1"], cluster.logs()
    assert seen <= {(), ("n1",)}
    assert cluster.n1.status()["groups"][0]["holder"] == "n1"
    with cluster.probe() as probe:
        time.sleep(0.3)
    assert probe.answered
    assert cluster.neighbour() == cluster.mac(cluster.n1)
