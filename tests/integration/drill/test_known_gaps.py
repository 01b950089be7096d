# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The measurement itself is measured: a responder with known gaps against what the probe reports of them."""

from __future__ import annotations

import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from drill.model import Sample, is_lost
from drill.probe.rundir import RunDirectory
from drill.probe.samples import read_recording_file
from drill.timeline.analysis import ProbeAnalysis, analyse

GAPS_MS = [10, 50, 200, 1000]


def gapped() -> ModuleType:
    """The responder beside this file."""
    spec = importlib.util.spec_from_file_location("gapped", Path(__file__).with_name("gapped.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gapped"] = module
    spec.loader.exec_module(module)
    return module


def echo_probe(port: int, interval_ms: int) -> dict[str, Any]:
    return {"name": "echo", "kind": "udp", "target": "127.0.0.1", "port": port, "interval_ms": interval_ms}


@pytest.mark.parametrize("interval_ms", [1, 5])
def test_reported_outages_agree_with_what_the_responder_recorded(
    start: Callable[..., RunDirectory], interval_ms: int
) -> None:
    responder = gapped().GappedResponder()
    responder.start()
    run = start(
        [{"name": "echo", "kind": "udp", "target": "127.0.0.1", "port": responder.port, "interval_ms": interval_ms}]
    )
    over_ns = responder.plan(GAPS_MS, lead_ms=400, apart_ms=400)
    while time.time_ns() < over_ns:
        time.sleep(0.05)
    run.stop()
    record = responder.end()
    recording = read_recording_file(run.pack())
    samples = recording.samples[0]
    interval_us = interval_ms * 1000
    found = analyse(samples, interval_us)

    assert record.unstamped == 0
    # Not one attempt more or less than the responder ignored.
    assert sorted(sample.seq for sample in samples if is_lost(sample)) == sorted(record.ignored)

    for gap in record.gaps_ns:
        begin_us, end_us = ((at_ns - recording.wall_ns(0)) // 1000 for at_ns in gap)
        inside = [outage for outage in found.outages if begin_us - interval_us < outage.begin_us < end_us]
        # A probe that was not run during the whole of a short gap has not seen it, and says that it was blind.
        assert len(inside) == (1 if record.ignored_in(gap) else 0)
        measured_us = sum(outage.us for outage in inside)
        allowed_us = interval_us + own_lateness_us(samples, found, begin_us, end_us)
        assert abs(measured_us - (end_us - begin_us)) <= allowed_us
        if inside:
            assert abs(measured_us - record.recorded_us(gap)) <= allowed_us


def own_lateness_us(samples: list[Sample], found: ProbeAnalysis, begin_us: int, end_us: int) -> int:
    """The probe's lateness as it measured it itself, at the edges of a gap, where alone it matters: how late
    attempts were sent, and for how long none was sent at all."""
    near_us = 100_000
    late = [s.late_us for s in samples if min(abs(s.sent_us - begin_us), abs(s.sent_us - end_us)) < near_us]
    blind = [span.us for span in found.blind if span.begin_us < end_us + near_us and span.end_us > begin_us - near_us]
    return max(late, default=0) + max(blind, default=0)


def test_without_a_gap_nothing_is_reported(start: Callable[..., RunDirectory]) -> None:
    responder = gapped().GappedResponder()
    responder.start()
    run = start([echo_probe(responder.port, 2)])
    time.sleep(1)
    run.stop()
    record = responder.end()
    samples = read_recording_file(run.pack()).samples[0]
    assert len(samples) > 200
    assert len(record.arrivals_ns) == len(samples)
    assert analyse(samples, 2_000).outages == []
