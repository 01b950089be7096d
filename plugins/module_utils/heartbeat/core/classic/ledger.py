# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all parts of the classic dialect share: who holds what, and the ownership table kept in step with it.

Level-triggered where the protocol is not: after every event the table is compared with ``mine``, so that a class that
is ours is taken as soon as it can be, and one that is not is let go.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Callable

from ..desk import Desk
from ..effects import Level
from ..ownership import State
from .holdings import Holding
from .phases import TABLE, Phase, Turn

#: nothing of the group is here, and a take is possible
_FREE = frozenset({State.IDLE, State.FOUND, State.WANTING})
#: over, one way or the other
_SETTLED = frozenset({State.HELD, State.FAILED, State.STUCK})


class Ledger:
    """State of the classic resource protocol; ``theirs`` None: the other node has not told since it (re)started."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.phase = Phase.INIT
        self.mine = Holding.NONE
        self.theirs: Holding | None = None
        self.other_stable = False
        self.takeover_running = False
        self.need_failback = False
        #: groups of a class of ours that wait all the same: the other node has not said yet that it has let them go
        self.withheld: Collection[str] = ()
        #: (code, other node) for the log when a class is taken or let go
        self.why_take = ("nobody-holds", "")
        self.why_drop = ("conflict-lost", "")
        self._waiting: list[tuple[Callable[[], bool], Callable[[], None]]] = []

    # --- questions ----------------------------------------------------------------------------------------

    def keys(self, holding: Holding) -> tuple[str, ...]:
        """Keys of the groups in these classes, in file order."""
        return tuple(key for key in self.desk.table.configured() if self.of(key) & holding)

    def of(self, key: str) -> Holding:
        """The class of a group."""
        return Holding.LOCAL if self.desk.local(key) else Holding.FOREIGN

    def peer(self) -> str | None:
        """The other node: the first live one that has not said goodbye, in configuration order."""
        return next((peer.name for peer in self.desk.membership.alive() if not peer.goodbye), None)

    def stable(self) -> bool:
        """Are our own groups decided?"""
        return self.phase is Phase.STABLE

    def quiet(self) -> bool:
        """Is no job waiting for the host?"""
        return not self._waiting

    def settled(self, holding: Holding) -> bool:
        """Has every group of these classes, as far as they are ours, its addresses up, or failed for good?"""
        holds = [self.desk.hold(key) for key in self.keys(holding & self.mine) if key not in self.withheld]
        return all(hold.state in _SETTLED or (hold.state is State.TAKING and hold.address) for hold in holds)

    def actually_held(self) -> Holding:
        """Classes by what the table says: a class counts when a group of it is held, or it has none."""
        held = Holding.NONE
        for holding in (Holding.LOCAL, Holding.FOREIGN):
            keys = self.keys(holding)
            if not keys or any(self.desk.hold(key).holding() for key in keys):
                held |= holding
        return held

    # --- what changes -------------------------------------------------------------------------------------

    def step(self, turn: Turn) -> bool:
        """Move the phase; False (and nothing changes) where the turn means nothing."""
        row = TABLE.get((self.phase, turn))
        if row is None:
            self.desk.log(Level.DEBUG, "classic-ignored", what=turn.value, phase=self.phase.value)
            return False
        if row[0] is not self.phase:
            self.desk.log(Level.DEBUG, "classic-phase", phase=row[0].value, why=row[1])
            self.phase = row[0]
        return True

    def gain(self, holding: Holding, code: str, origin: str | None) -> None:
        """These classes are ours from now on; groups that would not start before get another chance."""
        self.mine |= holding
        self.why_take = (code, origin or "")
        for key in self.keys(holding):
            self.desk.forgive(key, "retry")

    def lose(self, holding: Holding, code: str, to: str | None) -> None:
        """These classes are not ours any more; what is still held of them is released."""
        self.mine &= ~holding
        self.why_drop = (code, to or "")

    def later(self, ready: Callable[[], bool], job: Callable[[], None]) -> None:
        """Do ``job`` after the event in which ``ready()`` is true for the first time, at the earliest this one."""
        self._waiting.append((ready, job))

    def drop_jobs(self) -> None:
        """Forget what was planned."""
        self._waiting = []

    def work(self) -> None:
        """Bring the table in step with ``mine``, then do the jobs whose time has come, in order."""
        self._reconcile(self.desk.table.configured())
        progress = True
        while progress:
            progress = False
            for entry in tuple(self._waiting):
                if entry in self._waiting and entry[0]():
                    self._waiting.remove(entry)
                    entry[1]()
                    progress = True
            if progress:
                self._reconcile(self.desk.table.configured())

    def _reconcile(self, keys: Iterable[str]) -> None:
        if self.phase in (Phase.INIT, Phase.SHUTDOWN):
            return
        for key in keys:
            if self.of(key) & self.mine:
                self._want(key)
            else:
                self._let_go(key)

    def _want(self, key: str) -> None:
        desk, state = self.desk, self.desk.hold(key).state
        code, origin = self.why_take
        if state is State.FOUND:
            code = "adopted"
        if state in _FREE and key not in self.withheld and not desk.hushed():
            desk.take(key, code, origin=origin or None, peer=origin or "?")
        elif state is State.GIVING and not desk.hushed():
            desk.reclaim(key, "target-gone", peer=desk.hold(key).to or "?")

    def _let_go(self, key: str) -> None:
        desk, state = self.desk, self.desk.hold(key).state
        code, peer = self.why_drop
        if state in (State.HELD, State.TAKING):
            desk.release(key, code, to=peer or None, peer=peer or "?")
        elif state is State.FOUND and self.stable():
            desk.release(key, "swept", peer=self.peer() or "?")
