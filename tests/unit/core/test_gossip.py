# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.core import gossip
from heartbeat.core.gossip import IDLE_ENTRY, Entry, Gossip, Letter
from heartbeat.core.ownership import Hold, State
from heartbeat.wire.message import Message

NUMBERS = st.integers(0, 2**64 - 1)
NAMES = st.from_regex(r"[a-z0-9][a-z0-9.-]{0,20}", fullmatch=True)
STAMPS = st.tuples(NUMBERS, NUMBERS)
ENTRIES = st.builds(
    Entry,
    letter=st.sampled_from(Letter),
    claim=NUMBERS,
    to=st.none() | NAMES,
    standby=st.booleans(),
    asked=st.booleans(),
    unable=st.booleans(),
)
IDS = st.from_regex(r"[0-9a-f]{8}", fullmatch=True)


def status(*pairs: tuple[str, str]) -> Message:
    return Message.of(("t", "status"), ("st", "active"), *pairs)


@given(
    STAMPS,
    st.integers(0, 100),
    st.booleans(),
    st.dictionaries(NAMES, STAMPS, max_size=3),
    st.dictionaries(IDS, ENTRIES, max_size=4),
)
def test_what_is_told_is_what_is_heard(
    stamp: gossip.Stamp,
    pings: int,
    leaving: bool,
    echoes: dict[str, gossip.Stamp],
    entries: dict[str, Entry],
) -> None:
    told = gossip.fields(stamp, echoes, gossip.body(entries, pings, leaving))
    plain = {gid: entry for gid, entry in entries.items() if entry != IDLE_ENTRY}
    assert gossip.decode(status(*told)) == Gossip(stamp, pings, leaving, echoes, plain)


@given(st.dictionaries(st.sampled_from(["sf", "sv", "sp", "sl", "se", "sg"]), st.text(max_size=60)))
def test_noise_is_never_an_error(noise: dict[str, str]) -> None:
    gossip.decode(status(*((name, text.encode("utf-8", "replace").decode()) for name, text in noise.items())))


def test_a_typical_status_stays_small() -> None:
    entries = {f"0000000{number}": Entry(Letter.HELD, 5) for number in range(3)}
    told = gossip.fields((10**12, 40), {"node2": (10**12, 41)}, gossip.body(entries, 1, False))
    assert sum(len(f"(0){name}={value}") + 4 for name, value in told) < 160


@pytest.mark.parametrize("missing", ["sf", "sv"])
def test_a_peer_without_mark_or_stamp_tells_nothing(missing: str) -> None:
    told = gossip.fields((1, 2), {}, ())
    assert gossip.decode(status(*told)) is not None
    assert gossip.decode(status(*(pair for pair in told if pair[0] != missing))) is None


def test_what_cannot_be_understood_is_left_out() -> None:
    message = status(
        ("sf", "1"),
        ("sv", "1.2"),
        ("sp", "many"),
        ("se", "n1:zz,:1.1,n2:3.4"),
        ("sg", "0123abcd:h5,0123abcd,zz:h1,89abcdef:q1,89abcdef:g7-!~>n2,11111111:h1?"),
    )
    assert gossip.decode(message) == Gossip(
        (1, 2),
        0,
        False,
        {"n2": (3, 4)},
        {"0123abcd": Entry(Letter.HELD, 5), "89abcdef": Entry(Letter.GIVING, 7, "n2", True, True, True)},
    )


@pytest.mark.parametrize(
    ("hold", "letter"),
    [
        (Hold("k", State.TAKING), Letter.TAKING),
        (Hold("k", State.TAKING, address=True), Letter.ANNOUNCED),
        (Hold("k", State.GIVING, address=True, to="n2"), Letter.GIVING),
        (Hold("k", State.GIVING, address=True, services_stopped=True, to="n2"), Letter.OFFERED),
        (Hold("k", State.STUCK), Letter.STUCK),
    ],
)
def test_letters(hold: Hold, letter: Letter) -> None:
    assert gossip.letter(hold) is letter
    assert {state for state in State if state not in (State.TAKING, State.GIVING)} == set(gossip._PLAIN)


def test_short_ids_grow_until_they_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {len(gid) for gid in gossip.group_ids(["a", "b"]).values()} == {8}

    class Twins:
        def __init__(self, data: bytes) -> None:
            self._data = data

        def hexdigest(self) -> str:
            return "0" * 10 + self._data.hex()

    monkeypatch.setattr(hashlib, "sha256", Twins)
    assert gossip.group_ids(["a", "b"]) == {"a": "0" * 10 + "61", "b": "0" * 10 + "62"}
