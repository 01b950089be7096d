# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict on one group: single rows, and what must hold for any situation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from heartbeat.core.arbitration import Party, better_connected, candidate, goes_first, outranks, target
from heartbeat.core.gossip import ADDRESSED, HOLDERS, Entry, Letter
from heartbeat.core.ownership import TABLE, Ask, State
from heartbeat.core.reasons import CATALOGUE
from heartbeat.core.reconcile import NOTHING, Act, Clues, decide

N = Letter


def party(name: str, letter: Letter = N.IDLE, claim: int = 0, **options: Any) -> Party:
    """A node; options of the entry (to, standby, asked, unable) and of the party may be mixed."""
    flags = {name: options.pop(name) for name in ("to", "standby", "asked", "unable") if name in options}
    options.setdefault("preferred", name == "n1")
    return Party(name, int(name[1:]), Entry(letter, claim, **flags), **options)


def verdict(me: Party, *others: Party, **clues: Any) -> tuple[Act, str, str | None]:
    found = decide(me, others, Clues(**clues))
    return found.act, found.code, found.peer


# --- who is next ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"deaf": True, "standby": True}, {}),  # it will take whatever we think
        ({"standby": True}, {"unable": True}),
        ({}, {"standby": True, "asked": True}),
        ({"asked": True}, {"pings": 3}),
        ({"pings": 2}, {"pings": 1, "preferred": True}),
        ({"preferred": True}, {"preferred": False}),
    ],
)
def test_the_order_of_candidates(better: dict[str, Any], worse: dict[str, Any]) -> None:
    second, first = party("n3", **{"preferred": False, **better}), party("n2", **{"preferred": False, **worse})
    assert candidate([first, second]) is second
    assert candidate([second, first]) is second


def test_the_configuration_breaks_ties() -> None:
    assert candidate([party("n3"), party("n2")]) == party("n2")


@pytest.mark.parametrize(
    "unfit",
    [{"leaving": True}, {"active": False}, {"letter": N.FAILED}, {"letter": N.STUCK}],
)
def test_who_is_no_candidate(unfit: dict[str, Any]) -> None:
    assert candidate([party("n1", **unfit)]) is None
    assert target([party("n1", **unfit)], willing=False) is None


@pytest.mark.parametrize("unfit", [{"deaf": True}, {"unable": True}, {"letter": N.HELD}])
def test_to_whom_nothing_is_given(unfit: dict[str, Any]) -> None:
    assert target([party("n1", **unfit)], willing=False) is None


def test_standing_by_is_respected_unless_there_is_nobody_else() -> None:
    assert target([party("n1", standby=True)], willing=True) is None
    assert target([party("n1", standby=True)], willing=False) == party("n1", standby=True)


def test_ping_nodes_must_be_strictly_more() -> None:
    me = party("n1", N.HELD, 1, pings=1)
    assert better_connected(me, [party("n2", pings=1)]) is None
    assert better_connected(me, [party("n2", pings=2)]) == party("n2", pings=2)


def test_conflicts_are_settled_by_claim_preference_and_rank() -> None:
    one, two, three = party("n1", N.HELD, 3), party("n2", N.HELD, 3), party("n3", N.HELD, 3)
    assert outranks(one, two)
    assert not outranks(two, one)
    assert outranks(two, three)
    assert outranks(party("n3", N.HELD, 4), one)
    assert outranks(party("n2", N.HELD, 1, deaf=True), one)


def test_leftovers_go_before_claims() -> None:
    assert goes_first(party("n2", N.FOUND), party("n1", N.WANTING, 9))
    assert goes_first(party("n1", N.WANTING, 1), party("n2", N.WANTING, 1))


