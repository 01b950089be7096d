# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``rc.d/status``: a script that is told of every change of a peer's status, as in Linux-HA heartbeat 3.0.6.

Calls go out one at a time and in order: a slow script delays later calls, never the daemon.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Callable, Protocol

from ..core.effects import Level
from .worker import Outcome, Task

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_S = 30.0
_MAX_WAITING = 256


class Runner(Protocol):
    """What runs programs apart from the loop."""

    def run(self, task: Task, done: Callable[[Outcome], None]) -> int:
        """Start a task; ``done`` is called later."""


class Hooks:
    """The notification script, if there is one."""

    def __init__(self, runner: Runner, log: Callable[[Level, str, Mapping[str, str]], None]) -> None:
        self._runner, self._log = runner, log
        self._path = ""
        self._environment: dict[str, str] = {}
        self._waiting: deque[Task] = deque()
        self._busy = False

    def configure(self, config_directory: str, environment: Mapping[str, str]) -> None:
        """Look for the script once; it is called with this environment."""
        path = os.path.join(config_directory, "rc.d", "status")
        self._path = path if os.access(path, os.X_OK) else ""
        self._environment = dict(environment)

    def peer_status(self, peer: str, status: str) -> None:
        """Tell the script that a peer (or ping node) is init, up, active, dead or ping."""
        if self._path and len(self._waiting) < _MAX_WAITING:
            env = {**self._environment, "HA_st": status, "HA_src": peer, "HA_info": "ping" if status == "ping" else ""}
            self._waiting.append(Task((self._path, "status"), tuple(sorted(env.items())), TIMEOUT_S))
            self._next()

    def _next(self) -> None:
        if self._waiting and not self._busy:
            self._busy = True
            self._runner.run(self._waiting.popleft(), self._done)

    def _done(self, outcome: Outcome) -> None:
        self._busy = False
        if not outcome.ok:
            self._log(Level.WARNING, "hook-failed", {"hook": self._path, "detail": outcome.describe()})
        self._next()
