# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of one drill: probes as strips, the outage in red, cluster events on the same axis.

The strips are SVG stretched to the width there is; all words are HTML laid over them, so that
they stay readable on a telephone and are read aloud in a sensible order.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from ..verdict.measures import show_us
from .scale import Window, event_groups, focus_window, percent, ticks, whole_window
from .words import outage_text

__all__ = ["render_figure", "strip_svg"]

WIDTH = 1000
HEIGHT = 40
MARKER_APART = 0.032


def strip_svg(probe: Mapping[str, Any], window: Window, height: int = HEIGHT, latency: bool = True) -> str:
    """One probe's strip: what was answered, lost or not looked at, with the latency as a skyline."""
    parts: list[str] = []
    lost: list[str] = []
    for begin_us, end_us, state in probe["segments"]:
        left, right = window.at(begin_us) * WIDTH, window.at(end_us) * WIDTH
        if right > left:
            # A single lost attempt must stay visible, however long the run.
            width = max(right - left, 2.0 if state == "lost" else 0.0)
            rows = lost if state == "lost" else parts
            rows.append(f'<rect class="{state}" x="{left:.2f}" width="{width:.2f}" height="{height}"/>')
    if latency:
        parts.append(_skyline(probe, window, height))
    # Lost attempts lie on top: a widened one must not be covered by its good neighbour.
    parts += lost
    label = escape(f"{probe['name']}: {outage_text(probe)}", quote=True)
    return (
        f'<svg class="strip" viewBox="0 0 {WIDTH} {height}" preserveAspectRatio="none" '
        f'role="img" aria-label="{label}">{"".join(parts)}</svg>'
    )


def _skyline(probe: Mapping[str, Any], window: Window, height: int) -> str:
    bins = probe["latency_bins"]
    values = bins["max_us"]
    width_us = (bins["end_us"] - bins["begin_us"]) / max(1, len(values))
    inside = [
        (bins["begin_us"] + index * width_us, value)
        for index, value in enumerate(values)
        if value >= 0 and window.begin_us - width_us < bins["begin_us"] + index * width_us < window.end_us
    ]
    if not inside:
        return ""
    # One slow answer must not flatten all others: twice the 95th percentile fills the strip's lower half.
    ordered = sorted(value for _name, value in inside)
    top = max(1, 2 * ordered[(len(ordered) * 95) // 100 - 1 if len(ordered) > 1 else 0])
    path = []
    for begin_us, value in inside:
        left, right = window.at(begin_us) * WIDTH, window.at(begin_us + width_us) * WIDTH
        if right > left:
            tall = max(1.0, min(1.0, value / top) * height * 0.6)
            path.append(f"M{left:.2f} {height}V{height - tall:.1f}H{right:.2f}V{height}Z")
    return f'<path class="latency" d="{"".join(path)}"/>'


def _outage_labels(probe: Mapping[str, Any], window: Window) -> str:
    shown = sorted(probe["outages"], key=lambda outage: -int(outage["us"]))[:3]
    labels = []
    for outage in shown:
        left, right = window.at(outage["begin_us"]), window.at(outage["end_us"])
        if right <= 0 or left >= 1:
            continue
        text = show_us(outage["us"]) + ("" if outage["recovered"] else " and on")
        if right - left > 0.17:
            place, style = "in", f"left:{percent((left + right) / 2)}"
        elif right < 0.8:
            place, style = "after", f"left:{percent(right)}"
        else:
            place, style = "before", f"right:{percent(1 - left)}"
        labels.append(f'<span class="lost-for {place}" style="{style}">{escape(text)}</span>')
        if len(shown) > 3:
            break
    return "".join(labels)


def _axis(window: Window) -> str:
    marks = []
    for index, (at_us, label) in enumerate(ticks(window)):
        share = window.at(at_us)
        if at_us == 0:
            continue
        near_fault = abs(share - window.at(0)) < 0.09
        classes = "tick" + (" odd" if index % 2 else "") + (" edge" if share > 0.95 or near_fault else "")
        marks.append(f'<span class="{classes}" style="left:{percent(share)}">{label}</span>')
    if window.holds(0):
        marks.append(f'<span class="tick zero" style="left:{percent(window.at(0))}">fault</span>')
    return f'<div class="axis" aria-hidden="true">{"".join(marks)}</div>'


def _markers(run: Mapping[str, Any], window: Window) -> tuple[str, str]:
    """(numbered markers, the hairlines they hang from)"""
    markers, lines = [], []
    for share, first, last in event_groups(run["events"], window, MARKER_APART):
        number = f"{first + 1}" if first == last else f"{first + 1}–{last + 1}"
        source = "drill" if run["events"][first]["source"] == "drill" and first == last else "cluster"
        markers.append(f'<span class="marker {source}" style="left:{percent(share)}">{number}</span>')
        lines.append(f'<i class="hair" style="left:{percent(share)}"></i>')
    if window.holds(0):
        lines.append(f'<i class="hair fault" style="left:{percent(window.at(0))}"></i>')
    return "".join(markers), "".join(lines)


def _overview(run: Mapping[str, Any], window: Window) -> str:
    whole = whole_window(run)
    if window.us > whole.us * 0.7:
        return ""
    rows = "".join(strip_svg(probe, whole, 8, latency=False) for probe in run["probes"])
    left, right = whole.at(window.begin_us), whole.at(window.end_us)
    lens = f'<i class="lens" style="left:{percent(left)};width:{percent(right - left)}"></i>'
    return (
        f'<div class="lane overview"><div class="name">whole run<small>{show_us(whole.us)}</small></div>'
        f'<div class="track" aria-hidden="true">{rows}{lens}</div></div>'
    )


def render_figure(run: Mapping[str, Any]) -> str:
    """The figure with its caption."""
    window = focus_window(run)
    markers, lines = _markers(run, window)
    lanes = []
    for probe in run["probes"]:
        every = show_us(probe["interval_us"])
        lanes.append(
            f'<div class="lane"><div class="name">{escape(probe["name"])}<small>{escape(probe["kind"])}, every {every}'
            f'</small></div><div class="track">{strip_svg(probe, window)}{lines}{_outage_labels(probe, window)}'
            "</div></div>"
        )
    events = ""
    if markers:
        events = (
            '<div class="lane events" aria-hidden="true"><div class="name">events</div>'
            f'<div class="track">{markers}</div></div>'
        )
    caption = (
        f"What the client saw around the fault: {show_us(window.us)} of {show_us(whole_window(run).us)}. "
        "The skyline is the latency of the answers."
    )
    return (
        f'<figure><div class="lanes">{events}{"".join(lanes)}'
        f'<div class="lane"><div class="name"></div>{_axis(window)}</div>{_overview(run, window)}</div>'
        f"<figcaption>{caption} {_legend(run)}</figcaption></figure>"
    )


def _legend(run: Mapping[str, Any]) -> str:
    states = {segment[2] for probe in run["probes"] for segment in probe["segments"]}
    words = {"ok": "answered", "lost": "lost", "blind": "probe not run"}
    keys = [f'<span class="key {state}">{word}</span>' for state, word in words.items() if state in states]
    return f'<span class="legend">{"".join(keys)}</span>'
