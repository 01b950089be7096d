# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a recording to a run of the report, and from runs to the report.

All times inside a run are microseconds relative to its fault (negative: before it), on the
client's monotonic clock; ``fault.at_ns`` pins them to the controller's wall clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Optional

from ..events.clock import SAME_CLOCK, Offset
from ..events.event import Event
from ..model import Sample
from ..probe.samples import Recording
from ..timeline.accounting import account
from ..timeline.analysis import ProbeAnalysis, analyse
from ..timeline.strip import latency_bins, state_segments
from ..verdict.budget import Budget, budget_for
from ..verdict.judge import Evidence, Result, judge, overall
from ..verdict.measures import measures_of, measures_of_writes
from .scale import focus_window
from .schema import SCHEMA, SCHEMA_VERSION

__all__ = ["Fault", "RunInput", "add_run", "build_run", "new_report"]

BINS = 300
LISTED = 12


@dataclass(frozen=True)
class Fault:
    """What was broken: kind ("power_off"), target host, and when it began."""

    kind: str
    target: str
    at_ns: int
    """Wall clock of the controller."""
    uncertainty_ns: int = 0
    text: str = ""


@dataclass(frozen=True)
class RunInput:
    """Everything that one drill brought together."""

    run_id: str
    title: str
    fault: Fault
    recording: Recording
    client_offset: Offset = SAME_CLOCK
    events: Sequence[Event] = ()
    budgets: Mapping[str, Budget] = field(default_factory=dict)
    extra_measures: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """By probe: measures that only their own kind knows, such as lost writes."""
    notes: Sequence[str] = ()


def new_report(title: str, now_ns: int, about: Optional[Mapping[str, Any]] = None) -> dict[str, Any]:
    """An empty report."""
    return {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "title": title,
        "created_ns": now_ns,
        "updated_ns": now_ns,
        "about": dict(about or {}),
        "runs": [],
        "verdict": Result.MEASURED.value,
        "comparison": None,
    }


def add_run(report: Mapping[str, Any], run: Mapping[str, Any], now_ns: int) -> dict[str, Any]:
    """The report with one more run; a run with the same id is replaced, so that a repeated step
    does not count twice."""
    runs = [old for old in report["runs"] if old["id"] != run["id"]]
    runs.append(dict(run))
    verdict = overall(Result(item["verdict"]) for item in runs)
    return {**report, "runs": runs, "updated_ns": now_ns, "verdict": verdict.value}


