# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One question to all Elasticsearch nodes at the same time; each kind of probe says what their answers come to.

No node keeps another one's question waiting, since threads ask. What an attempt is told after it has ended counts for
none.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NamedTuple, Optional

from ..model import Outcome
from .crew import Crew
from .documents import ask, places
from .prober import Answer, Prober

__all__ = ["EveryoneProber"]

ROUNDS = 4
"""Attempts that threads may be busy with at a time. What waits longer is given up, and counts as unanswered."""


class _Question(NamedTuple):
    seq: int
    place: tuple[str, int]


class _Told(NamedTuple):
    seq: int
    answer: Any
    """None for an error, with the words in `why`."""
    why: str


class EveryoneProber(Prober):
    """Asks all; subclasses hear what each says."""

    QUESTION = ""
    """The path. Not a local one: the node brings the answer from its master, or says at once that it has none."""

    @abstractmethod
    def heard(self, seq: int, answer: Any) -> str:
        """Take one node's answer; call ``end`` when that is enough. Returns why it is not yet."""

    def open(self) -> None:
        """Let threads wait."""
        self._places = places(self.spec)
        self._waiting: set[int] = set()
        self._why: dict[int, str] = {}
        self._crew: Crew[_Question, _Told] = Crew(self.hub, self._ask, self._count)
        self._crew.start(len(self._places) * ROUNDS)

    def send(self, seq: int) -> None:
        """Ask every node."""
        self._waiting.add(seq)
        for place in self._places:
            self._crew.put(_Question(seq, place))

    def abandon(self, seq: int) -> Optional[Answer]:
        """Say what was told, or not."""
        self._waiting.discard(seq)
        why = self._why.pop(seq, "") or "no node told anything"
        return Answer(Outcome.TIMEOUT, {"why": why}, self.hub.age_us(seq))

    def close(self) -> None:
        """Let the threads go."""
        self._waiting.clear()
        self._crew.close()

    def end(self, seq: int, outcome: Outcome, detail: dict[str, Any]) -> None:
        """It is enough."""
        self._waiting.discard(seq)
        self._why.pop(seq, None)
        self.hub.done(seq, outcome, detail)

    def _ask(self, question: _Question) -> Optional[_Told]:
        if question.seq not in self._waiting:
            # given up before anybody was free
            return None
        seconds = self.spec.timeout_us / 1_000_000
        try:
            return _Told(question.seq, ask(question.place, "GET", self.QUESTION, timeout=seconds) or {}, "")
        except (OSError, ValueError) as error:
            return _Told(question.seq, None, f"{question.place[0]}: {error}"[:200])

    def _count(self, told: _Told) -> None:
        if told.seq not in self._waiting:
            return
        if told.answer is None:
            self._why.setdefault(told.seq, told.why)
            return
        why = self.heard(told.seq, told.answer)
        if told.seq in self._waiting:
            self._why[told.seq] = why
