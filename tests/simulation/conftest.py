# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cluster to play directed scenarios with."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from heartbeat.core.clock import MS
from heartbeat.core.events import Command, Verb
from heartbeat.settings.model import Configuration
from heartbeat.simulator.faults import Fault
from heartbeat.simulator.oracle import Oracle
from heartbeat.simulator.samples import VIP, WEB, sample
from heartbeat.simulator.world import World


class Cluster:
    """A world with its oracle, driven step by step. Every step is checked by the oracle."""

    def __init__(self, configuration: Configuration, *, wire: bool = True, seed: int = 1) -> None:
        self.oracle = Oracle(configuration.settings)
        self.world = World(configuration, Random(seed), wire=wire, watcher=self.oracle)

    def do(self, kind: str, *nodes: str, value: int = 0, word: str = "") -> Cluster:
        """Let a fault, or an operator's command, happen now."""
        Fault(kind, nodes, value, word).strike(self.world)
        return self

    def run(self, ms: int) -> Cluster:
        """Let time pass."""
        self.world.run_until(self.world.now + ms * MS)
        return self

    def up(self, *nodes: str) -> Cluster:
        """Start these daemons (all of them by default) and let things settle."""
        for name in nodes or tuple(self.world.machines):
            self.world.boot(name)
        return self.run(12_000)

    def ask(self, node: str, verb: Verb, scope: str = "all", key: str | None = None) -> Any:
        """A command; returns the record to which its answers are added."""
        self.world.ask(node, Command(verb, scope, key))
        return self.world.asked[-1]

    def holders(self, key: str = VIP) -> tuple[str, ...]:
        """The machines that have the group's address."""
        return self.world.holders(key)

    def snapshot(self, name: str) -> dict[str, Any]:
        """What the daemon of a machine reports."""
        node = self.world.machines[name].node
        assert node is not None
        return node.snapshot(self.world.now)

    def watch_for_holes(self) -> Cluster:
        """From now on every instant without an address counts."""
        self.oracle.lossless_from = self.world.now
        self.oracle.holes.clear()
        return self

    def holes(self, key: str = VIP) -> int:
        """The longest time without any address since then (ns)."""
        self.run(1)
        since = self.oracle._gone_since.get(key)
        return max(self.oracle.holes.get(key, 0), 0 if since is None else self.world.now - since)

    def moves(self, key: str = VIP) -> list[str]:
        """Who announced the group, in order."""
        return self.oracle.moves.get(key, [])


@pytest.fixture(name="cluster")
def _cluster() -> Callable[..., Cluster]:
    """``cluster(nodes=2, failback=…, …)`` builds one."""

    def build(nodes: int = 2, *, wire: bool = True, seed: int = 1, **options: Any) -> Cluster:
        return Cluster(sample(nodes, **options), wire=wire, seed=seed)

    return build


@pytest.fixture(name="vip")
def _vip() -> str:
    return VIP


@pytest.fixture(name="web")
def _web() -> str:
    return WEB
