# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's memory of what happened: the last few hundred events, and whoever wants to hear of new ones."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Callable

from .happenings import KINDS, SCHEMA_VERSION, Happening, cut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..core.effects import Level

REMEMBERED = 256


class Chronicle:
    """Numbers events and hands them on, in order, to listeners that must not wait."""

    def __init__(self, node: str, wall_ms: Callable[[], int]) -> None:
        self._node, self._wall_ms = node, wall_ms
        self._number = 0
        self._recent: deque[Happening] = deque(maxlen=REMEMBERED)
        self._listeners: list[Callable[[Happening], None]] = []

    def listen(self, listener: Callable[[Happening], None]) -> None:
        """Tell this one of every event from now on."""
        self._listeners.append(listener)

    def note(self, level: Level, code: str, facts: Mapping[str, str], why: str) -> None:
        """A log entry; most are no event, and cost one look into a table."""
        kind = KINDS.get(code)
        if kind is None:
            return
        self._number += 1
        event = Happening(self._number, self._wall_ms(), self._node, level.value, code, kind, why, cut(facts))
        self._recent.append(event)
        for listener in self._listeners:
            listener(event)

    def as_dict(self) -> dict[str, Any]:
        """The reply to ``events``: what is remembered, oldest first."""
        events = [event.as_dict() for event in self._recent]
        return {"schema_version": SCHEMA_VERSION, "node": self._node, "events": events}