# --- single verdicts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("me", "others", "clues", "expected"),
    [
        # nobody holds
        (party("n1"), (), {}, (Act.TAKE, "nobody-holds", None)),
        (party("n1"), (), {"code": "peer-silent", "origin": "n2"}, (Act.TAKE, "peer-silent", "n2")),
        (party("n1"), (party("n2"),), {}, (Act.WANT, "claimed", None)),
        (party("n1"), (party("n2", deaf=True, active=False),), {}, (Act.TAKE, "nobody-holds", None)),
        (party("n2"), (party("n1"),), {}, (Act.NOTHING, "", None)),
        (party("n2"), (party("n1"),), {"patience_over": True}, (Act.WANT, "claimed", None)),
        (party("n2"), (party("n1", active=False),), {}, (Act.WANT, "claimed", None)),
        (party("n2"), (party("n1", active=False),), {"wait_cold": True}, (Act.NOTHING, "", None)),
        (party("n1"), (party("n2", active=False),), {"wait_cold": True}, (Act.WANT, "claimed", None)),
        (party("n1"), (party("n2", N.WANTING, 1),), {}, (Act.NOTHING, "", None)),
        (party("n1"), (party("n2", N.RELEASING),), {}, (Act.NOTHING, "", None)),
        (party("n1", active=False), (), {}, (Act.NOTHING, "", None)),
        # somebody holds
        (party("n2"), (party("n1", N.HELD, 1),), {}, (Act.NOTHING, "", None)),
        (party("n2"), (party("n1", N.OFFERED, 1, to="n2"),), {}, (Act.TAKE, "handed", "n1")),
        (party("n2"), (party("n1", N.OFFERED, 1, to="n3"),), {}, (Act.NOTHING, "", None)),
        (party("n2"), (party("n1", N.OFFERED, 1, to="n2"), party("n3", N.HELD, 2)), {}, (Act.NOTHING, "", None)),
        # claimed
        (party("n1", N.WANTING, 1), (party("n2"),), {}, (Act.TAKE, "nobody-holds", None)),
        (party("n1", N.WANTING, 1, asked=True), (), {}, (Act.TAKE, "peer-asked", None)),
        (party("n1", N.WANTING, 1), (party("n2", echoed=False),), {}, (Act.NOTHING, "", None)),
        (party("n1", N.WANTING, 1), (party("n2", echoed=False, deaf=True),), {}, (Act.TAKE, "nobody-holds", None)),
        (party("n1", N.WANTING, 1), (party("n2", N.RELEASING),), {}, (Act.NOTHING, "", None)),
        (party("n1", N.WANTING, 1), (party("n2", N.HELD, 1),), {}, (Act.WITHDRAW, "claim-withdrawn", "n2")),
        (party("n1", N.WANTING, 1), (party("n2", N.WANTING, 2),), {}, (Act.WITHDRAW, "claim-withdrawn", "n2")),
        (party("n1", N.WANTING, 2), (party("n2", N.WANTING, 1),), {}, (Act.TAKE, "nobody-holds", None)),
        (party("n1", N.WANTING, 1, standby=True), (party("n2"),), {}, (Act.WITHDRAW, "claim-withdrawn", "n2")),
        (party("n1", N.WANTING, 1, leaving=True), (), {}, (Act.WITHDRAW, "claim-withdrawn", "n1")),
        # leftovers
        (party("n1", N.FOUND), (), {}, (Act.NOTHING, "", None)),
        (party("n1", N.FOUND), (), {"adopt_due": True}, (Act.TAKE, "adopted", None)),
        (party("n1", N.FOUND), (party("n2", N.HELD, 1),), {}, (Act.RELEASE, "swept", "n2")),
        (party("n2", N.FOUND), (party("n1", N.FOUND),), {"adopt_due": True}, (Act.NOTHING, "", None)),
        (party("n1", N.FOUND), (party("n2", N.RELEASING),), {"adopt_due": True}, (Act.NOTHING, "", None)),
        (party("n1", N.FOUND, leaving=True), (), {}, (Act.RELEASE, "shutdown-alone", None)),
        # coming up
        (party("n1", N.TAKING, 1), (party("n2", N.TAKING, 2),), {}, (Act.RELEASE, "conflict-lost", "n2")),
        (party("n1", N.ANNOUNCED, 1), (party("n2", N.TAKING, 2),), {}, (Act.NOTHING, "", None)),
        (party("n1", N.ANNOUNCED, 1), (party("n2", N.ANNOUNCED, 2),), {}, (Act.RELEASE, "conflict-lost", "n2")),
        (party("n1", N.TAKING, 1, leaving=True), (party("n2"),), {}, (Act.NOTHING, "", None)),
        (party("n1", N.TAKING, 1, leaving=True), (), {}, (Act.RELEASE, "shutdown-alone", None)),
        (
            party("n1", N.TAKING, 1, leaving=True),
            (party("n2"),),
            {"leave_due": True},
            (Act.RELEASE, "shutdown-alone", None),
        ),
        # held
        (party("n1", N.HELD, 1), (party("n2"),), {}, (Act.NOTHING, "", None)),
        (party("n1", N.HELD, 1), (party("n2", N.HELD, 2),), {}, (Act.RELEASE, "conflict-lost", "n2")),
        (party("n1", N.HELD, 3), (party("n2", N.HELD, 2),), {}, (Act.NOTHING, "", None)),
        (party("n1", N.HELD, 3), (party("n2", N.HELD, 2, deaf=True),), {}, (Act.RELEASE, "deaf-peer", "n2")),
        (party("n1", N.HELD, 1, leaving=True), (party("n2"),), {}, (Act.GIVE, "shutdown", "n2")),
        (party("n1", N.HELD, 1, leaving=True), (party("n2", standby=True),), {}, (Act.GIVE, "shutdown", "n2")),
        (party("n1", N.HELD, 1, leaving=True), (party("n2", N.FAILED),), {}, (Act.RELEASE, "shutdown-alone", None)),
        (party("n1", N.HELD, 1), (party("n2", asked=True),), {}, (Act.GIVE, "takeover-asked", "n2")),
        (party("n1", N.HELD, 1, standby=True), (party("n2"),), {}, (Act.GIVE, "standby", "n2")),
        (party("n1", N.HELD, 1, standby=True), (party("n2", standby=True),), {}, (Act.GIVE, "standby", "n2")),
        (party("n1", N.HELD, 1, standby=True), (), {}, (Act.NOTHING, "", None)),
        (party("n1", N.HELD, 1, unable=True), (party("n2"),), {}, (Act.GIVE, "carrier-lost", "n2")),
        (party("n1", N.HELD, 1, unable=True), (party("n2", unable=True),), {}, (Act.NOTHING, "", None)),
        (party("n1", N.HELD, 1), (party("n2", pings=1),), {}, (Act.NOTHING, "", None)),
        (party("n1", N.HELD, 1), (party("n2", pings=1),), {"ping_due": True}, (Act.GIVE, "ping-better", "n2")),
        (party("n1", N.HELD, 1), (party("n2", pings=1),), {"ping_due": True, "sore": True}, (Act.NOTHING, "", None)),
        (party("n2", N.HELD, 1), (party("n1"),), {"failback": True}, (Act.GIVE, "failback", "n1")),
        (party("n2", N.HELD, 1), (party("n1"),), {}, (Act.NOTHING, "", None)),
        (party("n2", N.HELD, 1), (party("n1"),), {"failback": True, "sore": True}, (Act.NOTHING, "", None)),
        (party("n2", N.HELD, 1), (party("n1", settled=False),), {"failback": True}, (Act.NOTHING, "", None)),
        (party("n2", N.HELD, 1, pings=1), (party("n1"),), {"failback": True}, (Act.NOTHING, "", None)),
        (party("n2", N.HELD, 1), (party("n1", standby=True),), {"failback": True}, (Act.NOTHING, "", None)),
        # giving
        (party("n1", N.OFFERED, 1, to="n2"), (party("n2"),), {}, (Act.NOTHING, "", None)),
        (party("n1", N.OFFERED, 1, to="n2"), (party("n2", N.TAKING, 2),), {"offer_due": True}, (Act.NOTHING, "", None)),
        (
            party("n1", N.OFFERED, 1, to="n2"),
            (party("n2", N.ANNOUNCED, 2),),
            {},
            (Act.RELEASE, "handed-over", "n2"),
        ),
        (party("n1", N.OFFERED, 1, to="n2"), (), {}, (Act.RECLAIM, "target-gone", "n2")),
        (party("n1", N.OFFERED, 1, to="n2"), (party("n2", N.FAILED),), {}, (Act.RECLAIM, "target-gone", "n2")),
        (party("n1", N.OFFERED, 1, to="n2"), (party("n2"),), {"offer_due": True}, (Act.RECLAIM, "target-silent", "n2")),
        (party("n1", N.GIVING, 1, to="n2"), (), {}, (Act.NOTHING, "", None)),
        (
            party("n1", N.OFFERED, 1, to="n2", leaving=True),
            (party("n2"),),
            {"offer_due": True},
            (Act.RELEASE, "shutdown-unanswered", "n2"),
        ),
        (
            party("n1", N.OFFERED, 1, to="n2", leaving=True),
            (party("n2", N.TAKING, 2),),
            {"offer_due": True, "leave_due": True},
            (Act.RELEASE, "shutdown-unanswered", "n2"),
        ),
        # would not stop, would not start, on the way out
        (party("n1", N.STUCK, 1), (party("n2", N.HELD, 2),), {}, (Act.NOTHING, "", None)),
        (
            party("n1", N.STUCK, 1),
            (party("n2", N.HELD, 2),),
            {"stuck_due": True},
            (Act.RELEASE, "stop-again", "n2"),
        ),
        (party("n1", N.STUCK, 1, leaving=True), (), {"stuck_due": True}, (Act.RELEASE, "stop-again", None)),
        (party("n1", N.STUCK, 1), (party("n2"),), {"stuck_due": True}, (Act.RECLAIM, "stop-failed-kept", None)),
        (party("n1", N.FAILED), (), {}, (Act.NOTHING, "", None)),
        (party("n1", N.FAILED), (party("n2", N.FAILED),), {"forgive_due": True}, (Act.FORGIVE, "retry", None)),
        (party("n1", N.FAILED), (party("n2"),), {"forgive_due": True}, (Act.NOTHING, "", None)),
        (party("n1", N.RELEASING), (), {}, (Act.NOTHING, "", None)),
    ],
)
def test_verdicts(me: Party, others: tuple[Party, ...], clues: dict[str, Any], expected: Any) -> None:
    assert verdict(me, *others, **clues) == expected


