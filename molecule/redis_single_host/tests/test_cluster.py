# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tutorial's six instances on one machine: its own commands agree, and runs after failures change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from steadfast_runs import Runs, differences

if TYPE_CHECKING:
    from testinfra.host import Host

PORTS = range(7000, 7006)
CLI = "REDISCLI_AUTH=$(cat /etc/steadfast-redis/password) $(command -v valkey-cli || command -v redis-cli)"


@pytest.mark.parametrize("port", PORTS)
def test_six_instances_run(node: Host, port: int) -> None:
    assert node.service(f"steadfast-redis@{port}").is_running
    assert "cluster_state:ok" in node.check_output(f"{CLI} -s /run/steadfast-redis/{port}/socket cluster info")


def test_three_are_masters_and_each_has_a_replica(node: Host) -> None:
    rows = [row.split() for row in node.check_output(f"{CLI} -p 7000 cluster nodes").splitlines()]
    masters = sorted(row[0] for row in rows if "master" in row[2])
    assert len(masters) == 3
    assert sorted(row[3] for row in rows if "slave" in row[2]) == masters


def test_the_tutorials_check_agrees(node: Host) -> None:
    assert "[OK] All 16384 slots covered." in node.check_output(f"{CLI} --cluster check 127.0.0.1:7000")


def test_the_tutorials_password_opens_nothing(node: Host) -> None:
    answer = node.run("REDISCLI_AUTH=jijiji $(command -v valkey-cli || command -v redis-cli) -p 7000 ping")
    assert "PONG" not in answer.stdout


def test_check_mode_on_a_bare_machine_foretells_the_first_run(runs: Runs) -> None:
    done = runs.first("converge")
    assert any(play.changed for play in done)
    assert differences(runs.first("converge-check"), done, {}) == []


def test_a_run_after_failures_changes_nothing(runs: Runs) -> None:
    try:
        plays = runs.side_effects()
    except LookupError:
        pytest.skip("the cluster has not been broken yet")
    assert next(play for play in plays if play.name == "Redis cluster").changed == ()


def test_an_instance_that_stands_alone_knows_of_no_cluster(node: Host, runs: Runs) -> None:
    try:
        runs.side_effects()
    except LookupError:
        pytest.skip("it comes with the side effects")
    text = node.check_output(f"{CLI} -s /run/steadfast-redis/7100/socket info")
    assert "cluster_enabled:0" in text
    assert "role:master" in text


@pytest.mark.parametrize("port", [*PORTS, 7100])
def test_all_came_to_the_server_that_was_built(node: Host, runs: Runs, is_full: bool, port: int) -> None:
    try:
        runs.side_effects()
    except LookupError:
        pytest.skip("it comes with the side effects")
    if not is_full:
        pytest.skip("building a server belongs to the full list")
    text = node.check_output(f"{CLI} -s /run/steadfast-redis/{port}/socket info server")
    assert "redis_version:8.0.2" in text
    assert "executable:/opt/redis-8.0.2/bin/redis-server" in text
    assert not node.file("/opt/redis-other").exists
