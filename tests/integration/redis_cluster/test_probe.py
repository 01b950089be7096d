# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drill probe that writes numbered keys with redis-py, on real servers that change under it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis_cluster.operate import look
from redis_cluster.plan import plan_failover

from drill.model import Outcome
from drill.probe.rundir import RunDirectory
from drill.probe.samples import Recording, read_recording_file
from drill.probe.spec import parse_run
from drill.summary import summary_of
from drill.timeline.accounting import Account, account

Run = Callable[..., RunDirectory]


@pytest.fixture
def start(six: Any, tmp_path: Path) -> Iterator[Run]:
    """A cluster, and a run of probes on it: ``keys`` everywhere and one probe for a slot of each shard."""
    servers, declared = six
    servers.operate(declared)
    secret = tmp_path / "password"
    secret.write_text(servers.access.password + "\n")
    runs = []

    def begin(**more: Any) -> RunDirectory:
        first, *others = declared.instances
        common = {
            "kind": "redis",
            "target": first.host,
            "port": first.port,
            "seeds": [instance.address for instance in others],
            "password_file": str(secret),
        }
        keys = {"name": "keys", "interval_ms": 25, "timeout_ms": 10000, "wait": 1, "workers": 128}
        probes = [{**common, **keys, **more}]
        probes += [
            {**common, "name": f"slot-{slot}", "slot": slot, "interval_ms": 100, "timeout_ms": 500}
            for slot in (0, 8192, 16383)
        ]
        run = RunDirectory(str(tmp_path / "runs"), "r1")
        runs.append(run)
        run.start(parse_run({"run_id": "r1", "max_seconds": 120, "probes": probes}))
        return run

    yield begin
    for run in runs:
        run.stop()


def collected(run: RunDirectory) -> tuple[Recording, list[Account]]:
    run.stop()
    run.read_back()
    recording = read_recording_file(run.pack())
    assert [readback.get("error") for readback in recording.readbacks.values()] == [None] * 4
    return recording, [
        account(samples, recording.readbacks[at]["numbers"]) for at, samples in enumerate(recording.samples)
    ]


def outcomes(recording: Recording, probe: int) -> set[Outcome]:
    return {sample.outcome for sample in recording.samples[probe]} - {Outcome.PENDING}


def test_planned_changes_under_load_lose_nothing(six: Any, start: Run) -> None:
    servers, declared = six
    run = start()
    time.sleep(1)
    leading = look(declared.instances, servers.access, 10)[1].leaders()[0]
    servers.operate(declared, lambda wanted, picture: plan_failover(wanted, picture, [leading.name], to_master=False))
    more = servers.declare("aaabbbcc")
    servers.start(*(i.address for i in more.instances if i.address not in servers.processes))
    servers.operate(more)
    less = servers.declare("aabbcc", leaving=[i.address for i in more.instances if i not in declared.instances])
    servers.operate(less)
    time.sleep(1)
    recording, accounts = collected(run)
    assert outcomes(recording, 0) == {Outcome.OK}
    assert accounts[0].promised == len([s for s in recording.samples[0] if s.outcome is Outcome.OK])
    assert accounts[0].promised > 100
    assert accounts[0].protected
    assert [(found.lost, found.strange, found.duplicates) for found in accounts] == [([], [], [])] * 4


@pytest.mark.parametrize(
    "number", [signal.SIGKILL, pytest.param(signal.SIGSTOP, marks=pytest.mark.slow)], ids=["killed", "frozen"]
)
def test_a_dead_master_costs_an_outage_and_no_protected_write(six: Any, start: Run, number: signal.Signals) -> None:
    servers, declared = six
    run = start()
    time.sleep(2)
    picture = look(declared.instances, servers.access, 10)[1]
    owner = {slot: next(m.address for m in picture.leaders() if slot in m.slots) for slot in (0, 8192, 16383)}
    servers.send(owner[8192], number)
    look([i for i in declared.instances if i.address != owner[8192]], replace(servers.access, timeout=0.5), 20)
    time.sleep(4)
    if number is signal.SIGSTOP:
        # It wakes up as a master that was voted out meanwhile.
        servers.send(owner[8192], signal.SIGCONT)
        time.sleep(2)
    recording, accounts = collected(run)
    found = summary_of(run.pack())
    assert accounts[0].protected
    assert accounts[0].lost_protected == []
    assert found["keys"]["lost_protected_writes"] == 0
    assert found["slot-8192"]["outages"] >= 1
    assert found["slot-8192"]["recovered"]
    for slot in owner:
        # 1.5 times the node timeout of a second, and two. The other shards serve nobody either while one is missing:
        # that is what cluster-require-full-coverage means; but they miss less.
        assert found[f"slot-{slot}"]["outage_us"] <= 3_500_000
        assert found[f"slot-{slot}"]["outage_us"] <= found["slot-8192"]["outage_us"]
    assert recording.samples[2][-1].outcome is not Outcome.TIMEOUT


def test_what_is_gone_is_missed(six: Any, start: Run) -> None:
    servers, declared = six
    run = start()
    time.sleep(2)
    run.stop()
    for leader in look(declared.instances, servers.access, 10)[1].leaders():
        with servers.client(leader.address) as client:
            for number in (7, 11, 13):
                client.pipeline([["DEL", f"steadfast:r1:keys:{number}"]])
    _recording, accounts = collected(run)
    assert accounts[0].lost == [7, 11, 13]
    assert set(accounts[0].lost_protected) == {7, 11, 13}
    assert accounts[1].lost == []


@pytest.mark.slow
def test_without_enough_replicas_nothing_is_called_protected(six: Any, start: Run) -> None:
    run = start(wait=2, wait_ms=50)
    time.sleep(2)
    recording, accounts = collected(run)
    assert outcomes(recording, 0) == {Outcome.OK}
    assert accounts[0].protected == 0