# --- any situation ----------------------------------------------------------------------------------------

NAMES = ("n1", "n2", "n3")


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    letter = draw(st.sampled_from(Letter))
    giving = letter in (N.GIVING, N.OFFERED)
    return Entry(
        letter,
        draw(st.integers(0, 3)),
        draw(st.sampled_from(NAMES)) if giving else None,
        draw(st.booleans()),
        draw(st.booleans()),
        draw(st.booleans()),
    )


@st.composite
def worlds(draw: st.DrawFn, hearing: bool = False) -> tuple[Party, ...]:
    flags = st.booleans()
    return tuple(
        Party(
            name,
            index,
            draw(entries()),
            active=draw(flags),
            leaving=draw(flags),
            preferred=name == "n1",
            pings=draw(st.integers(0, 2)),
            deaf=False if hearing else draw(flags),
            echoed=draw(flags),
            settled=draw(flags),
        )
        for index, name in enumerate(NAMES[: draw(st.integers(1, 3))])
    )


ANY_CLUES = st.builds(
    Clues,
    **dict.fromkeys(
        (
            *("adopt_due", "offer_due", "leave_due", "ping_due", "forgive_due", "stuck_due"),
            *("wait_cold", "sore", "failback", "patience_over"),
        ),
        st.booleans(),
    ),
)

