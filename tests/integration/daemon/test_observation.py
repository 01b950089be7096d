# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others see of a running daemon: metrics, events, hooks - and that none of it holds up a takeover."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from netns import MODULE_UTILS, VIP, Cluster, Node, wait_for

GROUP = f"IPaddr::{VIP}/24/eth0"


def metric(node: Node, line: str) -> float | None:
    """The value of a sample, written as in the page; None if it is not there."""
    for found in node.hbctl("metrics").stdout.splitlines():
        if found.startswith(line + " "):
            return float(found.rsplit(" ", 1)[1])
    return None


def hook(node: Node, name: str, body: str) -> Path:
    """Put a hook that appends what it is told to the returned file, then does ``body``."""
    told = node.state / f"{name}.told"
    path = node.config / "notify.d" / name
    path.parent.mkdir(mode=0o755, exist_ok=True)
    path.write_text(f"#!/bin/sh\ncat >>{told}\n{body}\n")
    path.chmod(0o755)
    return told


def told(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_metrics_follow_a_takeover_and_say_when_the_daemon_is_down(cluster: Cluster) -> None:
    cluster.configure()
    cluster.start()
    held = f'hb_resource_held{{resource="{GROUP}"}}'
    assert metric(cluster.n1, held) == 1
    assert metric(cluster.n2, held) == 0
    cluster.n1.kill()
    cluster.n1.ip("link", "set", "eth0", "down")
    wait_for(lambda: cluster.n2.has(VIP), "n2 takes", logs=cluster.logs)
    wait_for(lambda: metric(cluster.n2, held) == 1, "n2's metrics say that it holds")
    assert metric(cluster.n2, 'hb_node_state{node="n1",state="dead"}') == 1
    assert metric(cluster.n2, 'hb_transitions_total{from="n1",to="n2",reason="peer-silent"}') == 1
    detect = metric(cluster.n2, 'hb_takeover_seconds_sum{phase="detect"}')
    assert detect is not None
    assert detect >= 0.8
    assert metric(cluster.n2, 'hb_takeover_seconds_count{phase="total"}') == 1
    announced = metric(cluster.n2, "hb_garp_sent_total")
    assert announced is not None
    assert announced > 0
    down = cluster.n1.hbctl("metrics")
    assert down.returncode == 3
    assert re.findall(r"^hb_.*", down.stdout, re.MULTILINE) == ["hb_up 0"]


def test_hooks_are_told_in_order_and_a_slow_or_failing_one_holds_up_nothing(cluster: Cluster) -> None:
    cluster.configure()
    first = hook(cluster.n2, "10-slow", 'test "$HB_EVENT" != peer-silent || sleep 3')
    second = hook(cluster.n2, "20-fails", 'echo "no mail server"; exit 1')
    (cluster.n2.config / "notify.d" / "30-world-writable").write_text("#!/bin/sh\n")
    (cluster.n2.config / "notify.d" / "30-world-writable").chmod(0o777)
    cluster.start()
    assert len(cluster.n2.events("hook-skipped")) == 1
    assert any("30-world-writable may be changed by others" in text for text in cluster.n2.status()["warnings"])
    with cluster.probe() as probe:
        cluster.n1.kill()
        cluster.n1.ip("link", "set", "eth0", "down")
        wait_for(lambda: cluster.n2.has(VIP), "n2 takes", logs=cluster.logs)
        wait_for(
            lambda: any(event["event"] == "group-started" for event in told(second)), "the second hook hears of it", 30
        )
    assert probe.outage_s() < 3, "the hook's sleep is no part of the outage"
    assert told(first)[: len(told(second))] == told(second)
    numbers = [event["number"] for event in told(first)]
    assert numbers == sorted(set(numbers))
    taken = next(event for event in told(first) if event["event"] == "peer-silent")
    assert (taken["kind"], taken["group"], taken["peer"], taken["node"]) == ("taken", GROUP, "n1", "n2")
    assert taken["why"] == f"{GROUP}: taken because n1, which held it, fell silent"
    assert cluster.n2.events("hook-failed")
    assert not any(event["event"] == "hook-failed" for event in told(first))


def test_a_reload_finds_new_hooks_although_nothing_else_changed(cluster: Cluster) -> None:
    cluster.configure()
    cluster.start()
    assert "there is no hook" in cluster.n1.hbctl("notify").stdout
    assert cluster.n1.status()["hooks"] == []
    file = hook(cluster.n1, "10-new", "")
    assert cluster.n1.hbctl("reload").returncode == 0
    assert "10-new" in cluster.n1.hbctl("notify").stdout
    assert cluster.n1.status()["hooks"] == [str(cluster.n1.config / "notify.d" / "10-new")]
    wait_for(lambda: any(event["event"] == "notify-test" for event in told(file)), "the hook hears of the test")


def test_events_are_remembered_followed_and_explained(cluster: Cluster) -> None:
    cluster.configure()
    cluster.start()
    command = cluster.n1.command("events", "--follow", "--json", "--runtime-dir", str(cluster.n1.runtime))
    environment = {**os.environ, "PYTHONPATH": str(MODULE_UTILS)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as follower:
        assert follower.stdout is not None
        assert json.loads(follower.stdout.readline())["number"] == 1
        assert cluster.n1.hbctl("standby").returncode == 0
        events = []
        while not events or events[-1]["event"] != "standby":
            events.append(json.loads(follower.stdout.readline()))
        cluster.n1.stop()
        events += [json.loads(line) for line in follower.stdout]
        assert follower.wait(20) == 3
    numbers = [event["number"] for event in events]
    assert numbers == list(range(2, len(numbers) + 2))
    assert events[-1]["event"] == "left"
    explained = cluster.n2.hbctl("explain")
    assert explained.returncode == 0
    assert explained.stdout.startswith(f"{GROUP}: taken over from n1, which hands it over [handed]\n")
    assert cluster.n2.hbctl("explain", "no-such-group").returncode == 1
    assert cluster.n1.hbctl("explain").returncode == 3
