# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a configuration is checked against on a node: the questions, not the answers.

``this_machine`` answers them for the machine it runs on; tests answer them from data."""

from __future__ import annotations

import abc
from dataclasses import dataclass


@dataclass(frozen=True)
class LocalAddress:
    """An address that is configured now. ``label`` is the interface or its alias, as in ``eth0:1``."""

    ip: str
    label: str


@dataclass(frozen=True)
class LocalNetwork:
    """A network that is directly reachable: ``10.0.0.0/24`` through ``device``."""

    network: str
    device: str


@dataclass(frozen=True)
class NetworkFile:
    """A file from which the operating system configures addresses at boot."""

    path: str
    text: str


class Machine(abc.ABC):
    """One machine. No answer raises; what cannot be found out is answered as absent."""

    @abc.abstractmethod
    def interfaces(self) -> tuple[str, ...]:
        """Names of the network interfaces."""

    @abc.abstractmethod
    def addresses(self) -> tuple[LocalAddress, ...]:
        """The addresses configured now, IPv4 and IPv6."""

    @abc.abstractmethod
    def networks(self) -> tuple[LocalNetwork, ...]:
        """The directly reachable networks."""

    @abc.abstractmethod
    def network_files(self) -> tuple[NetworkFile, ...]:
        """The operating system's own network configuration."""

    @abc.abstractmethod
    def user_exists(self, name: str) -> bool:
        """Whether there is such a user."""

    @abc.abstractmethod
    def is_executable(self, path: str) -> bool:
        """Whether ``path`` is a regular file that may be executed."""

    @abc.abstractmethod
    def has_unit(self, unit: str) -> bool:
        """Whether systemd has this unit, e.g. ``nginx.service``."""

    @abc.abstractmethod
    def service_names(self) -> tuple[str, ...]:
        """Names that could have been meant: scripts in resource.d and init.d, systemd services."""

    @abc.abstractmethod
    def runs_daemon(self) -> bool:
        """Whether a heartbeat daemon runs here (its addresses are then no surprise)."""
