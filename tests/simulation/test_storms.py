# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random schedules from fixed seeds: everything that can go wrong, then peace; and planned moves, which are free."""

from __future__ import annotations

import pytest

from heartbeat.settings.model import Failback
from heartbeat.simulator.campaign import Outcome, drill, play, shrink, storm, timeline
from heartbeat.simulator.samples import sample

BOTH = (Failback.ON, Failback.OFF)


def judge(outcome: Outcome) -> None:
    """Fail with the smallest schedule that still fails, and what happened in it."""
    if outcome.violation is None:
        return
    smallest = shrink(outcome)
    steps = "\n".join(f"{step.at_ns / 1e9:10.4f}  {step.fault}" for step in smallest.plan.schedule)
    pytest.fail(f"seed {smallest.plan.seed}: {smallest.violation}\n{steps}\n{timeline(smallest.lines)}")


@pytest.mark.parametrize("failback", BOTH, ids=lambda choice: choice.value)
@pytest.mark.parametrize("first", range(0, 100, 20))
def test_two_nodes_survive_everything(first: int, failback: Failback) -> None:
    for seed in range(first, first + 20):
        pings = ("gateway",) if seed % 3 == 0 else ()
        judge(play(storm(sample(2, failback=failback, pings=pings), seed)))


@pytest.mark.parametrize("failback", BOTH, ids=lambda choice: choice.value)
def test_two_nodes_survive_everything_with_real_datagrams(failback: Failback) -> None:
    for seed in range(500, 520):
        judge(play(storm(sample(2, failback=failback), seed, wire=True)))


@pytest.mark.parametrize("failback", BOTH, ids=lambda choice: choice.value)
def test_three_nodes_survive_everything(failback: Failback) -> None:
    for seed in range(12):
        judge(play(storm(sample(3, failback=failback, pings=("gateway",)), seed)))


def test_a_fast_profile_survives_everything() -> None:
    for seed in range(5):
        judge(play(storm(sample(2, keepalive_ms=20, deadtime_ms=100, initdead_ms=500), seed)))


def test_a_slow_profile_survives_everything() -> None:
    for seed in range(20):
        judge(play(storm(sample(2, keepalive_ms=2000, deadtime_ms=30000, initdead_ms=60000), seed)))


@pytest.mark.parametrize("failback", BOTH, ids=lambda choice: choice.value)
@pytest.mark.parametrize("nodes", [2, 3])
def test_planned_moves_cost_nothing(nodes: int, failback: Failback) -> None:
    for seed in range(20 if nodes == 2 else 6):
        judge(play(drill(sample(nodes, failback=failback), seed)))


def test_the_same_seed_plays_the_same_run() -> None:
    plan = storm(sample(), 7, wire=True)
    assert play(plan).lines == play(plan).lines
    assert play(plan).lines != play(storm(sample(), 8, wire=True)).lines
