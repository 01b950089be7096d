# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as Markdown, for a change record, a ticket or a pull request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..verdict.measures import show_us
from .words import headline, moment, one_line, outage_text, probe_target, shown

__all__ = ["render_markdown"]

_MARK = {"pass": "✅ pass", "fail": "❌ **fail**", "inconclusive": "⚠️ inconclusive", "measured": "measured"}
EVENTS_SHOWN = 40


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _row(*cells: str) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _summary(report: Mapping[str, Any]) -> list[str]:
    lines = [_row("Fault", "Probe", "Measure", "Value", "Budget", "Verdict"), "| --- | --- | --- | ---: | ---: | --- |"]
    for run in report["runs"]:
        for row in run["verdicts"]:
            name = row["measure"]
            lines.append(
                _row(
                    run["title"],
                    row["probe"],
                    name.rsplit("_us", 1)[0].replace("_", " "),
                    shown(name, row["value"]),
                    shown(name, row["budget"]),
                    _MARK[row["result"]],
                )
            )
    return lines


def _run(run: Mapping[str, Any]) -> list[str]:
    fault = run["fault"]
    lines = [f"## {_cell(run['title'])}", ""]
    what = f"**{_cell(fault['kind'])}** on **{_cell(fault['target'])}** at {moment(fault['at_ns'])}."
    lines.append(f"{what} {_cell(fault['text'])}".rstrip())
    lines += [
        "",
        _row("Probe", "Asked", "Every", "What the client saw", "Latency p50 / p99", "Probe late, worst"),
        "| --- | --- | ---: | --- | ---: | ---: |",
    ]
    for probe in run["probes"]:
        latency = probe["latency_us"]
        lines.append(
            _row(
                f"{probe['name']} ({probe['kind']})",
                probe_target(probe),
                show_us(probe["interval_us"]),
                outage_text(probe),
                f"{show_us(latency['p50'])} / {show_us(latency['p99'])}",
                show_us(probe["lateness_us"]["max"]),
            )
        )
    lines += ["", *(f"* {_cell(row['probe'])}: {_cell(row['reason'])}" for row in run["verdicts"])]
    if run["events"]:
        lines += ["", _row("After the fault", "Node", "Event", "Why"), "| ---: | --- | --- | --- |"]
        for event in run["events"][:EVENTS_SHOWN]:
            lines.append(
                _row(
                    show_us(event["at_us"]),
                    event["node"],
                    event["kind"],
                    event["reason"] or one_line(event["text"], 80),
                )
            )
        left = len(run["events"]) - EVENTS_SHOWN
        if left > 0:
            lines.append(_row("", "", f"and {left} more", ""))
    lines += [f"* {_cell(note)}" for note in run["notes"]]
    return [*lines, ""]


def render_markdown(report: Mapping[str, Any]) -> str:
    """The whole report; ends with a newline."""
    lines = [f"# {_cell(report['title'])}", "", f"**{headline(report)}** – {moment(report['updated_ns'])}", ""]
    lines += [*_summary(report), ""]
    comparison = report.get("comparison")
    if comparison:
        lines += [f"Against {_cell(comparison['with'])}: **{_cell(comparison['headline'])}**", ""]
        lines += [
            f"* {_cell(change['fault'])}, {_cell(change['probe'])}: {_cell(change['text'])}"
            for change in comparison["changes"]
        ]
        lines.append("")
    for run in report["runs"]:
        lines += _run(run)
    if report["about"]:
        lines += [
            "## About this run",
            "",
            *(f"* {_cell(str(key))}: {_cell(str(value))}" for key, value in report["about"].items()),
            "",
        ]
    return "\n".join(lines)
