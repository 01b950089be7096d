# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Synthetic recordings: rows of samples whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from drill.events.event import Event
from drill.model import Outcome, Sample
from drill.probe.samples import Recording
from drill.report.build import Fault, RunInput, add_run, build_run, new_report
from drill.verdict.budget import parse_budgets

EPOCH_NS = 1_795_180_000_000_000_000
FAULT_US = 2_000_000


def row_of_samples(
    interval_us: int,
    length_us: int,
    gaps: Sequence[tuple[int, int]] = (),
    unseen: Sequence[tuple[int, int]] = (),
    late_us: int = 0,
) -> list[Sample]:
    """Attempts on an even pace against a service that is away during ``gaps`` (run's axis, end
    excluded); the probe itself is not run during ``unseen``."""
    samples = []
    for seq in range(length_us // interval_us):
        sent_us = seq * interval_us + late_us
        if any(begin <= sent_us < end for begin, end in unseen):
            continue
        away = any(begin <= sent_us < end for begin, end in gaps)
        samples.append(Sample(seq, sent_us, late_us, Outcome.TIMEOUT if away else Outcome.OK, 250_000 if away else 120))
    return samples


def recording_of(lanes: dict[str, tuple[str, int, list[Sample]]]) -> Recording:
    """A recording with one probe per lane: name -> (kind, interval_us, samples)."""
    header: dict[str, Any] = {
        "format": 1,
        "version": "0.1.0",
        "run_id": "r1",
        "mono_ns": 0,
        "wall_ns": EPOCH_NS,
        "host": "client",
        "kernel": "6.1.0",
        "python": "3.11.2",
        "boot_id": "b",
        "probes": [
            {"name": name, "kind": kind, "target": "192.0.2.100", "interval_ms": interval_us / 1000, "timeout_ms": 250}
            for name, (kind, interval_us, _) in lanes.items()
        ],
    }
    footer = {"t": "footer", "reason": "stopped", "mono_us": 10_000_000, "wall_ns": EPOCH_NS + 10_000_000_000}
    return Recording(header, [samples for _, _, samples in lanes.values()], [], footer)


@pytest.fixture
def make_run() -> Callable[..., dict[str, Any]]:
    """Build one run of a report, with an outage of ``gap_us``."""

    def make(
        run_id: str = "r1",
        title: str = "Crash of the holder",
        gap_us: int = 500_000,
        budgets: dict[str, Any] | None = None,
        events: Sequence[Event] = (),
    ) -> dict[str, Any]:
        gaps = [(FAULT_US, FAULT_US + gap_us)] if gap_us else []
        lanes = {
            "vip-icmp": ("icmp", 5_000, row_of_samples(5_000, 10_000_000, gaps)),
            "vip-page": ("http", 20_000, row_of_samples(20_000, 10_000_000, gaps)),
        }
        fault = Fault("power_off", "node1", EPOCH_NS + FAULT_US * 1000)
        parsed = parse_budgets({"*": 650} if budgets is None else budgets)
        return build_run(RunInput(run_id, title, fault, recording_of(lanes), events=events, budgets=parsed))

    return make


@pytest.fixture
def make_report(make_run: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """A report of the given runs, or of one standard run."""

    def make(*runs: dict[str, Any], title: str = "Drill") -> dict[str, Any]:
        report = new_report(title, EPOCH_NS, {"system": "heartbeat"})
        for run in runs or [make_run()]:
            report = add_run(report, run, EPOCH_NS)
        return report

    return make
