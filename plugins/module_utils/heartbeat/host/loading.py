# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a configuration for this machine: files, checks, host names. Everything here may block.

Runs in the main process before the loop exists, and in the worker process for a reload.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

from ..settings.live import check_live
from ..settings.load import LoadResult, load_directory
from ..settings.model import Settings, Ucast
from ..settings.this_machine import ThisMachine
from .notifydir import Found, find_hooks


@dataclass(frozen=True)
class Loaded:
    """The outcome, errors included, the addresses of host names that media and ping nodes use, and the hooks."""

    result: LoadResult
    names: dict[str, str]
    hooks: Found = field(default_factory=Found)


def load(config_directory: str, node_name: str) -> Loaded:
    """Read the directory as the node of this name, checked against this machine just as ``check --live`` does."""
    result = load_directory(config_directory, node_name)
    result = check_live(result, ThisMachine(config_directory), config_directory)
    settings = result.configuration.settings if result.configuration is not None else None
    return Loaded(result, _look_up(settings) if settings is not None else {}, find_hooks(config_directory))


def _look_up(settings: Settings) -> dict[str, str]:
    hosts = {medium.address for medium in settings.media if isinstance(medium, Ucast)}
    hosts |= {member for node in settings.pings for member in node.members}
    found: dict[str, str] = {}
    for host in sorted(hosts):
        try:
            found[host] = str(socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)[0][4][0])
        except OSError:
            continue  # the one who needs it reports it, with the directive
    return found
