# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can happen to a node. Every event is a frozen value; ``Node.handle(event, now)`` is the only way in.

``now`` is an integer of nanoseconds on a monotonic clock (the virtual one in the simulator).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Union

from ..settings.model import Configuration
from ..wire.message import Message


@dataclass(frozen=True)
class Heard:
    """An authentic message of a configured peer got through delivery (in order or late, never a duplicate).

    ``restarted``: the peer's generation rose. ``after_partition``: same generation, but we held it dead.
    ``for_us``: addressed to us or to everybody; otherwise only liveness counts.
    """

    peer: str
    message: Message
    link: str
    restarted: bool = False
    after_partition: bool = False
    for_us: bool = True


@dataclass(frozen=True)
class LinkAlive:
    """An authentic packet of ``peer`` arrived through ``link`` (duplicates count); ``peer`` may be a ping node."""

    peer: str
    link: str


@dataclass(frozen=True)
class PingAnswered:
    """A ping node (or a member of a ping group) answered an echo request."""

    name: str


@dataclass(frozen=True)
class CarrierChanged:
    """The kernel reported a device's carrier."""

    device: str
    up: bool


class Stage(enum.Enum):
    """How far the host is with a group."""

    FOUND = "found"  # at start: the group's addresses are already on this machine (left by a crash)
    ADDRESSES_UP = "addresses-up"  # every address is configured and announced
    STARTED = "started"  # everything of the group runs
    START_FAILED = "start-failed"  # given up and stopped again
    SERVICES_STOPPED = "services-stopped"  # addresses still configured (first half of a hand-over)
    STOPPED = "stopped"  # nothing of the group is left here
    STOP_FAILED = "stop-failed"  # something would not stop: the group must not be given away
    ADDRESS_LOST = "address-lost"  # somebody removed an address by hand


@dataclass(frozen=True)
class GroupReport:
    """The host finished a step of a group."""

    key: str
    stage: Stage
    detail: str = ""


class Verb(enum.Enum):
    """What an operator may ask for."""

    STANDBY = "standby"  # give away all/local/foreign groups, or one
    TAKEOVER = "takeover"  # get all/local/foreign groups, or one
    SHUTDOWN = "shutdown"  # hand over, then exit


@dataclass(frozen=True)
class Command:
    """An operator's request; answered by exactly one ``Answer`` effect with the same ``request``."""

    verb: Verb
    scope: str = "all"  # all | local | foreign | failback | group
    key: str | None = None  # the group, with scope "group"
    request: int = 0


@dataclass(frozen=True)
class Reloaded:
    """A new, valid configuration is in force. Nothing that is still configured moves."""

    configuration: Configuration


@dataclass(frozen=True)
class Tick:
    """A deadline passed (``Node.next_deadline``), or nothing in particular: always harmless."""


@dataclass(frozen=True)
class Woke:
    """This process was not run for ``gap_ms`` (frozen, paused VM): its own lateness is not the peers' silence."""

    gap_ms: int


Event = Union[Heard, LinkAlive, PingAnswered, CarrierChanged, GroupReport, Command, Reloaded, Tick, Woke]

Keys = tuple[str, ...]
