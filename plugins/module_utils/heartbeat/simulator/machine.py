# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated machine: its addresses and services outlive the daemon on it, but not its power.

It stands in for the host side of the daemon: it carries out starts and stops with latencies, and fails them when told
to.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..core.clock import MS
from ..core.events import GroupReport, Stage
from ..core.node import Node
from ..settings.model import Configuration
from .courier import Courier, Parcel


@dataclass
class Timing:
    """Latencies of the host (ns): (least, most). The defaults are those of rtnetlink and of a quick service."""

    address: tuple[int, int] = (50_000, 300_000)
    service: tuple[int, int] = (20 * MS, 200 * MS)


@dataclass
class Scripts:
    """How the services of one group behave on one machine."""

    start_fails: bool = False
    stop_fails: bool = False
    extra_ns: int = 0


#: One step of an operation: after so many ns, this changes, and this is reported.
Step = tuple[int, "str | None", "Stage | None"]


@dataclass
class Machine:
    """``node`` is None while no daemon runs. ``frozen_since``: the daemon is stopped (SIGSTOP) since then."""

    name: str
    configuration: Configuration
    rng: random.Random
    timing: Timing = field(default_factory=Timing)
    node: Node | None = None
    courier: Courier | None = None
    generation: int = 0
    powered: bool = True
    frozen_since: int | None = None
    backlog: list[tuple[Parcel, str, int]] = field(default_factory=list)
    reports: list[GroupReport] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    scripts: dict[str, Scripts] = field(default_factory=dict)
    operation: dict[str, int] = field(default_factory=dict)  # key -> number of the operation in force
    run: int = 0  # counts lives of the daemon, so that what an earlier one started ends with it

    def running(self) -> bool:
        """Is there a daemon, and does it get processor time?"""
        return self.node is not None and self.frozen_since is None

    def script(self, key: str) -> Scripts:
        """How a group's services behave here."""
        return self.scripts.setdefault(key, Scripts())

    def has_services(self, key: str) -> bool:
        """Does the group have services at all?"""
        return any(group.key == key and group.services() for group in self.configuration.groups)

    def begin(self, key: str) -> int:
        """A new operation of a group supersedes the one before."""
        self.operation[key] = self.operation.get(key, 0) + 1
        return self.operation[key]

    def starting(self, key: str) -> Iterator[Step]:
        """Addresses first, then services. A failed start takes down again what it brought up."""
        script = self.script(key)
        yield self._address_ns(), "+address", Stage.ADDRESSES_UP
        if self.has_services(key):
            yield self._service_ns(key), None if script.start_fails else "+service", None
        if script.start_fails:
            yield self._address_ns(), "-address", Stage.START_FAILED
        else:
            yield 0, None, Stage.STARTED

    def stopping_services(self, key: str) -> Iterator[Step]:
        """Services only."""
        fails = self.script(key).stop_fails and self.has_services(key)
        wait = self._service_ns(key) if self.has_services(key) else 0
        yield wait, None if fails else "-service", Stage.STOP_FAILED if fails else Stage.SERVICES_STOPPED

    def stopping(self, key: str) -> Iterator[Step]:
        """Services first, then addresses."""
        fails = self.script(key).stop_fails and self.has_services(key)
        if key in self.services or fails:
            yield self._service_ns(key), None if fails else "-service", Stage.STOP_FAILED if fails else None
        if not fails:
            yield self._address_ns(), "-address", Stage.STOPPED

    def change(self, key: str, what: str) -> None:
        """Carry out one change of a step."""
        stock = self.addresses if what.endswith("address") else self.services
        if what.startswith("+"):
            stock.add(key)
        else:
            stock.discard(key)

    def _address_ns(self) -> int:
        return self.rng.randint(*self.timing.address)

    def _service_ns(self, key: str) -> int:
        return self.rng.randint(*self.timing.service) + self.script(key).extra_ns
