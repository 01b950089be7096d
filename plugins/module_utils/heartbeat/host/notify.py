# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Notification hooks: programs that are told of events, one at a time and in order.

An event goes to every hook in the order of their names before the next event goes to the first, so that a hook never
sees an older event after a newer one, nor runs twice at once. Nothing here holds up the loop: programs run in the
worker process (with systemd in transient units, outside of the daemon's sandbox), the first one starts a moment after
the event, and a slow hook only delays later calls. The queue is bounded: of what waits, older news of a peer or link
give way to newer ones of the same; if it still overflows, the oldest events are dropped and the next call says so.
Lateness is told of now and then only: a machine that is too busy must not be kept busy with the news of it.
"""

from __future__ import annotations

import json
import os
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Protocol

from ..core.effects import Level
from .clock import MS
from .worker import Outcome, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..control.happenings import Happening
    from .loop import Timer

TIMEOUT_S = 30.0
MAX_WAITING = 256
#: After an event, until its first hook starts: what belongs to a takeover is done by then.
BREATH_NS = 10 * MS
#: Between two calls about the lateness of one peer, or our own.
LATE_PAUSE_NS = 60_000 * MS
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Runner(Protocol):
    """What runs programs apart from the loop."""

    def run(self, task: Task, done: Callable[[Outcome], None]) -> int:
        """Start a task; ``done`` is called later."""


class Clock(Protocol):
    """The loop, as far as it is needed here."""

    def now(self) -> int:
        """Monotonic nanoseconds."""

    def call_at(self, due_ns: int, call: Callable[[], None]) -> Timer:
        """Call once at ``due_ns``."""


@dataclass(frozen=True)
class _Waiting:
    event: Happening
    replaced: int = 0  # how many older events of the same subject gave way


class Notifications:
    """The queue between events and hooks."""

    def __init__(self, clock: Clock, runner: Runner, log: Callable[[Level, str, str, Mapping[str, str]], None]) -> None:
        """``log(level, code, subject, facts)`` writes one line per subject every now and then."""
        self._clock, self._runner, self._log = clock, runner, log
        self._hooks: tuple[str, ...] = ()
        self._systemd = False
        self._waiting: deque[_Waiting] = deque()
        self._busy = False
        self._calls = 0
        self._missed = 0
        self._late: dict[tuple[str, ...], tuple[int, int]] = {}  # subject -> (silent until, how many gave way)
        self.counts = {"ok": 0, "failed": 0, "timeout": 0, "replaced": 0, "dropped": 0}

    def configure(self, hooks: Sequence[str], *, systemd: bool) -> None:
        """Programs to call from the next event on. ``systemd``: run them in transient units."""
        self._hooks, self._systemd = tuple(hooks), systemd
        if not hooks:
            self._waiting.clear()

    def tell(self, event: Happening) -> None:
        """Queue an event; returns at once."""
        if not self._hooks:
            return
        replaced = self._damp(event)
        if replaced is None:
            return
        self._waiting.append(_Waiting(event, replaced + self._give_way(event)))
        if len(self._waiting) > MAX_WAITING:
            self._waiting.popleft()
            self._missed += 1
            self.counts["dropped"] += 1
        if not self._busy:
            self._busy = True
            self._clock.call_at(self._clock.now() + BREATH_NS, self._next)

    def waiting(self) -> int:
        """Events that no hook has been told of."""
        return len(self._waiting)

    def _damp(self, event: Happening) -> int | None:
        """None: not worth a call now. Else how many earlier events of the same subject were not."""
        subject = event.subject()
        if event.kind != "late" or subject is None:
            return 0
        now = self._clock.now()
        until, damped = self._late.get(subject, (0, 0))
        if now < until:
            self._late[subject] = (until, damped + 1)
            self.counts["replaced"] += 1
            return None
        self._late[subject] = (now + LATE_PAUSE_NS, 0)
        return damped

    def _give_way(self, event: Happening) -> int:
        """Remove the waiting event of the same subject; returns how many events this one stands for besides itself."""
        subject = event.subject()
        if subject is None:
            return 0
        for old in self._waiting:
            if old.event.subject() == subject:
                self._waiting.remove(old)
                self.counts["replaced"] += 1
                return old.replaced + 1
        return 0

    def _next(self) -> None:
        if not self._waiting:
            self._busy = False
            return
        waiting = self._waiting.popleft()
        missed, self._missed = self._missed, 0
        more = {"replaced": waiting.replaced, "missed": missed}
        payload = json.dumps({**waiting.event.as_dict(), **more}, ensure_ascii=True).encode() + b"\n"
        environment = {"PATH": _PATH, "LC_ALL": "C.UTF-8", **waiting.event.environment()}
        self._call(self._hooks, environment, payload)

    def _call(self, hooks: tuple[str, ...], environment: dict[str, str], payload: bytes) -> None:
        """Call the first of these hooks, the others when it has ended."""
        if not hooks:
            self._next()
            return

        def done(outcome: Outcome) -> None:
            self._count(hooks[0], outcome)
            self._call(hooks[1:], environment, payload)

        self._runner.run(self._task(hooks[0], environment, payload), done)

    def _task(self, hook: str, environment: dict[str, str], payload: bytes) -> Task:
        env = tuple(sorted(environment.items()))
        if not self._systemd:
            return Task((hook,), env, TIMEOUT_S, stdin=payload)
        self._calls += 1
        unit = f"heartbeat-notify-{os.getpid()}-{self._calls}.service"
        options = ("--quiet", "--wait", "--collect", "--pipe", "--nice=10", f"--unit={unit}")
        settings = (f"--property=TimeoutStartSec={TIMEOUT_S:.0f}", "--service-type=oneshot")
        variables = (f"--setenv={name}={value}" for name, value in env)
        argv = ("systemd-run", *options, *settings, *variables, "--", hook)
        kill = ("systemctl", "kill", "--signal=KILL", unit)
        return Task(argv, env, TIMEOUT_S, on_timeout=kill, stdin=payload)

    def _count(self, hook: str, outcome: Outcome) -> None:
        self.counts["ok" if outcome.ok else "timeout" if outcome.timed_out else "failed"] += 1
        if not outcome.ok:
            self._log(Level.WARNING, "hook-failed", hook, {"hook": hook, "detail": outcome.describe()})