ASKS = {
    Act.WANT: Ask.WANT,
    Act.WITHDRAW: Ask.WITHDRAW,
    Act.TAKE: Ask.TAKE,
    Act.GIVE: Ask.GIVE,
    Act.RECLAIM: Ask.RECLAIM,
    Act.RELEASE: Ask.RELEASE,
    Act.FORGIVE: Ask.FORGIVE,
}
STATES = {
    N.IDLE: State.IDLE,
    N.FOUND: State.FOUND,
    N.WANTING: State.WANTING,
    N.TAKING: State.TAKING,
    N.ANNOUNCED: State.TAKING,
    N.HELD: State.HELD,
    N.GIVING: State.GIVING,
    N.OFFERED: State.GIVING,
    N.RELEASING: State.RELEASING,
    N.FAILED: State.FAILED,
    N.STUCK: State.STUCK,
}


@settings(max_examples=200)
@given(worlds(), ANY_CLUES)
def test_every_verdict_is_possible_and_has_a_reason(world: tuple[Party, ...], clues: Clues) -> None:
    me, others = world[0], world[1:]
    found = decide(me, others, clues)
    if found.act is Act.NOTHING:
        assert found == NOTHING
        return
    assert found.code in CATALOGUE
    assert (STATES[me.entry.letter], ASKS[found.act]) in TABLE
    assert found.peer is None or found.peer in NAMES


