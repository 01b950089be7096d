# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words and numbers as every rendering shows them, so that text, Markdown and HTML agree."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Optional

from ..verdict.measures import MEASURES, show_us

__all__ = ["VERDICT_WORDS", "headline", "moment", "one_line", "outage_text", "probe_target", "shown", "verdict_word"]

VERDICT_WORDS: Mapping[str, str] = {
    "pass": "within budget",
    "fail": "over budget",
    "inconclusive": "inconclusive",
    "measured": "measured",
}


def verdict_word(result: str) -> str:
    """The verdict as one upper-case word for tables."""
    return result.upper()


def moment(at_ns: int) -> str:
    """A point of time, UTC: the same for every reader, and unambiguous in an archive."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at_ns // 10**9))


def shown(measure: str, value: Optional[int]) -> str:
    """A measure's value, or a dash where there is none."""
    return "–" if value is None else MEASURES[measure].show(value)


def probe_target(probe: Mapping[str, Any]) -> str:
    """Where the probe asked: an address, with the port where there is one."""
    host = f"[{probe['target']}]" if ":" in probe["target"] and probe["port"] else probe["target"]
    return f"{host}:{probe['port']}" if probe["port"] else str(host)


def outage_text(probe: Mapping[str, Any]) -> str:
    """The probe's outage with what it is made of."""
    outages = probe["outages"]
    if not probe["sent"]:
        return "not one attempt was made"
    if not outages:
        return f"no attempt lost of {probe['sent']}"
    parts = [show_us(probe["measures"]["outage_us"])]
    if len(outages) > 1:
        parts.append(f"in {len(outages)} pieces, the longest {show_us(probe['measures']['longest_outage_us'])}")
    parts.append(f"{probe['measures']['errors']} of {probe['sent']} attempts lost")
    return ", ".join(parts)


def headline(report: Mapping[str, Any]) -> str:
    """The whole report in one sentence."""
    runs = report["runs"]
    count = f"{len(runs)} drill{'s' if len(runs) != 1 else ''}"
    failed = sum(run["verdict"] == "fail" for run in runs)
    unsure = sum(run["verdict"] == "inconclusive" for run in runs)
    if failed:
        return f"{failed} of {count} went over budget"
    if unsure:
        return f"{unsure} of {count} could not be judged"
    if report["verdict"] == "pass":
        return f"{count}, {'all' if len(runs) != 1 else 'it stayed'} within budget"
    return f"{count}, measured without budgets"


def one_line(text: str, limit: int) -> str:
    """At most ``limit`` characters, an ellipsis for the rest."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1] + "…"
