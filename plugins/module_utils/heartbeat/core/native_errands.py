# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators have asked a native node for, and what became of it.

Standing by for a group is a mark on it: this node gives it away and does not take it back until it is asked to, or
nobody else is able. Being asked to take a group is a mark too; its holder sees it and gives. Both travel with the
gossip.
"""

from __future__ import annotations

from typing import Callable

from .arbitration import Party, target
from .clock import MS, SECOND
from .commands import Request, Requests, scope_keys
from .desk import Desk
from .effects import Level
from .events import Command, Verb
from .gossip import Letter
from .membership import ACTIVE
from .ownership import State
from .reasons import sentence

Parties = Callable[[str], tuple[Party, tuple[Party, ...]]]

#: No answer stays open for longer than this, whatever scripts do.
ANSWER_NS = 120 * SECOND
#: A holder that has not begun to give by then does not hear us, or will not.
ASK_NS = 5 * SECOND


class Errands:
    """Standing marks, unanswered commands, and the way out."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._requests = Requests(desk.answer)
        self.standby: set[str] = set()
        self.asked: set[str] = set()
        self.leaving = False
        self.gone = False

    # --- commands -----------------------------------------------------------------------------------------

    def commanded(self, command: Command, parties: Parties) -> None:
        """Accept a command, or refuse it at once."""
        desk = self._desk
        scope = command.key if command.scope == "group" and command.key else command.scope
        desk.log(Level.NOTICE, "command", verb=command.verb.value, scope=scope)
        if command.verb is Verb.SHUTDOWN:
            self._shutdown(command)
            return
        keys = scope_keys(command, desk.configuration.groups, desk.name)
        if self.leaving or desk.status != ACTIVE:
            text = "this node is shutting down" if self.leaving else "this node is not active yet"
            desk.answer(command.request, False, text)
        elif keys is None:
            desk.answer(command.request, False, f"no such group or scope: {scope}")
        elif command.verb is Verb.STANDBY:
            self._stand_by(command, keys, parties)
        else:
            self._take_over(command, keys)

    def _shutdown(self, command: Command) -> None:
        if self.gone:
            self._desk.answer(command.request, True, "everything is released")
            return
        self._requests.add(command, (), self._desk.now)
        if not self.leaving:
            self.leaving = True
            self.asked.clear()
            self._requests.close_all(False, "this node is shutting down", Verb.TAKEOVER)
            self._desk.log(Level.NOTICE, "leaving")

    def _stand_by(self, command: Command, keys: tuple[str, ...], parties: Parties) -> None:
        self.asked.difference_update(keys)
        held = tuple(key for key in keys if self._desk.hold(key).holding())
        request = self._requests.add(command, held, self._desk.now)
        for key in keys:
            others = parties(key)[1]
            if key not in held:
                self.standby.add(key)
            elif self._desk.hold(key).state is State.STUCK:
                self._requests.settle(Verb.STANDBY, key, False, "its services would not stop here")
            elif target(others, willing=False) is None:
                self._requests.settle(Verb.STANDBY, key, False, "no peer is able to take it")
            else:
                self.standby.add(key)
        if not held:
            self._requests.finish(request)

    def _take_over(self, command: Command, keys: tuple[str, ...]) -> None:
        desk = self._desk
        self.standby.difference_update(keys)
        missing = tuple(key for key in keys if desk.hold(key).state is not State.HELD)
        request = self._requests.add(command, missing, desk.now)
        for key in missing:
            self._requests.settle(Verb.STANDBY, key, False, "the operator wants it here after all")
            desk.forgive(key, "peer-asked")
            if desk.hold(key).state is State.STUCK:
                desk.reclaim(key, "peer-asked")
            elif desk.hold(key).state is not State.TAKING:
                self.asked.add(key)  # even while it is being given: the taker gives it back
        if not missing:
            self._requests.finish(request)

    # --- what became of it --------------------------------------------------------------------------------

    def taken(self, key: str) -> None:
        """The group comes up here: it is no longer asked for, and standing by for it has ended."""
        self.asked.discard(key)
        self.standby.discard(key)

    def given(self, key: str, code: str) -> None:
        """A group that another node was asked to take must not return by itself."""
        if code == "takeover-asked":
            self.standby.add(key)

    def kept(self, key: str, code: str, peer: str) -> None:
        """A planned move was undone."""
        self.standby.discard(key)
        self._requests.settle(Verb.STANDBY, key, False, sentence(code, {"group": key, "peer": peer}))

    def vanished(self, key: str) -> None:
        """The group is no longer configured."""
        self.standby.discard(key)
        self.asked.discard(key)
        for verb in (Verb.STANDBY, Verb.TAKEOVER):
            self._requests.settle(verb, key, False, "no longer configured")

    def settle(self, parties: Parties) -> None:
        """Answer what has settled. Moments of this kind need no timer of their own: keepalives come often enough."""
        for verb, judge in ((Verb.STANDBY, self._given_away), (Verb.TAKEOVER, self._taken_over)):
            for request in self._requests.open(verb):
                for key in request.open_keys():
                    judge(request, key, *parties(key))

    def _given_away(self, request: Request, key: str, me: Party, others: tuple[Party, ...]) -> None:
        state = self._desk.hold(key).state
        if state is State.STUCK:
            self.kept(key, "group-stop-failed", "")
        elif state is State.HELD and (key not in self.standby or target(others, willing=False) is None):
            self.kept(key, "target-gone", "the peer")
        elif state in (State.IDLE, State.FAILED, State.WANTING):
            holder = next((party.name for party in others if party.entry.letter is Letter.HELD), None)
            broken = next((party.name for party in others if party.entry.letter is Letter.FAILED), None)
            if holder:
                self._requests.settle(Verb.STANDBY, key, True, f"moved to {holder}")
            elif broken and not any(party.holds() for party in others):
                self._requests.settle(Verb.STANDBY, key, False, f"it would not start on {broken}")
        if self._desk.now >= request.since_ns + ANSWER_NS:
            self._requests.settle(Verb.STANDBY, key, False, "not finished yet")

    def _taken_over(self, request: Request, key: str, me: Party, others: tuple[Party, ...]) -> None:
        state = self._desk.hold(key).state
        refusal = ""
        if state is State.HELD:
            self._requests.settle(Verb.TAKEOVER, key, True, "held here")
        elif state is State.FAILED:
            refusal = "it would not start here"
        elif state is State.STUCK:
            refusal = "it would not stop here"
        elif any(party.entry.letter is Letter.STUCK for party in others):
            refusal = "its holder could not stop it"
        else:
            limit = max(ASK_NS, 2 * self._desk.configuration.settings.deadtime_ms * MS)
            waited = self._desk.now - request.since_ns
            refuses = any(party.entry.letter is Letter.HELD for party in others)
            if waited >= ANSWER_NS or (waited >= limit and refuses and not me.holds()):
                refusal = "its holder does not give it"
        if refusal:
            self.asked.discard(key)
            self._requests.settle(Verb.TAKEOVER, key, False, refusal)

    # --- the way out --------------------------------------------------------------------------------------

    def leave(self, stop_tried: Callable[[str], bool]) -> None:
        """Say goodbye as soon as nothing is left here. What would not stop in spite of a second try must not be taken
        by a peer that trusts our goodbye, so then we end without one."""
        if not self.leaving or self.gone:
            return
        table = self._desk.table
        stuck = [key for key in table.present() if table[key].state is State.STUCK]
        waiting = [key for key in table.present() if key not in stuck] + [
            key for key in stuck if key in table.groups and not stop_tried(key)
        ]
        if waiting:
            return
        self.gone = True
        if not stuck:
            self._desk.send(("t", "shutdone"), ("st", "dead"))
        self._requests.close_all(
            not stuck, "would not stop: " + ", ".join(stuck) if stuck else "everything is released"
        )
        self._desk.log(Level.NOTICE, "left")
        self._desk.exit()

    def abandon(self) -> None:
        """Another dialect steers: nobody will settle these any more."""
        self.leaving = False
        self._requests.close_all(False, "interrupted: a peer changed its dialect")
