# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desk a dialect works at: the only way in which ownership is changed and effects are produced.

The node lays the configuration, the membership, the ownership table and the time of the current event on it, and
collects the effects afterwards. Starts and announcements come first among them, because a client is waiting for
those; the rest keeps its order.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Callable

from ..settings.model import Configuration
from ..wire.message import Message, Value
from .effects import Announce, Answer, Effect, Effects, Exit, Level, Log, Send, StartGroup, StopGroup, StopServices
from .invariant import ensure
from .membership import INIT, Membership
from .ownership import Ask, Hold, Order, Ownership
from .reasons import CATALOGUE


@dataclass(frozen=True)
class Move:
    """The last time a group came here or left here. ``origin`` and ``target``: node names where known."""

    key: str
    origin: str | None
    target: str | None
    code: str
    facts: dict[str, str]
    at_ns: int


class Desk:
    """Shared by the node and its steering dialect. ``now``: the time of the event in hand (ns)."""

    def __init__(self, name: str, configuration: Configuration, now: int) -> None:
        self.name = name
        self.configuration = configuration
        self.now = now
        self.started_ns = now
        self.status = INIT  # our own: init, up, active
        self.membership = Membership(name, configuration.settings, now)
        self.table = Ownership(configuration.groups, now)
        self.carrier_lost: frozenset[str] = frozenset()
        self.still = False  # the event in hand told nothing new: no need to reconcile
        self.last_move: Move | None = None
        #: (origin, target, code) -> how often; a name that is not known is empty
        self.moves: Counter[tuple[str, str, str]] = Counter()
        self._hush_until: int | None = None
        self.report_status: Callable[[], None] = lambda: None  # the node puts its own status sender here
        self._urgent: list[Effect] = []
        self._rest: list[Effect] = []
        self._timers: dict[str, int] = {}

    # --- groups -------------------------------------------------------------------------------------------

    def hold(self, key: str) -> Hold:
        """The table's row of a group (KeyError when it is not known)."""
        return self.table[key]

    def preferred(self, key: str) -> str:
        """The node named in the group's haresources line; empty for a group that has vanished."""
        group = self.table.groups.get(key)
        return group.preferred if group else ""

    def local(self, key: str) -> bool:
        """Is this node the group's preferred one?"""
        return self.preferred(key) == self.name

    def want(self, key: str, code: str, **facts: str) -> bool:
        """Claim a group without touching anything yet."""
        return self._ask(key, Ask.WANT, code, facts)

    def withdraw(self, key: str, code: str, **facts: str) -> bool:
        """Take a claim back."""
        return self._ask(key, Ask.WITHDRAW, code, facts)

    def take(self, key: str, code: str, *, origin: str | None = None, **facts: str) -> bool:
        """Bring a group up here. ``origin``: whom it comes from."""
        done = self._ask(key, Ask.TAKE, code, facts)
        if done:
            self._moved(Move(key, origin, self.name, code, facts, self.now))
        return done

    def give(self, key: str, to: str, code: str, **facts: str) -> bool:
        """Begin a planned move: services stop (SERVICES_STOPPED follows), addresses stay."""
        done = self._ask(key, Ask.GIVE, code, facts, to)
        if done:
            self._moved(Move(key, self.name, to, code, facts, self.now))
        return done

    def reclaim(self, key: str, code: str, **facts: str) -> bool:
        """Bring a group that was being given, or would not stop, up here again."""
        return self._ask(key, Ask.RECLAIM, code, facts)

    def release(self, key: str, code: str, *, to: str | None = None, **facts: str) -> bool:
        """Take everything of a group down (STOPPED follows). ``to``: who has it now."""
        moved = self.hold(key).holding() and self.hold(key).to is None
        done = self._ask(key, Ask.RELEASE, code, facts)
        if done and moved:
            self._moved(Move(key, self.name, to, code, facts, self.now))
        return done

    def forgive(self, key: str, code: str, **facts: str) -> bool:
        """Forget that a group would not start here."""
        return self._ask(key, Ask.FORGIVE, code, facts)

    def announce(self, key: str) -> None:
        """Tell the network again where the group's addresses are."""
        self._urgent.append(Announce(key))

    def _moved(self, move: Move) -> None:
        self.last_move = move
        self.moves[move.origin or "", move.target or "", move.code] += 1

    def _ask(self, key: str, ask: Ask, code: str, facts: dict[str, str], to: str | None = None) -> bool:
        """True: the table had a row for it, and it was carried out."""
        order = self.table.apply(key, ask, self.now, to)
        if order is None:
            return False
        self.carry_out(key, order)
        self.log(Level.DEBUG if ask in (Ask.WANT, Ask.WITHDRAW) else Level.NOTICE, code, group=key, **facts)
        return True

    def carry_out(self, key: str, order: Order) -> None:
        """Turn the table's order into an effect."""
        if order is Order.START:
            self._urgent.append(StartGroup(key))
        elif order is Order.STOP_SERVICES:
            self._rest.append(StopServices(key))
        elif order is Order.STOP:
            self._rest.append(StopGroup(key))

    # --- messages, logs, answers --------------------------------------------------------------------------

    def send(self, *pairs: tuple[str, Value]) -> None:
        """Send a message of these fields (``t`` and, where directed, ``dest`` among them) to the cluster."""
        self._rest.append(Send(Message.of(*pairs)))

    def send_status(self) -> None:
        """Send our own status now, besides the keepalive."""
        self.report_status()

    def hush(self, until_ns: int) -> None:
        """Say nothing until then (ns): our own state has to be compared with that of others first."""
        self._hush_until = until_ns

    def hushed(self) -> bool:
        """Are we to say nothing at the moment?"""
        return self._hush_until is not None and self.now < self._hush_until

    def log(self, level: Level, code: str, **facts: str) -> None:
        """Log a decision or observation; ``code`` must be in the catalogue of reasons."""
        ensure(code in CATALOGUE, f"unknown reason {code}")
        self._rest.append(Log(level, code, facts))

    def answer(self, request: int, ok: bool, text: str) -> None:
        """Answer an operator's command."""
        self._rest.append(Answer(request, ok, text))

    def exit(self) -> None:
        """Everything is released: end."""
        self._rest.append(Exit())

    def effect(self, effect: Effect) -> None:
        """Any other effect."""
        self._rest.append(effect)

    # --- time ---------------------------------------------------------------------------------------------

    def arm(self, name: str, at_ns: int) -> None:
        """(Re)arm a named timer; the dialect's ``timer(name)`` is called once when it has passed."""
        self._timers[name] = at_ns

    def disarm(self, name: str) -> None:
        """Forget a timer; harmless when it is not armed."""
        self._timers.pop(name, None)

    def armed(self, name: str) -> int | None:
        """When a timer will pass (ns), or None."""
        return self._timers.get(name)

    # --- for the node -------------------------------------------------------------------------------------

    def next_timer(self) -> int | None:
        """The first armed timer (ns), or None."""
        return min(self._timers.values()) if self._timers else None

    def due(self) -> tuple[str, ...]:
        """Disarm and return the timers that have passed, oldest first."""
        passed = sorted((at, name) for name, at in self._timers.items() if at <= self.now)
        for _at, name in passed:
            del self._timers[name]
        return tuple(name for _at, name in passed)

    def has_effects(self) -> bool:
        """Has anything been asked for since the last collection?"""
        return bool(self._urgent or self._rest)

    def collect(self) -> Effects:
        """The effects asked for since the last call: starts and announcements first."""
        effects = (*self._urgent, *self._rest)
        self._urgent, self._rest = [], []
        return effects
