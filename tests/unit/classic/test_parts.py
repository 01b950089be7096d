# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the classic dialect, each for itself: holdings, tables, messages."""

from __future__ import annotations

from typing import Any

from heartbeat.core.classic import handover, messages, phases
from heartbeat.core.classic.holdings import Holding, parse_holding

KEY = "IPaddr::10.0.0.1/24/eth0"  # at home on n5


# --- the parts --------------------------------------------------------------------------------------------


def test_holdings_are_seen_from_the_other_side() -> None:
    assert Holding.LOCAL.mirrored() is Holding.FOREIGN
    for holding in Holding.NONE, Holding.LOCAL, Holding.FOREIGN, Holding.ALL:
        assert parse_holding(holding.word()) is holding
        assert holding.mirrored().mirrored() is holding
    assert parse_holding("some") is None


def test_both_tables_lead_somewhere_and_back() -> None:
    assert {side for side, _ in handover.TABLE} == set(handover.Side)
    assert {row[0] for row in handover.TABLE.values()} == set(handover.Side)
    for side in set(handover.Side) - {handover.Side.NOT}:
        assert handover.TABLE[side, handover.Word.CANCEL][0] is handover.Side.NOT
    for phase in set(phases.Phase) - {phases.Phase.SHUTDOWN}:
        assert phases.TABLE[phase, phases.Turn.LEAVE][0] is phases.Phase.SHUTDOWN
    assert all(why for _, why in (*handover.TABLE.values(), *phases.TABLE.values()))


def test_every_message_has_the_fields_of_the_recorded_ones(recorded: Any) -> None:
    """Names and order of the specific fields, for each type that this dialect sends."""
    control = {"srcuuid", "destuuid", "seq", "hg", "ts", "ld", "ttl", "auth"}
    ours = [
        messages.STARTING,
        messages.SHUTDONE,
        messages.MACH_DOWN,
        messages.resource(Holding.ALL, stable=True),
        messages.resource(Holding.ALL, stable=True, info="shutdown"),
        messages.ask_resources(Holding.ALL, "me"),
        messages.hb_takeover(Holding.ALL),
        messages.stonith("n1", needed=True),
        messages.ip_request("key"),
        messages.ip_request_resp("n1", "key", owned=True),
        messages.client_status("join", "n1", "signon"),
        messages.client_answer("n1", "ipfail", "1", online=True),
        messages.num_ping_nodes("n1", "n2", 1),
        messages.you_are_dead("n2"),
        messages.abort_giveup("n1", "n2"),
    ]
    for pairs in ours:
        kind, names = dict(pairs)["t"], [name for name, _ in pairs]
        creator_writes_src = "src" in names
        seen = []
        for packet in recorded.packets:
            if packet.kind == kind:
                fields = [f["name"] for f in packet.facts["fields"] if f["name"] not in control]
                seen.append([name for name in fields if creator_writes_src or name != "src"])
        assert names in seen, kind
