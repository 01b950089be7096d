# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A message comes once per link: its copies are as cheap as they can be, and no way around a change of keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from heartbeat.core.events import LinkAlive
from heartbeat.settings.model import Configuration, Key, KeyRing, Method, Settings
from heartbeat.wire.codec import decode
from heartbeat.wire.envelope import Identity
from heartbeat.wire.errors import Reason
from heartbeat.wire.message import Message
from heartbeat.wire.station import Station

CONFIGURATION = Configuration(
    Settings(nodes=("n1", "n2"), media=(), pings=()), KeyRing(1, (Key(1, Method.SHA1, b"SpecSecretOne"),)), ()
)
ACTIVE = {"n1": "active", "n2": "active"}


def station(name: str) -> Station:
    return Station(Identity(name, name.encode().ljust(16, b"-"), 100), CONFIGURATION, lambda low, high: low)


def test_a_copy_from_another_link_is_not_verified_again_unless_the_keys_have_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verified: list[bytes] = []

    def counting(datagram: bytes, keyring: KeyRing) -> Any:
        verified.append(datagram)
        return decode(datagram, keyring)

    monkeypatch.setattr("heartbeat.wire.station.decode", counting)
    one, two = station("n1"), station("n2")
    status = Message.of(("t", "status"), ("st", "active"), ("dt", "7d0"), ("protocol", "1"))
    (datagram,) = one.send(status, 0, 0x6B002F0D, "0.1")
    assert len(two.receive(datagram, "eth1", 0, ACTIVE).events) == 2
    assert two.receive(datagram, "eth2", 0, ACTIVE).events == (LinkAlive("n1", "eth2"),)
    assert verified == [datagram]
    two.reconfigure(replace(CONFIGURATION, keyring=KeyRing(1, (Key(1, Method.SHA1, b"another"),))))
    reception = two.receive(datagram, "eth2", 0, ACTIVE)
    assert reception.rejected is not None
    assert reception.rejected.reason is Reason.BAD_DIGEST
    assert reception.events == ()
