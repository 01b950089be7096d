# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The transition table: complete in what it says, silent in what it does not say."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.core.events import Stage
from heartbeat.core.invariant import BrokenInvariant
from heartbeat.core.ownership import TABLE, Ask, Hold, Input, Order, Ownership, State
from heartbeat.simulator.samples import VIP, WEB, sample_groups

#: How to bring a group into each state, by inputs alone.
PATHS: dict[State, tuple[Input, ...]] = {
    State.IDLE: (),
    State.FOUND: (Stage.FOUND,),
    State.WANTING: (Ask.WANT,),
    State.TAKING: (Ask.TAKE,),
    State.HELD: (Ask.TAKE, Stage.ADDRESSES_UP, Stage.STARTED),
    State.GIVING: (Ask.TAKE, Stage.STARTED, Ask.GIVE),
    State.RELEASING: (Ask.TAKE, Stage.STARTED, Ask.RELEASE),
    State.FAILED: (Ask.TAKE, Stage.START_FAILED),
    State.STUCK: (Ask.TAKE, Stage.STARTED, Ask.RELEASE, Stage.STOP_FAILED),
}
INPUTS: tuple[Input, ...] = (*Ask, *Stage)


def table_in(state: State, key: str = WEB) -> Ownership:
    table = Ownership(sample_groups(), 0)
    for what in PATHS[state]:
        assert table.apply(key, what, 1, "n1") is not None
    assert table[key].state is state
    return table


@pytest.mark.parametrize(("state", "what"), list(itertools.product(State, INPUTS)), ids=str)
def test_every_pair_does_what_its_row_says_or_nothing(state: State, what: Input) -> None:
    table = table_in(state)
    before = Hold(**vars(table[WEB]))
    order = table.apply(WEB, what, 7, "n1")
    row = TABLE.get((state, what))
    if row is None or (state, what) == (State.GIVING, Ask.RECLAIM):  # a stop must end before a start
        assert order is None
        assert table[WEB] == before
    else:
        assert table[WEB].state is row.next
        assert order is row.order
        assert table[WEB].why == row.why
        assert table[WEB].since_ns == (7 if row.next is not state else 1 if state is not State.IDLE else 0)


def test_every_row_has_a_reason_and_every_state_a_way_out() -> None:
    assert all(row.why and not row.why.endswith(".") for row in TABLE.values())
    for state in State:
        assert any(row.next is not state for (origin, _), row in TABLE.items() if origin is state)
        assert state is State.IDLE or any(row.next is state for row in TABLE.values())


def test_a_group_without_services_is_offered_at_once() -> None:
    table = table_in(State.HELD, VIP)
    assert table.apply(VIP, Ask.GIVE, 2, "n2") is Order.NOTHING
    assert table[VIP].services_stopped
    assert table[VIP].to == "n2"
    assert table.apply(VIP, Ask.RECLAIM, 3) is Order.START
    assert not table[VIP].services_stopped
    assert table[VIP].to is None


def test_a_group_with_services_is_offered_when_they_have_stopped() -> None:
    table = table_in(State.GIVING)
    assert table.apply(WEB, Ask.RECLAIM, 3) is None
    table.apply(WEB, Stage.SERVICES_STOPPED, 4)
    assert table[WEB].services_stopped
    assert table[WEB].to == "n1"
    assert table.apply(WEB, Ask.RECLAIM, 5) is Order.START


def test_unknown_groups_are_nobodys_business() -> None:
    table = Ownership(sample_groups(), 0)
    assert table.apply("10.9.9.9", Ask.TAKE, 1) is None
    assert "10.9.9.9" not in table


def test_vanished_groups_stay_until_they_are_down() -> None:
    table = table_in(State.HELD)
    assert table.reconfigure(sample_groups()[:1], 2) == (WEB,)
    assert table.configured() == (VIP,)
    assert table.present() == (WEB,)
    assert table.held() == (WEB,)
    table.apply(WEB, Ask.RELEASE, 3)
    table.apply(WEB, Stage.STOPPED, 4)
    assert WEB not in table


def test_a_vanished_group_with_nothing_here_is_forgotten_at_once() -> None:
    table = table_in(State.WANTING)
    assert table.reconfigure(sample_groups()[:1], 2) == ()
    assert WEB not in table


@pytest.mark.parametrize(
    "broken",
    [
        {"state": State.IDLE, "address": True},
        {"state": State.HELD, "address": False},
        {"state": State.HELD, "address": True, "to": "n2"},
        {"state": State.GIVING, "address": True},
        {"state": State.HELD, "address": True, "services_stopped": True},
    ],
)
def test_broken_invariants_are_noticed(broken: dict[str, Any]) -> None:
    table = Ownership(sample_groups(), 0)
    table.holds[VIP] = Hold(VIP, **broken)
    with pytest.raises(BrokenInvariant):
        table.check_invariants()


@given(st.lists(st.tuples(st.sampled_from([VIP, WEB]), st.sampled_from(INPUTS)), max_size=60))
def test_no_sequence_of_inputs_breaks_an_invariant(sequence: list[tuple[str, Input]]) -> None:
    table = Ownership(sample_groups(), 0)
    for now, (key, what) in enumerate(sequence):
        table.apply(key, what, now, "n2")  # checks the invariants itself
    assert set(table.held()) <= set(table.present())
