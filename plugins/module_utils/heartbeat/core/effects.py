# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node wants done. Effects are values; the daemon carries them out in order, the simulator plays them."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Union

from ..wire.message import Message


@dataclass(frozen=True)
class Send:
    """Send to the cluster. ``message`` holds the type-specific fields (and ``dest`` where directed);
    the station adds the control fields (src, srcuuid, seq, hg, ts, ld, ttl), signs and keeps history."""

    message: Message


@dataclass(frozen=True)
class StartGroup:
    """Bring a group up: addresses and services left to right; what already runs is left running,
    addresses are announced in any case. Reports ADDRESSES_UP, then STARTED, or START_FAILED."""

    key: str


@dataclass(frozen=True)
class StopServices:
    """Stop the group's services right to left, keep its addresses. Reports SERVICES_STOPPED or STOP_FAILED."""

    key: str


@dataclass(frozen=True)
class StopGroup:
    """Stop everything of a group right to left. Reports STOPPED or STOP_FAILED."""

    key: str


@dataclass(frozen=True)
class Announce:
    """Send gratuitous ARP / unsolicited neighbour advertisements for a group's addresses again."""

    key: str


class Level(enum.Enum):
    """Log levels, by syslog's names."""

    DEBUG = "debug"
    INFO = "info"
    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "err"
    CRITICAL = "crit"


@dataclass(frozen=True)
class Log:
    """One decision or observation: ``code`` is a key of the reason catalogue, ``facts`` fill its sentence."""

    level: Level
    code: str
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The result of a ``Command``."""

    request: int
    ok: bool
    text: str


@dataclass(frozen=True)
class BecameActive:
    """Start-up is complete: readiness is announced, respawn clients start."""


@dataclass(frozen=True)
class PeerStatusChanged:
    """For notification scripts and ``rc.d`` hooks: status is init, up, active, dead or ping."""

    peer: str
    status: str


@dataclass(frozen=True)
class Exit:
    """Everything is released: the daemon ends."""


Effect = Union[Send, StartGroup, StopServices, StopGroup, Announce, Log, Answer, BecameActive, PeerStatusChanged, Exit]

Effects = tuple[Effect, ...]
