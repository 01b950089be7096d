# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What others may see of a running daemon: events, hooks and numbers. It watches the log and decides nothing."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from .control.chronicle import Chronicle
from .control.tally import Tally
from .core.effects import Level
from .host.clock import MS
from .host.notify import Notifications

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .control.happenings import Happening
    from .host.logs import Log
    from .host.loop import Loop
    from .host.notifydir import Found
    from .host.workerclient import WorkerClient
    from .settings.model import Settings

METRICS_VERSION = 1


class Observation:
    """Listens to the log from its construction on."""

    def __init__(self, node: str, loop: Loop, worker: WorkerClient, log: Log) -> None:
        self._loop, self._log = loop, log
        self._started_ms = _wall_ms()
        self._tally = Tally()
        self._found: Found | None = None
        self._notifications = Notifications(loop, worker, log.seldom)
        self._chronicle = Chronicle(node, _wall_ms)
        self._chronicle.listen(lambda event: self._tally.note(event, loop.now()))
        self._chronicle.listen(self._notifications.tell)
        log.listener = self._chronicle.note

    def configure(self, found: Found) -> None:
        """Call these hooks from now on."""
        if found == self._found:
            return
        self._found = found
        for problem in found.problems:
            self._log.emit(Level.WARNING, "hook-skipped", {"detail": problem})
        self._notifications.configure(found.hooks, systemd=os.path.isdir("/run/systemd/system"))

    def hooks(self) -> tuple[str, ...]:
        """The hooks in force, in the order in which they are called."""
        return self._found.hooks if self._found is not None else ()

    def problems(self) -> tuple[str, ...]:
        """Why other programs are no hooks."""
        return self._found.problems if self._found is not None else ()

    def publish(self, send: Callable[[dict[str, Any]], None]) -> None:
        """Send every event, as a JSON value, to the control socket's clients as well."""

        def tell(event: Happening) -> None:
            send(event.as_dict())

        self._chronicle.listen(tell)

    def test(self, uid: int) -> str:
        """Make an event that means nothing; returns what comes of it, for the operator."""
        self._log.emit(Level.NOTICE, "notify-test", {"uid": str(uid)})
        hooks = ", ".join(self.hooks())
        return f"a test event goes to {hooks}" if hooks else "a test event was made; there is no hook"

    def events(self) -> dict[str, Any]:
        """The reply to ``events``."""
        return self._chronicle.as_dict()

    def numbers(
        self, status: Mapping[str, Any], traffic: list[dict[str, str | int]], settings: Settings
    ) -> dict[str, Any]:
        """The reply to ``metrics``: numbers only, which ``hbctl metrics`` puts into words in a process of its own."""
        return {
            "schema_version": METRICS_VERSION,
            "started_unix_ms": self._started_ms,
            "status": status,
            "traffic": traffic,
            "tally": self._tally.snapshot(self._loop.now()),
            "hooks": {**self._notifications.counts, "waiting": self._notifications.waiting()},
            "times_ms": {
                "keepalive": settings.keepalive_ms,
                "warntime": settings.warntime_ms,
                "deadtime": settings.deadtime_ms,
            },
        }


def _wall_ms() -> int:
    return time.time_ns() // MS
