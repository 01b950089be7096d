# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drop ICMP: pings of the node, and its own pings of others, stay unanswered.

The classic tutorials' own test of a heartbeat pair with a ping node: drop ICMP on the holder, the ping node is lost
there, and the address moves. Of ICMPv6 only echo is dropped, since neighbour discovery is needed by everything.
"""

from __future__ import annotations

from collections.abc import Mapping

from .cut import DIRECTION_WORDS
from .model import Arguments, Facts, Kind, Plan, Question
from .packets import ASKS, Match, checked_peers, lossy

__all__ = ["ICMP_DROP"]


def _asks(arguments: Arguments) -> Mapping[str, Question]:
    return ASKS


def plan(arguments: Arguments, facts: Facts) -> Plan:
    """Drop ICMP from and to everybody, or the peers."""
    peers = checked_peers(arguments.get("peers") or ())
    direction = arguments.get("direction") or "both"
    match = Match(peers=peers, interfaces=tuple(arguments.get("interfaces") or ()), protocol="icmp")
    of = f", {', '.join(peers)}" if peers else ""
    return lossy(arguments["id"], f"drops ICMP, {DIRECTION_WORDS[direction]}{of}", match, direction, facts)


ICMP_DROP = Kind("icmp_drop", ("peers", "direction", "interfaces"), plan, _asks)
