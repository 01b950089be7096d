# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``respawn`` clients: kept running while this node is active, as Linux-HA heartbeat 3.0.6 keeps them.

Started in file order in a session of their own; restarted at once when they end; after a life of less than 30 s
with a pause of 1 s, and not at all after more than ten such lives in a row or after exit code 100. Stopped in
reverse order, with SIGKILL for what does not heed SIGTERM in time.
"""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Protocol

from ..core.effects import Level
from .clock import SECOND
from .worker import Outcome, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..settings.model import Respawn
    from .loop import Loop, Timer

NEVER_AGAIN = 100
SHORT_LIFE_NS = 30 * SECOND
SHORT_LIVES = 10
PAUSE_NS = 1 * SECOND
STOP_PATIENCE_NS = 5 * SECOND


class Runner(Protocol):
    """What runs programs apart from the loop."""

    def run(self, task: Task, done: Callable[[Outcome], None]) -> int:
        """Start a task and return its number; ``done`` is called when it has ended."""

    def kill(self, number: int, signal_number: int = signal.SIGTERM) -> None:
        """Signal the task's process group."""


@dataclass
class _Client:
    definition: Respawn
    number: int | None = None  # of the running task
    started_ns: int = 0
    short_lives: int = 0
    timer: Timer | None = None
    wanted: bool = True


class Clients:
    """All respawn clients."""

    def __init__(self, loop: Loop, runner: Runner, log: Callable[[Level, str, Mapping[str, str]], None]) -> None:
        self._loop, self._runner, self._log = loop, runner, log
        self._clients: list[_Client] = []
        self._environment: tuple[tuple[str, str], ...] = ()
        self._stopped: Callable[[], None] | None = None

    def configure(self, definitions: Sequence[Respawn], environment: Mapping[str, str]) -> None:
        """Start what is new, stop what is gone, leave the rest alone."""
        self._environment = tuple(sorted(environment.items()))
        for client in self._clients:
            if client.definition not in definitions:
                self._end(client)
        self._clients = [client for client in self._clients if client.wanted]
        for definition in definitions:
            if all(client.definition != definition for client in self._clients):
                client = _Client(definition)
                self._clients.append(client)
                self._spawn(client)

    def stop(self, done: Callable[[], None]) -> None:
        """Stop all, last started first; ``done`` when they are gone or were killed."""
        self._stopped = done
        for client in self._clients:
            client.wanted = False
            if client.timer is not None:
                client.timer.cancel()
        self._stop_next()

    def _stop_next(self) -> None:
        while self._clients and self._clients[-1].number is None:
            self._clients.pop()
        if self._clients:
            self._end(self._clients[-1])
        elif self._stopped is not None:
            done, self._stopped = self._stopped, None
            done()

    def _end(self, client: _Client) -> None:
        client.wanted = False
        if client.timer is not None:
            client.timer.cancel()
        number = client.number
        if number is not None:
            self._runner.kill(number, signal.SIGTERM)
            due = self._loop.now() + STOP_PATIENCE_NS
            client.timer = self._loop.call_at(due, lambda: self._runner.kill(number, signal.SIGKILL))

    def _spawn(self, client: _Client) -> None:
        client.timer = None
        client.started_ns = self._loop.now()
        argv = ("/bin/sh", "-c", f"exec {client.definition.command}")
        task = Task(argv, self._environment, timeout_s=0, user=client.definition.user)
        client.number = self._runner.run(task, lambda outcome: self._ended(client, outcome))
        self._log(Level.INFO, "client-started", {"command": client.definition.command, "user": client.definition.user})

    def _ended(self, client: _Client, outcome: Outcome) -> None:
        client.number = None
        if client.timer is not None:
            client.timer.cancel()
            client.timer = None
        facts = {"command": client.definition.command, "detail": outcome.describe()}
        if not client.wanted:
            self._log(Level.INFO, "client-stopped", facts)
            if self._stopped is not None:
                self._stop_next()
            return
        if outcome.code == NEVER_AGAIN:
            self._log(Level.NOTICE, "client-done", facts)
            return
        short = self._loop.now() - client.started_ns < SHORT_LIFE_NS
        client.short_lives = client.short_lives + 1 if short else 0
        if client.short_lives > SHORT_LIVES:
            self._log(Level.ERROR, "client-too-fast", facts)
            return
        self._log(Level.WARNING, "client-ended", facts)
        if short:
            client.timer = self._loop.call_at(self._loop.now() + PAUSE_NS, lambda: self._spawn(client))
        else:
            self._spawn(client)