@settings(max_examples=200)
@given(worlds(), ANY_CLUES)
def test_nobody_takes_from_a_living_holder_that_does_not_offer(world: tuple[Party, ...], clues: Clues) -> None:
    me, others = world[0], world[1:]
    assume(me.entry.letter not in HOLDERS)
    if decide(me, others, clues).act is Act.TAKE:
        for peer in others:
            assert peer.entry.letter not in HOLDERS or (peer.entry.letter is N.OFFERED and peer.entry.to == me.name)


@settings(max_examples=200)
@given(worlds(), ANY_CLUES)
def test_nobody_takes_before_every_peer_that_hears_has_seen_the_claim(world: tuple[Party, ...], clues: Clues) -> None:
    me, others = world[0], world[1:]
    assume(me.entry.letter in (N.IDLE, N.WANTING))
    found = decide(me, others, clues)
    if found.act is Act.TAKE and found.code != "handed":
        assert all(peer.deaf or (me.entry.letter is N.WANTING and peer.echoed) for peer in others)


@settings(max_examples=200)
@given(worlds(hearing=True), ANY_CLUES)
def test_a_conflict_between_nodes_that_hear_each_other_leaves_exactly_one(
    world: tuple[Party, ...], clues: Clues
) -> None:
    """Everybody holds with addresses, nobody is leaving or giving: all but one let go, whatever the order."""
    world = tuple(
        replace(party, entry=Entry(N.HELD, party.entry.claim), active=True, leaving=False, pings=0) for party in world
    )
    verdicts = [
        decide(me, tuple(other for other in world if other is not me), replace(clues, failback=False)) for me in world
    ]
    assert [found.act for found in verdicts].count(Act.RELEASE) == len(world) - 1


@settings(max_examples=200)
@given(worlds(hearing=True), ANY_CLUES)
def test_of_several_claims_exactly_one_goes_on(world: tuple[Party, ...], clues: Clues) -> None:
    world = tuple(
        replace(party, entry=Entry(N.WANTING, party.entry.claim), active=True, leaving=False, echoed=True)
        for party in world
    )
    verdicts = [decide(me, tuple(other for other in world if other is not me), clues).act for me in world]
    assert verdicts.count(Act.TAKE) == 1
    assert verdicts.count(Act.WITHDRAW) == len(world) - 1


@settings(max_examples=200)
@given(worlds(), ANY_CLUES)
def test_a_holder_with_addresses_lets_go_only_to_addresses_or_to_leave(world: tuple[Party, ...], clues: Clues) -> None:
    me, others = world[0], world[1:]
    assume(me.entry.letter in ADDRESSED)
    found = decide(me, others, clues)
    if found.act is Act.RELEASE and not me.leaving:
        assert any(peer.entry.letter in ADDRESSED for peer in others)


@settings(max_examples=200)
@given(worlds(), ANY_CLUES)
def test_what_would_not_stop_is_never_given(world: tuple[Party, ...], clues: Clues) -> None:
    me = replace(world[0], entry=Entry(N.STUCK, 1))
    assert decide(me, world[1:], clues).act in (Act.NOTHING, Act.RELEASE, Act.RECLAIM)
