# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A samples file in a few figures, for the terminal and for a module's result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .probe.samples import read_recording_file
from .report.text import table
from .timeline.accounting import account
from .timeline.analysis import analyse
from .verdict.measures import measures_of, measures_of_writes, show_us

__all__ = ["summary_of", "summary_table"]

HEAD = ("PROBE", "SENT", "LOST", "OUTAGE", "PIECES", "P50", "P99", "LATE", "BLIND")


def summary_of(path: str) -> dict[str, dict[str, Any]]:
    """What each probe saw, by name; durations in microseconds. Raises OSError, ValueError."""
    recording = read_recording_file(path)
    found = {}
    for index, (probe, samples) in enumerate(zip(recording.probes, recording.samples)):
        analysis = analyse(samples, round(float(probe["interval_ms"]) * 1000))
        found[str(probe["name"])] = {
            "kind": probe["kind"],
            "sent": analysis.sent,
            "ok": analysis.ok,
            "lost": analysis.lost,
            "availability": round(analysis.availability, 6),
            "outages": len(analysis.outages),
            "recovered": analysis.recovered,
            "blind_us": analysis.blind_us,
            "latency_us": dict(analysis.latency),
            "lateness_us": dict(analysis.lateness),
            **measures_of(analysis, str(probe["kind"])),
        }
        readback = recording.readbacks.get(index, {})
        if "numbers" in readback:
            found[str(probe["name"])].update(measures_of_writes(account(samples, readback["numbers"])))
    return found


def summary_table(summary: Mapping[str, Mapping[str, Any]]) -> str:
    """The same as a table."""
    rows = [
        [
            name,
            str(found["sent"]),
            str(found["lost"]),
            show_us(found["outage_us"]),
            str(found["outages"]),
            show_us(found["latency_us"]["p50"]),
            show_us(found["latency_us"]["p99"]),
            show_us(found["lateness_us"]["max"]),
            show_us(found["blind_us"]),
        ]
        for name, found in summary.items()
    ]
    return table(HEAD, rows, right=range(1, len(HEAD)))
