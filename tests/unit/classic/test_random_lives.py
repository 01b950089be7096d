# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random lives of two nodes in the classic dialect: stops, starts, kills, operators, cuts, loss, pauses, from a seed.

At every instant two nodes that hear each other do not both keep a group; in the end each group has one
holder, both nodes agree who, and every command has been answered once.
"""

from __future__ import annotations

import random
from typing import Any, Callable

import pytest

from heartbeat.core.clock import MS, SECOND
from heartbeat.core.events import Command, Verb
from heartbeat.settings.model import Failback
from heartbeat.simulator.oracle import Oracle
from heartbeat.simulator.world import shut_down

SEEDS = range(16)
NODES = ("n5", "n6")
FAULTS = ("stop", "boot", "boot", "kill", "off", "standby", "takeover", "cut", "loss", "heal", "heal", "freeze", "thaw")
#: every possible pair of what the two nodes say they hold
AGREED = [["all", "none"], ["foreign", "foreign"], ["local", "local"]]


def inflict(world: Any, fault: str, node: str, scope: str) -> None:
    if fault == "stop":
        shut_down(world, node)
    elif fault in ("boot", "kill", "freeze", "thaw"):
        getattr(world, fault)(node)
    elif fault == "off":
        world.power_off(node)
    elif fault in ("standby", "takeover"):
        world.ask(node, Command(Verb(fault), scope))
    elif fault == "cut":
        world.cut()
    elif fault == "loss":
        world.network.loss = 20
    else:
        world.network.heal()


def restore(world: Any) -> None:
    world.network.heal()
    for node in NODES:
        world.thaw(node)
        world.boot(node)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_life_ends_well(seed: int, tape: Callable[..., Any]) -> None:
    failback = Failback.OFF if seed % 3 == 0 else Failback.ON
    oracle = Oracle(tape(groups="three").configuration.settings)
    world = tape(groups="three", watcher=oracle, seed=seed, auto_failback=failback)
    world.network.delay = (MS // 10, 3 * MS)
    chance = random.Random(seed)
    for node in NODES:
        world.at(chance.randint(0, 3 * SECOND), lambda node=node: world.boot(node))
    moment = 3 * SECOND
    for _ in range(chance.randint(3, 12)):
        moment += chance.choice([10 * MS, 300 * MS, SECOND, 3 * SECOND, 8 * SECOND])
        fault, node = chance.choice(FAULTS), chance.choice(NODES)
        scope = chance.choice(["all", "local", "foreign", "failback"])
        world.at(moment, lambda f=fault, n=node, s=scope: inflict(world, f, n, s))
    for again in (3, 23):  # a daemon that is just ending when it is to be started is started later
        world.at(moment + again * SECOND, lambda: restore(world))
    world.run_until(moment + 70 * SECOND)
    assert oracle.troubles(world) == []
    assert sorted(world.told(node)["rscstatus"] for node in NODES) in AGREED
    for group in world.configuration.groups:
        holders = {
            entry["holder"] for node in NODES for entry in world.told(node)["groups"] if entry["key"] == group.key
        }
        assert holders == set(world.holders(group.key))
