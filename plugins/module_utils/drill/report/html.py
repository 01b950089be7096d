# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one self-contained HTML page: no script, nothing to load, nothing to install."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from ..verdict.measures import MEASURES, show_us
from .distribution import render_distribution
from .figure import render_figure
from .style import STYLE
from .words import VERDICT_WORDS, headline, moment, outage_text, probe_target, shown

__all__ = ["render_html"]

EVENTS_SHOWN = 60


def _pill(result: str) -> str:
    return f'<span class="pill {result}">{VERDICT_WORDS[result]}</span>'


def _mark(result: str) -> str:
    return f'<span class="mark {result}">{VERDICT_WORDS[result]}</span>'


def _bar(row: Mapping[str, Any]) -> str:
    """The value as a bar, the budget as a mark on it."""
    value, budget = row["value"], row["budget"]
    if value is None or budget is None or not MEASURES[row["measure"]].duration:
        return ""
    full = max(value, budget, 1) * 1.12
    fill = f'<i style="width:{value / full * 100:.1f}%"></i>' if value else ""
    mark = f'<b style="left:{budget / full * 100:.1f}%"></b>'
    return f'<span class="bar {row["result"]}" aria-hidden="true">{fill}{mark}</span>'


def _summary(report: Mapping[str, Any]) -> str:
    rows = []
    for index, run in enumerate(report["runs"]):
        rows.append('<tbody role="rowgroup">')
        for position, row in enumerate(run["verdicts"]):
            head = ""
            if position == 0:
                span = f' rowspan="{len(run["verdicts"])}"' if len(run["verdicts"]) > 1 else ""
                link = f'<a href="#run-{index + 1}">{escape(run["title"])}</a>'
                head = f'<th scope="rowgroup" role="rowheader"{span}>{link}</th>'
            label = MEASURES[row["measure"]].label
            what = escape(row["probe"])
            if row["measure"] != "outage_us":
                what = f'<span class="aside">{what}, </span><small>{escape(label)}</small>'
            rows.append(
                f'<tr role="row">{head}<td role="cell">{what}</td>'
                f'<td class="n" role="cell">{shown(row["measure"], row["value"])}</td>'
                f'<td class="n limit" role="cell">{shown(row["measure"], row["budget"])}</td>'
                f'<td class="graph" role="cell">{_bar(row)}</td><td role="cell">{_mark(row["result"])}</td></tr>'
            )
        rows.append("</tbody>")
    return (
        '<section aria-labelledby="summary"><h2 id="summary">Faults and budgets</h2>'
        '<table class="summary" role="table" '
        'aria-labelledby="summary"><thead><tr>'
        '<th scope="col">Fault</th><th scope="col">Probe</th><th scope="col" class="n">Client saw</th>'
        '<th scope="col" class="n">Budget</th><th scope="col"><span aria-hidden="true"></span></th>'
        f'<th scope="col">Verdict</th></tr></thead>{"".join(rows)}</table></section>'
    )


def _more(event: Mapping[str, Any]) -> str:
    """What is known besides kind and reason; the whole line where nothing of it was understood."""
    facts = event.get("facts") or {}
    if facts or event["reason"]:
        return " ".join(f"{key}={value}" for key, value in facts.items() if value)
    return str(event["text"])


def _events(run: Mapping[str, Any]) -> str:
    if not run["events"]:
        return ""
    items = []
    for index, event in enumerate(run["events"][:EVENTS_SHOWN]):
        at = ("+" if event["at_us"] > 0 else "") + show_us(event["at_us"])
        unsure = event["uncertainty_us"]
        exact = f" <small>±{show_us(unsure)}</small>" if unsure >= 1000 else ""
        why = f" <small>{escape(event['reason'])}</small>" if event["reason"] else ""
        line = f'<span class="line">{escape(_more(event))}</span>' if _more(event) else ""
        items.append(
            f'<li><span class="no">{index + 1}</span><span class="at">{at}</span><span>{escape(event["node"])}</span>'
            f'<span class="what"><strong>{escape(event["kind"])}</strong>{why}{exact}{line}</span></li>'
        )
    left = len(run["events"]) - EVENTS_SHOWN
    if left > 0:
        items.append(
            f'<li><span class="no"></span><span class="at"></span><span></span><span>and {left} more</span></li>'
        )
    return f'<h3>What happened, counted from the fault</h3><ol class="events-list">{"".join(items)}</ol>'


