# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One drill as a standalone SVG picture, for a README or a slide: light and dark by itself."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from ..verdict.measures import show_us
from .scale import Window, focus_window, ticks
from .words import VERDICT_WORDS, outage_text

__all__ = ["render_picture"]

WIDTH = 960
LEFT = 150
RIGHT = 24
LANE = 44
GAP = 10
TOP = 92

_STYLE = """
text{font:13px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:#1c1d1f}
.bg{fill:#fbfbf9}.soft{fill:#5d6167}.head{font-size:19px;font-weight:640}.name{font-weight:600}
.ok{fill:#cfe8d6}.lost{fill:#d3372f}.blind{fill:#c9c7c1}.in{fill:#fff;font-weight:650}
.out{font-weight:650}.line{stroke:#1c1d1f;stroke-width:2}.hair{stroke:#8b9097;stroke-width:1;opacity:.6}.rule{stroke:#e6e5e1}
.pass{fill:#1d6b3a}.fail{fill:#b3241d}.inconclusive{fill:#8a5a00}
@media(prefers-color-scheme:dark){text{fill:#ececea}.bg{fill:#131416}.soft{fill:#a9adb3}.ok{fill:#1e4630}
.lost{fill:#e5534b}.blind{fill:#4a4d52}.line{stroke:#ececea}.rule{stroke:#2d3035}.in{fill:#fff}
.pass{fill:#7fd6a0}.fail{fill:#ff8a82}.inconclusive{fill:#e8b860}}
"""


def _x(window: Window, at_us: float) -> float:
    return LEFT + window.at(at_us) * (WIDTH - LEFT - RIGHT)


def _lane(probe: Mapping[str, Any], window: Window, top: int) -> str:
    parts = []
    for begin_us, end_us, state in sorted(probe["segments"], key=lambda segment: segment[2] == "lost"):
        left, right = _x(window, begin_us), _x(window, end_us)
        if right > left:
            width = max(right - left, 1.5 if state == "lost" else 0)
            parts.append(f'<rect class="{state}" x="{left:.1f}" y="{top}" width="{width:.1f}" height="{LANE}"/>')
    middle = top + LANE / 2
    parts.append(
        f'<text class="name" x="{LEFT - 16}" y="{middle - 2:.0f}" text-anchor="end">{escape(probe["name"])}</text>'
    )
    every = f"every {show_us(probe['interval_us'])}"
    parts.append(f'<text class="soft" x="{LEFT - 16}" y="{middle + 15:.0f}" text-anchor="end">{every}</text>')
    for outage in sorted(probe["outages"], key=lambda item: -int(item["us"]))[:2]:
        left, right = _x(window, outage["begin_us"]), _x(window, outage["end_us"])
        inside = right - left > 80
        at, anchor = ((left + right) / 2, "middle") if inside else (right + 7, "start")
        parts.append(
            f'<text class="{"in" if inside else "out"}" x="{at:.1f}" y="{middle + 5:.0f}" '
            f'text-anchor="{anchor}">{show_us(outage["us"])}</text>'
        )
    return "".join(parts)


def _axis(window: Window, top: int) -> str:
    parts = [f'<line class="rule" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{top}" y2="{top}"/>']
    zero = _x(window, 0)
    for at_us, label in ticks(window):
        x = _x(window, at_us)
        if at_us != 0 and abs(x - zero) > 60 and x < WIDTH - RIGHT - 10:
            parts.append(f'<text class="soft" x="{x:.1f}" y="{top + 18}" text-anchor="middle">{label}</text>')
    parts.append(f'<text class="name" x="{zero:.1f}" y="{top + 18}" text-anchor="middle">fault</text>')
    return "".join(parts)


def render_picture(run: Mapping[str, Any]) -> str:
    """The picture of one run."""
    window = focus_window(run)
    bottom = TOP + len(run["probes"]) * (LANE + GAP)
    height = bottom + 34
    lanes = "".join(_lane(probe, window, TOP + index * (LANE + GAP)) for index, probe in enumerate(run["probes"]))
    lines = []
    last_label = -1e9
    for event in run["events"]:
        if event["source"] != "drill" and window.holds(event["at_us"]):
            x = _x(window, event["at_us"])
            lines.append(f'<line class="hair" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 12}" y2="{bottom}"/>')
            # Labels that would run into each other are left out: the report lists all events.
            if x - last_label > 130 and x < WIDTH - 130:
                label = escape(f"{event['kind'].replace('_', ' ')} +{show_us(event['at_us'])}")
                lines.append(f'<text class="soft" x="{x:.1f}" y="{TOP - 18}" text-anchor="middle">{label}</text>')
                last_label = x
    zero = _x(window, 0)
    lines.append(f'<line class="line" x1="{zero:.1f}" x2="{zero:.1f}" y1="{TOP - 12}" y2="{bottom}"/>')
    told = escape(f"{run['title']}: " + "; ".join(f"{p['name']} {outage_text(p)}" for p in run["probes"]))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img"><title>{told}</title><style>{_STYLE}</style>'
        f'<rect class="bg" width="{WIDTH}" height="{height}" rx="12"/>'
        f'<text class="head" x="24" y="42">{escape(run["title"])}</text>'
        f'<text class="name {run["verdict"]}" x="{WIDTH - RIGHT}" y="42" text-anchor="end">'
        f"{VERDICT_WORDS[run['verdict']]}</text>"
        f"{lanes}{''.join(lines)}{_axis(window, bottom)}</svg>\n"
    )
