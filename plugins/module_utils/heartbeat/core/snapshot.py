# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The status report as a JSON value: ``schema_version`` 1, as far as the core knows it."""

from __future__ import annotations

from ..settings.model import Address
from .clock import to_ms
from .desk import Desk
from .dialect import Dialect
from .membership import Peer
from .ownership import State
from .reasons import sentence

Json = dict[str, object]

#: States that only last for moments, or are failures of two kinds, are reported by the word operators know.
_WORDS = {State.FOUND: "wanting", State.STUCK: "failed"}


def snapshot(desk: Desk, dialect: Dialect, now: int) -> Json:
    """Everything about this node, its peers and its groups; all times in ms."""
    return {
        "schema_version": 1,
        "node": desk.name,
        "state": "leaving" if dialect.leaving() else desk.status,
        "uptime_ms": to_ms(now - desk.started_ns),
        "dialect": dialect.name,
        "peers": [_peer(peer, now) for peer in desk.membership.peers.values()],
        "pings": [{"name": ping.name, "state": ping.status} for ping in desk.membership.pings.values()],
        "groups": [_group(desk, dialect, key, now) for key in desk.table.configured()],
        "rscstatus": dialect.rscstatus(),
        "last_move": _last_move(desk, now),
        "moves": [
            {"from": origin, "to": target, "code": code, "count": count}
            for (origin, target, code), count in sorted(desk.moves.items())
        ],
        **dialect.facts(),
    }


def _peer(peer: Peer, now: int) -> Json:
    links: list[Json] = [
        {"name": name, "state": "up" if link.up else "dead", "last_heard_ms": to_ms(now - link.last_ns)}
        for name, link in sorted(peer.links.items())
    ]
    heard = None if peer.last_status_ns is None else to_ms(now - peer.last_status_ns)
    return {
        "name": peer.name,
        "state": peer.status,
        "dialect": peer.speech.value,
        "last_heard_ms": heard,
        "dead_ms": to_ms(peer.dt_ns),
        "links": links,
    }


def _group(desk: Desk, dialect: Dialect, key: str, now: int) -> Json:
    group, hold = desk.table.groups[key], desk.hold(key)
    addresses = [_address(address) for address in group.addresses()]
    return {
        "key": key,
        "preferred": group.preferred,
        "state": _WORDS.get(hold.state, hold.state.value),
        "holder": dialect.holder(key),
        "holders": list(dialect.holders(key)),
        "claim": dialect.claim(key),
        "addresses": addresses,
        "addresses_here": hold.address,
        "resources": [resource.text or key for resource in group.resources],
        "why": hold.why,
        "since_ms": to_ms(now - hold.since_ns),
    }


def _address(address: Address) -> str:
    prefix = "" if address.prefix is None else f"/{address.prefix}"
    device = "" if address.device is None else f" dev {address.device}"
    return f"{address.ip}{prefix}{device}"


def _last_move(desk: Desk, now: int) -> Json | None:
    move = desk.last_move
    if move is None:
        return None
    return {
        "key": move.key,
        "from": move.origin,
        "to": move.target,
        "code": move.code,
        "why": sentence(move.code, {"group": move.key, **move.facts}),
        "ago_ms": to_ms(now - move.at_ns),
    }
