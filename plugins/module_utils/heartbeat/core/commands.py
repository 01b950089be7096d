# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators may ask for: which groups a scope means, and when an answer is due.

An answer comes when every group of the request has settled: moved, failed or refused. Scopes as ``hb_standby`` and
``hb_takeover`` know them (behaviour as measured), plus ``group``; one difference: ``takeover failback`` means the
groups that prefer this node, where the original's script lost the word on the way and moved everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Callable

from ..settings.model import Group
from .events import Command, Verb

Answering = Callable[[int, bool, str], None]

SCOPES = ("all", "local", "foreign", "failback", "group")


def scope_keys(command: Command, groups: Sequence[Group], name: str) -> tuple[str, ...] | None:
    """Keys of the groups a command is about, in file order; None when scope or key are not known."""
    if command.scope == "group":
        return (command.key,) if command.key is not None and any(g.key == command.key for g in groups) else None
    if command.scope not in SCOPES:
        return None
    home = command.scope == "local" or (command.scope == "failback" and command.verb is Verb.TAKEOVER)
    if command.scope == "all":
        return tuple(group.key for group in groups)
    return tuple(group.key for group in groups if (group.preferred == name) is home)


@dataclass
class Request:
    """An unanswered command: what became of each of its groups (None: not settled)."""

    number: int
    verb: Verb
    since_ns: int
    outcome: dict[str, tuple[bool, str] | None] = field(default_factory=dict)

    def open_keys(self) -> tuple[str, ...]:
        """The groups that have not settled."""
        return tuple(key for key, outcome in self.outcome.items() if outcome is None)


class Requests:
    """The unanswered commands of one dialect."""

    def __init__(self, answer: Answering) -> None:
        self._answer = answer
        self._open: list[Request] = []

    def add(self, command: Command, keys: Sequence[str], now: int) -> Request:
        """Remember a command; without groups it must be answered by :meth:`close` or :meth:`finish`."""
        request = Request(command.request, command.verb, now, dict.fromkeys(keys))
        self._open.append(request)
        return request

    def open(self, verb: Verb) -> tuple[Request, ...]:
        """The unanswered commands of one kind."""
        return tuple(request for request in self._open if request.verb is verb)

    def settle(self, verb: Verb, key: str, ok: bool, text: str) -> None:
        """A group has settled; answers every command for which it was the last one."""
        for request in self.open(verb):
            if key in request.open_keys():
                request.outcome[key] = (ok, text)
                self.finish(request)

    def finish(self, request: Request) -> None:
        """Answer a command if all its groups have settled: failures first, else what was done."""
        outcomes = [(key, outcome) for key, outcome in request.outcome.items() if outcome is not None]
        if len(outcomes) < len(request.outcome):
            return
        failed = [f"{key}: {text}" for key, (ok, text) in outcomes if not ok]
        done = [f"{key}: {text}" for key, (ok, text) in outcomes if ok]
        self.close(request, not failed, "; ".join(failed or done) or "nothing to move")

    def close(self, request: Request, ok: bool, text: str) -> None:
        """Answer a command now, whatever is still open."""
        self._open.remove(request)
        self._answer(request.number, ok, text)

    def close_all(self, ok: bool, text: str, verb: Verb | None = None) -> None:
        """Answer everything (of one kind) that is still open."""
        for request in tuple(self._open):
            if verb in (None, request.verb):
                self.close(request, ok, text)
