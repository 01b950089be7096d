# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reply to ``metrics`` of a node that has taken over, from the daemon's own parts on a virtual clock."""

from __future__ import annotations

import json
import random
from typing import Any, Callable

import pytest

from heartbeat.control.report import HostFacts, report
from heartbeat.core.effects import Level
from heartbeat.host.loop import Lateness
from heartbeat.host.sentences import sentence
from heartbeat.observation import Observation
from heartbeat.settings.fingerprint import cluster_hash, configuration_hash
from heartbeat.simulator.samples import sample
from heartbeat.simulator.world import World

SECOND = 1_000_000_000


class QuietLog:
    """A log that only tells its listener."""

    listener: Callable[..., None]

    def emit(self, level: Level, code: str, facts: dict[str, str]) -> None:
        self.listener(level, code, facts, sentence(code, facts))

    seldom = emit


class StillLoop:
    """A loop at a standstill."""

    def now(self) -> int:
        return 20 * SECOND

    def call_at(self, due_ns: int, call: Callable[[], None]) -> None:
        raise AssertionError("without hooks there is nothing to wait for")


@pytest.fixture
def numbers() -> dict[str, Any]:
    """See :func:`after_a_takeover`."""
    return after_a_takeover()


def after_a_takeover() -> dict[str, Any]:
    """n2 of two nodes with two ping nodes, after n1 lost its power."""
    world = World(sample(pings=("gw", "dns")), random.Random(1), wire=True)
    for name in ("n1", "n2"):
        world.boot(name)
    world.run_until(10 * SECOND)
    world.power_off("n1")
    world.run_until(20 * SECOND)
    machine = world.machines["n2"]
    assert machine.node is not None
    station: Any = machine.courier._station  # type: ignore[union-attr]
    log = QuietLog()
    observation = Observation("n2", StillLoop(), None, log)  # type: ignore[arg-type]
    log.emit(Level.NOTICE, "addresses-up", {"group": "10.0.0.9", "add_us": "70", "garp_us": "20"})
    log.emit(Level.WARNING, "peer-dead", {"peer": "n1", "silent_ms": "1012", "dead_ms": "1000"})
    log.emit(Level.NOTICE, "peer-silent", {"group": "10.0.0.9", "peer": "n1"})
    log.emit(Level.WARNING, "late-heartbeat", {"peer": "n1", "silence_ms": "600"})
    lateness = Lateness()
    for late_ns in (50_000, 3_000_000):
        lateness.record(late_ns)
    host = HostFacts(
        pid=1,
        generation=2,
        configuration_hash=configuration_hash(world.configuration),
        cluster_hash=cluster_hash(world.configuration),
        warnings=["a warning"],
        addresses={},
        counters={
            "wire": station.counters(),
            "log_dropped": 0,
            "worker_restarts": 0,
            "links": {},
            "announcements": {"sent": 12, "failed": 1},
            "last_take": {},
        },
        loop={**lateness.snapshot(), "turns": 7, "scheduling": "other"},
    )
    status = report(machine.node.snapshot(world.now), host)
    reply = observation.numbers(status, station.traffic.as_list(), world.configuration.settings)
    found: dict[str, Any] = json.loads(json.dumps(reply))  # as it comes through the socket
    return found
