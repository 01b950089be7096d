# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cut a node off from named peers, both ways or one way, all packets or those of one protocol or port."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .model import Arguments, Facts, Kind, Plan, Question, Refusal
from .packets import ASKS, PROTOCOLS, WITH_PORTS, Match, checked_peers, lossy

__all__ = ["CUT", "DIRECTION_WORDS", "match_of", "narrowed"]

DIRECTION_WORDS = {"both": "both ways", "in": "what comes in", "out": "what goes out"}
OPTIONS = ("peers", "direction", "interfaces", "protocol", "ports")


def _asks(arguments: Arguments) -> Mapping[str, Question]:
    return ASKS


def match_of(arguments: Arguments, percent: int = 100) -> Match:
    """The packets that the arguments name; raises Refusal for a protocol or a port that cannot be."""
    protocol = str(arguments.get("protocol") or "").lower()
    ports: Sequence[int] = arguments.get("ports") or ()
    if protocol and protocol not in PROTOCOLS and not (protocol.isdigit() and int(protocol) < 256):
        raise Refusal(f"protocol {protocol!r} is neither a number nor one of {', '.join(sorted(PROTOCOLS))}.")
    if ports and protocol not in WITH_PORTS:
        raise Refusal(f"ports go with protocol {', '.join(WITH_PORTS)}.")
    if any(not 0 < port < 65536 for port in ports):
        raise Refusal("ports lie between 1 and 65535.")
    return Match(
        peers=checked_peers(arguments.get("peers") or ()),
        interfaces=tuple(arguments.get("interfaces") or ()),
        protocol=protocol,
        ports=tuple(ports),
        percent=percent,
    )


def narrowed(match: Match) -> str:
    """What narrows a match, in words, with a space before each."""
    words = f" by {match.protocol}" if match.protocol else ""
    words += f" port {', '.join(map(str, match.ports))}" if match.ports else ""
    return words + (f" on {', '.join(match.interfaces)}" if match.interfaces else "")


def plan(arguments: Arguments, facts: Facts) -> Plan:
    """Drop everything from and to the peers, or one direction of it."""
    match, direction = match_of(arguments), arguments.get("direction") or "both"
    if not match.peers:
        raise Refusal("A cut needs peers: the addresses to be cut off from.")
    words = f"cuts {DIRECTION_WORDS[direction]}, {', '.join(match.peers)}{narrowed(match)}"
    return lossy(arguments["id"], words, match, direction, facts)


CUT = Kind("cut", OPTIONS, plan, _asks, needs=("peers",))
