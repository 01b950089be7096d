# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who should have a group: pure comparisons that come out the same on every node that knows the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .gossip import ADDRESSED, CONTENDERS, HOLDERS, IDLE_ENTRY, Entry, Letter


@dataclass(frozen=True)
class Party:
    """One live node (ourselves or a peer) as seen for one group.

    ``rank``: position in the configuration. ``deaf``: it does not hear us, so it acts as if we were dead. ``echoed``:
    it has taken in our present claim. ``settled``: active for long enough to be trusted with a move nobody needs.
    """

    name: str
    rank: int
    entry: Entry = IDLE_ENTRY
    active: bool = True
    leaving: bool = False
    preferred: bool = False
    pings: int = 0
    deaf: bool = False
    echoed: bool = True
    settled: bool = True

    def holds(self) -> bool:
        """Does it count as holder?"""
        return self.entry.letter in HOLDERS

    def addressed(self) -> bool:
        """Does it hold, with the addresses configured?"""
        return self.entry.letter in ADDRESSED

    def contends(self) -> bool:
        """Would it like to become holder?"""
        return self.entry.letter in CONTENDERS

    def able(self) -> bool:
        """May it take the group at all?"""
        return self.active and not self.leaving and self.entry.letter not in (Letter.FAILED, Letter.STUCK)


def _order(party: Party) -> tuple[bool, bool, bool, bool, int, bool, int]:
    """Smaller is better. A deaf node comes first because it will take the group whatever we think; standing by and
    lacking carrier are last resorts; then the operator's word, ping nodes, preference, configuration order."""
    entry = party.entry
    return (
        not party.deaf,
        entry.unable,
        entry.standby,
        not entry.asked,
        -party.pings,
        not party.preferred,
        party.rank,
    )


def candidate(parties: Iterable[Party]) -> Party | None:
    """The node that should take a group nobody holds, or None when nobody is able."""
    return min((party for party in parties if party.able()), key=_order, default=None)


def target(others: Iterable[Party], *, willing: bool) -> Party | None:
    """To whom a group can be given: able, in earshot, with carrier, not holding it already (a conflict is settled by
    claims, not by giving); ``willing``: standing by excludes."""
    return candidate(
        party
        for party in others
        if not (party.deaf or party.holds() or party.entry.unable or (willing and party.entry.standby))
    )


def outranks(peer: Party, me: Party) -> bool:
    """Both hold: must I yield? To a node that cannot hear me always, because only I can know; else to the greater
    claim, then to the preferred node, then to the earlier one in the configuration."""
    return peer.deaf or _strength(peer) > _strength(me)


def goes_first(peer: Party, me: Party) -> bool:
    """Both would like to take: does the peer's claim go first? Leftover addresses do, because adopting them costs
    nothing."""
    return _contention(peer) > _contention(me)


def better_connected(me: Party, others: Iterable[Party]) -> Party | None:
    """The best willing node that reaches strictly more ping nodes than we do, or None."""
    return target((party for party in others if party.pings > me.pings), willing=True)


def _strength(party: Party) -> tuple[int, bool, int]:
    return party.entry.claim, party.preferred, -party.rank


def _contention(party: Party) -> tuple[bool, int, bool, int]:
    return (party.entry.letter is Letter.FOUND, *_strength(party))
