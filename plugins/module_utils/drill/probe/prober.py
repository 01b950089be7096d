# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every kind of probe implements, and what it may ask of the runner.

A prober starts an attempt and returns at once; the answer is reported later through the
hub. It never sleeps, never waits, and keeps no clock: pace, timeouts and the times of a
sample are the runner's.
"""

from __future__ import annotations

import errno
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Optional, Union

from ..model import Outcome
from .spec import ProbeSpec

__all__ = ["Answer", "Endpoint", "Hub", "Prober", "Watched", "outcome_of", "resolve"]

_OUTCOMES: Mapping[int, Outcome] = {
    errno.ECONNREFUSED: Outcome.REFUSED,
    errno.ECONNRESET: Outcome.RESET,
    errno.ECONNABORTED: Outcome.RESET,
    errno.EPIPE: Outcome.RESET,
    errno.ENOTCONN: Outcome.RESET,
    errno.EHOSTUNREACH: Outcome.UNREACHABLE,
    errno.ENETUNREACH: Outcome.UNREACHABLE,
    errno.EHOSTDOWN: Outcome.UNREACHABLE,
    errno.ENETDOWN: Outcome.UNREACHABLE,
    errno.ETIMEDOUT: Outcome.TIMEOUT,
}


Watched = Union[socket.socket, int]
"""What can be waited for: a socket, or a file descriptor."""


class Answer(NamedTuple):
    """How an attempt ended, for a prober that tells it late."""

    outcome: Outcome
    detail: Optional[Mapping[str, Any]]
    latency_us: int


class Hub(ABC):
    """The runner, as one prober sees it."""

    @abstractmethod
    def watch(self, sock: Watched, events: int, ready: Callable[[int], None]) -> None:
        """Call ``ready(mask)`` when the socket is ready; a second call changes both."""

    @abstractmethod
    def unwatch(self, sock: Watched) -> None:
        """Stop watching; harmless for a socket that is not watched."""

    @abstractmethod
    def done(self, seq: int, outcome: Outcome, detail: Optional[Mapping[str, Any]] = None) -> None:
        """Report the end of an attempt; ignored when the attempt has already timed out."""

    @abstractmethod
    def waits(self, seq: int) -> bool:
        """Whether attempt ``seq`` is still waiting for its end."""

    @abstractmethod
    def age_us(self, seq: int) -> int:
        """How long ago attempt ``seq`` was sent; 0 for one that has ended."""


class Prober(ABC):
    """One probe of one kind; ``open`` once, ``send`` at every slot."""

    def __init__(self, spec: ProbeSpec, hub: Hub) -> None:
        self.spec = spec
        self.hub = hub

    @abstractmethod
    def open(self) -> None:
        """Get ready: resolve names, open sockets shared by all attempts. May raise OSError."""

    @abstractmethod
    def send(self, seq: int) -> None:
        """Start attempt ``seq`` without blocking."""

    @abstractmethod
    def abandon(self, seq: int) -> Optional[Answer]:
        """Release what attempt ``seq`` holds: its time is over.

        Returns what the sample should say instead of "timeout": a probe that collects several
        answers to one question only knows at the end what they come to.
        """

    @abstractmethod
    def close(self) -> None:
        """Release everything."""


def outcome_of(number: Optional[int]) -> Outcome:
    """The outcome a system error stands for; what only the client host can cause is LOCAL."""
    return _OUTCOMES.get(number or 0, Outcome.LOCAL)


class Endpoint(NamedTuple):
    """A resolved target."""

    family: socket.AddressFamily
    address: tuple[Any, ...]


def resolve(spec: ProbeSpec, kind: socket.SocketKind) -> Endpoint:
    """The target's first address; done once per run, so that names cost no probe its time.

    Raises OSError (socket.gaierror) for a name that does not resolve.
    """
    family = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}.get(spec.family, socket.AF_UNSPEC)
    found = socket.getaddrinfo(spec.target, spec.port or 0, family, kind)
    return Endpoint(found[0][0], found[0][4])