def _probes(run: Mapping[str, Any]) -> str:
    rows = []
    for probe in run["probes"]:
        latency = probe["latency_us"]
        blind = sum(end - begin for begin, end in probe["blind"])
        said = [row for row in run["verdicts"] if row["probe"] == probe["name"]]
        reasons = "".join(f'<br><small class="{row["result"]}">{escape(row["reason"])}</small>' for row in said)
        rows.append(
            f"<tr><td><strong>{escape(probe['name'])}</strong><br><small>{escape(probe_target(probe))}</small></td>"
            f"<td>{escape(outage_text(probe))}{reasons}</td>"
            f'<td class="n">{probe["availability"] * 100:.3f} %</td>'
            f'<td class="n">{show_us(latency["p50"])} / {show_us(latency["p99"])}</td>'
            f'<td class="n">{show_us(probe["lateness_us"]["max"])}</td><td class="n">{show_us(blind)}</td></tr>'
        )
    return (
        '<h3>Probes</h3><div class="scroll" tabindex="0" role="group" aria-label="Probes in figures"><table><thead><tr>'
        '<th scope="col">Probe</th><th scope="col">Client saw</th><th scope="col" class="n">Answered</th>'
        '<th scope="col" class="n">Latency p50 / p99</th><th scope="col" class="n">Probe late, worst</th>'
        f'<th scope="col" class="n">Not looked</th></tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
    )


def _notes(run: Mapping[str, Any]) -> str:
    notes = "".join(f"<li>{escape(note)}</li>" for note in run["notes"])
    return f'<ul class="notes">{notes}</ul>' if notes else ""


def _run(index: int, run: Mapping[str, Any]) -> str:
    fault = run["fault"]
    what = f"<code>{escape(fault['kind'])}</code> on <code>{escape(fault['target'])}</code>, {moment(fault['at_ns'])}"
    if fault["text"]:
        what += f" – {escape(fault['text'])}"
    return (
        f'<section aria-labelledby="run-{index}"><div class="run-head"><h2 id="run-{index}">{escape(run["title"])}</h2>'
        f"{_pill(run['verdict'])}<p>{what}</p></div>"
        f"{render_figure(run)}{_notes(run)}{_events(run)}{_probes(run)}</section>"
    )


def _comparison(report: Mapping[str, Any]) -> str:
    found = report.get("comparison")
    if not found:
        return ""
    items = "".join(
        f"<li>{escape(change['fault'])}, {escape(change['probe'])}: {escape(change['text'])}</li>"
        for change in found["changes"]
        if change["verdict"] != "same" or change["measure"] == "outage_us"
    )
    return (
        f'<section aria-labelledby="comparison"><h2 id="comparison">Against {escape(found["with"])}</h2>'
        f'<p>{escape(found["headline"])}</p><ul class="notes">{items}</ul></section>'
    )


def _about(report: Mapping[str, Any]) -> str:
    rows = [(str(key), str(value)) for key, value in report["about"].items()]
    clients = sorted({f"{run['client']['host']}, Linux {run['client']['kernel']}" for run in report["runs"]})
    rows += [("Client", text) for text in clients]
    uncertain = max((run["clock"]["uncertainty_us"] for run in report["runs"]), default=0)
    rows.append(("Clocks agree within", show_us(uncertain) if uncertain else "one clock, nothing to correct"))
    body = "".join(f"<dt>{escape(key)}</dt><dd>{escape(value)}</dd>" for key, value in rows)
    return f'<section aria-labelledby="about"><h2 id="about">About this run</h2><dl>{body}</dl></section>'


def render_html(report: Mapping[str, Any]) -> str:
    """The whole page."""
    runs = "".join(_run(index + 1, run) for index, run in enumerate(report["runs"]))
    lede = next(
        (
            f"{run['title']}, {row['probe']}: {row['reason']}."
            for run in report["runs"]
            for row in run["verdicts"]
            if row["result"] == "fail"
        ),
        "Outage is what a client saw: from the first lost attempt to the first good one after it.",
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="generator" content="steadfast.ha drill"><title>{escape(report["title"])}</title>'
        f'<link rel="icon" href="data:,"><style>{STYLE}</style></head><body>'
        f'<header><p class="eyebrow">{escape(report["title"])} · {moment(report["updated_ns"])}</p>'
        f'<h1 class="{report["verdict"]}">{escape(headline(report))}</h1><p class="lede">{escape(lede)}</p></header>'
        f"<main>{_summary(report)}{_comparison(report)}{render_distribution(report)}{runs}{_about(report)}</main>"
        f"<footer>steadfast.ha drill report, schema {report['schema_version']}</footer></body></html>\n"
    )
