# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of datagrams, by peer, link and result."""

from __future__ import annotations

from dataclasses import replace

import pytest

from heartbeat.settings.model import Configuration, Key, KeyRing, Method, Settings
from heartbeat.wire.envelope import Identity
from heartbeat.wire.errors import Reason
from heartbeat.wire.message import Message
from heartbeat.wire.station import Station
from heartbeat.wire.traffic import LOST, OK, RESULTS

RING = KeyRing(1, (Key(1, Method.SHA1, b"one-secret"),))
CONFIGURATION = Configuration(Settings(nodes=("n1", "n2"), media=()), RING, ())
STATUS = Message.of(("t", "status"), ("st", "active"), ("dt", "7d0"), ("protocol", "1"))


def station(name: str, keyring: KeyRing = RING) -> Station:
    identity = Identity(name, name.encode().ljust(16, b"-"), 100)
    return Station(identity, replace(CONFIGURATION, keyring=keyring), lambda a, b: a)


def send(one: Station) -> bytes:
    return one.send(STATUS, 0, 1_700_000_000, "0 0 0 1/1 1")[0]


def counted(one: Station) -> dict[tuple[str, str, str], int]:
    return {
        (str(row["peer"]), str(row["link"]), str(row["result"])): int(row["count"]) for row in one.traffic.as_list()
    }


def test_every_reason_has_a_result() -> None:
    assert set(RESULTS) == set(Reason)
    assert {OK, LOST}.isdisjoint(RESULTS.values())


def test_the_same_message_over_two_links_is_ok_once_and_a_duplicate_once() -> None:
    one, two = station("n1"), station("n2")
    datagram = send(one)
    for link in ("eth0", "eth1"):
        two.receive(datagram, link, 0, {})
    assert counted(two) == {("n1", "eth0", "ok"): 1, ("n1", "eth1", "dup"): 1}


def test_missing_messages_are_lost_once_each_and_belong_to_no_link() -> None:
    one, two = station("n1"), station("n2")
    two.receive(send(one), "eth0", 0, {"n1": "active"})
    for _lost in range(3):
        send(one)
    two.receive(send(one), "eth0", 0, {"n1": "active"})
    assert counted(two) == {("n1", "", "lost"): 3, ("n1", "eth0", "ok"): 2}


@pytest.mark.parametrize(
    ("ring", "result"),
    [
        (KeyRing(1, (Key(1, Method.SHA1, b"another-secret"),)), "badauth"),
        (KeyRing(2, (Key(2, Method.SHA1, b"one-secret"),)), "badkey"),
    ],
)
def test_what_is_not_authentic_counts_for_no_peer_whatever_it_claims(ring: KeyRing, result: str) -> None:
    stranger, two = station("n1", ring), station("n2")
    two.receive(send(stranger), "eth0", 0, {})
    two.receive(b"noise", "eth0", 0, {})
    assert counted(two) == {("", "eth0", result): 1, ("", "eth0", "malformed"): 1}


def test_our_own_echo_is_neither_ok_nor_an_error() -> None:
    two = station("n2")
    two.receive(send(two), "eth0", 0, {})
    assert counted(two) == {("", "eth0", "own"): 1}


def test_an_acknowledgement_counts_as_ok_and_a_wrong_one_as_malformed() -> None:
    one, two = station("n1"), station("n2")
    send(two)
    two.receive(send(one), "eth1", 0, {})
    for seq in ("1", "ffff"):
        ack = Message.of(("t", "NS_ackmsg"), ("dest", "n2"), ("ackseq", seq))
        two.receive(one.send(ack, 0, 1_700_000_000, "0")[0], "eth0", 0, {})
    assert counted(two) == {("n1", "eth0", "malformed"): 1, ("n1", "eth0", "ok"): 1, ("n1", "eth1", "ok"): 1}