def build_run(given: RunInput) -> dict[str, Any]:
    """One run of the report."""
    recording, header = given.recording, given.recording.header
    zero_us = (given.fault.at_ns + given.client_offset.ns - int(header["wall_ns"])) // 1000
    probes, rows, moved_samples, notes = [], [], [], list(given.notes)
    for index, (spec, samples) in enumerate(zip(recording.probes, recording.samples)):
        interval_us = round(float(spec["interval_ms"]) * 1000)
        moved = [sample._replace(sent_us=sample.sent_us - zero_us) for sample in samples]
        moved_samples.append(moved)
        analysis = analyse(moved, interval_us, fault_us=0)
        measures = measures_of(analysis, spec["kind"])
        written, said = _writes(recording, index)
        notes += [f"{spec['name']}: {sentence}" for sentence in said]
        measures.update(written)
        measures.update(given.extra_measures.get(spec["name"], {}))
        evidence = Evidence(measures, analysis.sent, analysis.ok, analysis.recovered, interval_us, analysis.hidden_us)
        rows += judge(spec["name"], evidence, budget_for(given.budgets, spec["name"], spec["kind"]))
        probes.append(_probe(spec, moved, analysis, measures))
    footer = recording.footer or {}
    run = {
        "id": given.run_id,
        "title": given.title,
        "fault": {
            "kind": given.fault.kind,
            "target": given.fault.target,
            "at_ns": given.fault.at_ns,
            "uncertainty_us": _us(given.fault.uncertainty_ns + given.client_offset.uncertainty_ns),
            "text": given.fault.text,
        },
        "client": {key: header.get(key, "") for key in ("host", "kernel", "python", "version")},
        "clock": {
            "client_ahead_us": _us(given.client_offset.ns),
            "uncertainty_us": _us(given.client_offset.uncertainty_ns),
            "stepped_us": _stepped_us(recording),
        },
        "span": {
            "begin_us": min((probe["begin_us"] for probe in probes), default=0),
            "end_us": max((probe["end_us"] for probe in probes), default=0),
        },
        "ended": footer.get("reason", "killed"),
        "probes": probes,
        "events": [],
        "verdicts": [row.as_dict() for row in rows],
        "verdict": overall(row.result for row in rows).value,
        "notes": notes,
    }
    run["events"] = _events(given, run["span"])
    window = focus_window(run)
    for probe, samples in zip(probes, moved_samples):
        # More bins than attempts would only be holes.
        count = max(1, min(BINS, window.us // probe["interval_us"]))
        probe["latency_bins"] = {
            "begin_us": window.begin_us,
            "end_us": window.end_us,
            "max_us": latency_bins(samples, window.begin_us, window.end_us, count),
        }
    return run


def _writes(recording: Recording, index: int) -> tuple[dict[str, int], list[str]]:
    """Measures of a writing probe, and what else is to be said about its writes."""
    readback = recording.readbacks.get(index)
    if readback is None:
        return {}, []
    if "error" in readback:
        return {}, [f"the writes could not be read back: {readback['error']}"]
    found = account(recording.samples[index], readback["numbers"])
    said = [f"{found.promised} writes were acknowledged, {len(found.lost)} of them are lost"]
    if found.protected is not None:
        said.append(
            f"{found.protected} of them were protected by a copy, {len(found.lost_protected)} of those are lost"
        )
    for label, numbers in (("lost", found.lost), ("twice", found.duplicates), ("never written here", found.strange)):
        if numbers:
            more = f" and {len(numbers) - LISTED} more" if len(numbers) > LISTED else ""
            said.append(f"{label}: {', '.join(str(number) for number in numbers[:LISTED])}{more}")
    return measures_of_writes(found), said


def _probe(
    spec: Mapping[str, Any], samples: Sequence[Sample], analysis: ProbeAnalysis, measures: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "name": spec["name"],
        "kind": spec["kind"],
        "target": spec["target"],
        "port": spec.get("port"),
        "interval_us": analysis.interval_us,
        "timeout_us": round(float(spec["timeout_ms"]) * 1000),
        "begin_us": analysis.begin_us,
        "end_us": analysis.end_us,
        "sent": analysis.sent,
        "ok": analysis.ok,
        "availability": round(analysis.availability, 6),
        "outcomes": dict(analysis.outcomes),
        "measures": dict(measures),
        "latency_us": dict(analysis.latency),
        "lateness_us": dict(analysis.lateness),
        "outages": [{**asdict(outage), "us": outage.us} for outage in analysis.outages],
        "blind": [[span.begin_us, span.end_us] for span in analysis.blind],
        "holdings": [asdict(holding) for holding in analysis.holdings],
        "segments": [list(row) for row in state_segments(samples, analysis.interval_us, analysis.blind)],
    }


def _events(given: RunInput, span: Mapping[str, int]) -> list[dict[str, Any]]:
    """Those within the time that was probed: collectors bring whole seconds and more."""
    found = []
    for event in sorted(given.events, key=lambda event: event.at_ns):
        row = event.as_dict()
        row["at_us"] = _us(row.pop("at_ns") - given.fault.at_ns)
        row["uncertainty_us"] = _us(row.pop("uncertainty_ns"))
        if span["begin_us"] <= row["at_us"] <= span["end_us"] or row["source"] == "drill":
            found.append(row)
    return found


def _stepped_us(recording: Recording) -> int:
    """By how much the client's wall clock moved against its monotonic one during the run."""
    pairs = [*recording.clocks, *([recording.footer] if recording.footer else [])]
    drifts = [int(pair["wall_ns"]) // 1000 - recording.wall_ns(int(pair["mono_us"])) // 1000 for pair in pairs]
    return max(drifts, key=abs, default=0)


def _us(value_ns: int) -> int:
    return round(value_ns / 1000)
