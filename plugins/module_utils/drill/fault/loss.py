# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lose packets at random, each with the same chance."""

from __future__ import annotations

from collections.abc import Mapping

from .cut import DIRECTION_WORDS, OPTIONS, match_of, narrowed
from .model import Arguments, Facts, Kind, Plan, Question, Refusal
from .packets import ASKS, lossy

__all__ = ["LOSS"]


def _asks(arguments: Arguments) -> Mapping[str, Question]:
    return ASKS


def plan(arguments: Arguments, facts: Facts) -> Plan:
    """Drop so many percent; with direction both, each way on its own, so that a round trip suffers twice."""
    percent = int(arguments["percent"])
    if not 1 <= percent <= 100:
        raise Refusal(f"percent lies between 1 and 100, which {percent} does not.")
    match, direction = match_of(arguments, percent), arguments.get("direction") or "both"
    of = f", {', '.join(match.peers)}" if match.peers else ""
    words = f"loses {percent} % of packets, {DIRECTION_WORDS[direction]}{of}{narrowed(match)}"
    return lossy(arguments["id"], words, match, direction, facts)


LOSS = Kind("loss", (*OPTIONS, "percent"), plan, _asks, needs=("percent",))
