# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is there an elected master? Asked of every Elasticsearch node at the same time.

An attempt is good when more than half of the nodes pass on the answer of one and the same master before the probe's
timeout. A node that is cut off with the old master's office, or follows one that is dead and does not know yet, is no
majority.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple, Optional

from ..model import Outcome
from .crew import Crew
from .documents import ask, places
from .prober import Answer, Prober

__all__ = ["MasterProber"]

#: Not local: the node has to bring the answer from its master.
QUESTION = "/_cluster/state/master_node,nodes?filter_path=master_node,nodes.*.name&master_timeout=50ms"
"""A node without a master says so at once."""
ROUNDS = 4
"""Attempts that threads may be busy with at a time. What waits longer is given up, and counts as unanswered."""


class _Question(NamedTuple):
    seq: int
    place: tuple[str, int]


class _Told(NamedTuple):
    seq: int
    master: str
    why: str


class MasterProber(Prober):
    """Asks all and counts who says the same."""

    def open(self) -> None:
        """Let threads wait, so that no node keeps another one's question waiting."""
        self._places = places(self.spec)
        self._said: dict[int, Counter[str]] = {}
        self._why: dict[int, str] = {}
        self._crew: Crew[_Question, _Told] = Crew(self.hub, self._ask, self._count)
        self._crew.start(len(self._places) * ROUNDS)

    def send(self, seq: int) -> None:
        """Ask every node."""
        self._said[seq] = Counter()
        for place in self._places:
            self._crew.put(_Question(seq, place))

    def abandon(self, seq: int) -> Optional[Answer]:
        """Say what was told, or not."""
        said = self._said.pop(seq, Counter())
        why = self._why.pop(seq, "")
        told = ", ".join(f"{count} of {len(self._places)} follow {master}" for master, count in sorted(said.items()))
        return Answer(Outcome.TIMEOUT, {"why": told or why or "no node told a master"}, self.hub.age_us(seq))

    def close(self) -> None:
        """Let the threads go."""
        self._said.clear()
        self._crew.close()

    def _ask(self, question: _Question) -> Optional[_Told]:
        if question.seq not in self._said:
            # given up before anybody was free
            return None
        seconds = self.spec.timeout_us / 1_000_000
        try:
            answer = ask(question.place, "GET", QUESTION, timeout=seconds)
        except (OSError, ValueError) as error:
            return _Told(question.seq, "", f"{question.place[0]}: {error}"[:200])
        state = answer or {}
        node = str(state.get("master_node") or "")
        return _Told(question.seq, str(((state.get("nodes") or {}).get(node) or {}).get("name") or node), "")

    def _count(self, told: _Told) -> None:
        said = self._said.get(told.seq)
        if said is None:
            return
        if not told.master:
            self._why[told.seq] = told.why
            return
        said[told.master] += 1
        if said[told.master] * 2 > len(self._places):
            del self._said[told.seq]
            self._why.pop(told.seq, None)
            self.hub.done(told.seq, Outcome.OK, {"who": told.master})
