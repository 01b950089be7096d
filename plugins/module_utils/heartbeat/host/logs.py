# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One line per decision or observation: ``event=code key=value … why="sentence"``. Never blocks, never raises.

Lines go to the worker process, which writes them; when its queue is full they are dropped and counted.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Callable

from ..core.effects import Level
from ..settings.model import Logging
from .clock import SECOND
from .logwriter import encode_configuration, encode_line

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

_PRIORITY = {
    Level.CRITICAL: 2,
    Level.ERROR: 3,
    Level.WARNING: 4,
    Level.NOTICE: 5,
    Level.INFO: 6,
    Level.DEBUG: 7,
}
_PLAIN = re.compile(r"[^\s\"=\x00-\x1f]+\Z")
_QUIET_NS = 10 * SECOND


def line(code: str, facts: Mapping[str, str], why: str) -> str:
    """The text of a log line; values with blanks, quotes or control characters are quoted as in JSON."""
    parts = [f"event={code}"]
    for name, value in list(facts.items()) + ([("why", why)] if why else []):
        quoted = name == "why" or not _PLAIN.match(value)
        parts.append(f"{name}={json.dumps(value, ensure_ascii=False) if quoted else value}")
    return " ".join(parts)


class Log:
    """The daemon's log."""

    def __init__(
        self,
        target: Callable[[], socket.socket],
        clock: Callable[[], int],
        sentence: Callable[[str, Mapping[str, str]], str],
    ) -> None:
        """``target()`` is the worker's log socket of the moment; ``sentence(code, facts)`` says why in words."""
        self._target, self._clock, self._sentence = target, clock, sentence
        self._settings = Logging()
        self._pid = 0
        self._quiet: dict[tuple[str, str], tuple[int, int]] = {}  # (code, subject) -> (silent until, suppressed)
        self.dropped = 0
        self._unsaid = 0
        self._configured_for: socket.socket | None = None
        #: told of every entry, with its sentence; must not wait
        self.listener: Callable[[Level, str, Mapping[str, str], str], None] | None = None

    def configure(self, settings: Logging, pid: int) -> None:
        """Use these files and this facility from now on."""
        self._settings, self._pid = settings, pid
        self._configured_for = None

    def louder(self, step: int) -> None:
        """Change the debug level, as SIGUSR1 and SIGUSR2 do."""
        self._settings = replace(self._settings, debug=max(0, self._settings.debug + step))

    def emit(self, level: Level, code: str, facts: Mapping[str, str] | None = None, why: str = "") -> None:
        """Write one line. ``why`` overrides the catalogue's sentence."""
        if level is Level.DEBUG and not self._settings.debug:
            return
        facts = facts or {}
        why = why or self._sentence(code, facts)
        self._put(_PRIORITY[level], line(code, facts, why))
        if self.listener is not None:
            self.listener(level, code, facts, why)

    def seldom(self, level: Level, code: str, subject: str, facts: Mapping[str, str], why: str = "") -> None:
        """Like ``emit``, but at most once per 10 s for each (code, subject); ``more`` counts what was left out."""
        now = self._clock()
        until, suppressed = self._quiet.get((code, subject), (0, 0))
        if now < until:
            self._quiet[(code, subject)] = (until, suppressed + 1)
            return
        self._quiet[(code, subject)] = (now + _QUIET_NS, 0)
        more = {"more": str(suppressed)} if suppressed else {}
        self.emit(level, code, {**facts, **more}, why)

    def _put(self, priority: int, text: str) -> None:
        target = self._target()
        try:
            if self._configured_for is not target:
                target.send(encode_configuration(self._settings, self._pid))
                self._configured_for = target
            if self._unsaid:
                target.send(encode_line(4, f'event=log-dropped lines={self._unsaid} why="the log could not keep up"'))
                self._unsaid = 0
            target.send(encode_line(priority, text))
        except OSError:
            self.dropped += 1
            self._unsaid += 1
