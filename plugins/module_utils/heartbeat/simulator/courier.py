# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two ways to carry messages between simulated nodes, with one interface.

:class:`WireCourier` is the real pipeline: datagrams are numbered, signed, checked, acknowledged and asked for again,
by the same :class:`~..wire.station.Station` as in the daemon. :class:`PlainCourier` hands messages over as they are
and only keeps order of incarnations and drops duplicates; it is several times faster, which buys more schedules.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ..core.effects import Log
from ..core.events import Event, Heard, LinkAlive
from ..settings.model import Configuration
from ..wire.envelope import Identity
from ..wire.message import Message
from ..wire.station import Station

#: A plausible wall clock for the ``ts`` field; decisions never depend on it.
EPOCH_S = 1_700_000_000
NO_MESSAGE = Message()


@dataclass(frozen=True)
class Parcel:
    """What travels between couriers. ``message`` and ``number`` are for the plain one, ``datagram`` for the wire."""

    sender: str
    datagram: bytes = b""
    message: Message = NO_MESSAGE
    number: int = 0
    generation: int = 0


@dataclass(frozen=True)
class Delivery:
    """What came of a parcel: events for the node, answers for everybody, remarks for the log."""

    events: tuple[Event, ...] = ()
    answers: tuple[Parcel, ...] = ()
    logs: tuple[Log, ...] = ()


class Courier(Protocol):
    """One node's end of the network."""

    def send(self, message: Message, now: int) -> tuple[Parcel, ...]:
        """The parcels that carry a message."""

    def receive(self, parcel: Parcel, link: str, now: int, statuses: Mapping[str, str]) -> Delivery:
        """Take in one parcel."""

    def due(self, now: int, statuses: Mapping[str, str]) -> tuple[Parcel, ...]:
        """What has to be sent by now without being asked."""

    def next_deadline(self) -> int | None:
        """When ``due`` has something to do (ns)."""

    def reconfigure(self, configuration: Configuration) -> None:
        """A new configuration is in force."""


class WireCourier:
    """The real pipeline."""

    def __init__(self, name: str, generation: int, configuration: Configuration, rng: random.Random) -> None:
        self._name = name
        uuid = random.Random(name).getrandbits(128).to_bytes(16, "big")
        self._station = Station(Identity(name, uuid, generation), configuration, rng.randint)

    def send(self, message: Message, now: int) -> tuple[Parcel, ...]:
        """Numbered, signed, remembered."""
        return self._parcels(self._station.send(message, now, _wall_s(now), "0.00 0.00 0.00 1/100 1"))

    def receive(self, parcel: Parcel, link: str, now: int, statuses: Mapping[str, str]) -> Delivery:
        """Checked, put in order, acknowledged."""
        reception = self._station.receive(parcel.datagram, link, now, statuses)
        return Delivery(reception.events, self._parcels(reception.datagrams), reception.logs)

    def due(self, now: int, statuses: Mapping[str, str]) -> tuple[Parcel, ...]:
        """Requests for what is missing."""
        return self._parcels(self._station.due(now, _wall_s(now), statuses))

    def next_deadline(self) -> int | None:
        """When a request is due (ns)."""
        return self._station.next_deadline()

    def reconfigure(self, configuration: Configuration) -> None:
        """New keys and nodes."""
        self._station.reconfigure(configuration)

    def _parcels(self, datagrams: tuple[bytes, ...]) -> tuple[Parcel, ...]:
        return tuple(Parcel(self._name, datagram) for datagram in datagrams)


class PlainCourier:
    """Messages as they are; generations and duplicates are minded, lost ones stay lost."""

    def __init__(self, name: str, generation: int, configuration: Configuration, rng: random.Random) -> None:
        del configuration, rng
        self._name = name
        self._generation = generation
        self._number = 0
        self._known: dict[str, tuple[int, set[int]]] = {}

    def send(self, message: Message, now: int) -> tuple[Parcel, ...]:
        """One parcel."""
        del now
        self._number += 1
        return (Parcel(self._name, b"", message, self._number, self._generation),)

    def receive(self, parcel: Parcel, link: str, now: int, statuses: Mapping[str, str]) -> Delivery:
        """Old incarnations are refused, repeated parcels only show that the link lives."""
        del now
        generation, seen = self._known.get(parcel.sender, (-1, set()))
        if parcel.generation < generation:
            return Delivery()
        restarted = parcel.generation > generation
        if restarted:
            if parcel.message.kind != "status":
                return Delivery()
            seen = set()
            self._known[parcel.sender] = (parcel.generation, seen)
        alive = LinkAlive(parcel.sender, link)
        if parcel.number in seen:
            return Delivery((alive,))
        seen.add(parcel.number)
        after_partition = not restarted and statuses.get(parcel.sender) == "dead"
        dest = parcel.message.get("dest")
        for_us = dest in ("", self._name)
        first = generation == -1
        heard = Heard(parcel.sender, parcel.message, link, restarted and not first, after_partition, for_us)
        return Delivery((alive, heard))

    def due(self, now: int, statuses: Mapping[str, str]) -> tuple[Parcel, ...]:
        """Nothing is asked for again."""
        del now, statuses
        return ()

    def next_deadline(self) -> int | None:
        """Never."""
        return None

    def reconfigure(self, configuration: Configuration) -> None:
        """Nothing to know."""


def _wall_s(now: int) -> int:
    return EPOCH_S + now // 1_000_000_000
