# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resource logic with auto_failback on and off: who holds which class, told by ``starting`` and ``resource`` messages.

The C daemon hears its own messages, too; what it does on hearing them is done here on sending them.
Differences (each is a row of docs/heartbeat-differences.md): no 10 s wait where the other node has said that
it holds nothing; a healed partition is settled in place instead of by a restart of both; with more than one
survivor only the first takes over. Source: Linux-HA heartbeat 3.0.6, resource logic, as measured.
"""

from __future__ import annotations

from typing import Callable

from ...settings.model import Failback
from ...wire.message import Message
from ..clock import MS, SECOND
from ..effects import Level
from ..membership import ACTIVE
from . import messages
from .holdings import Holding, parse_holding
from .ledger import Ledger
from .phases import SETTLED, Phase, Turn
from .standby import Standby

#: how long the C daemon waits for the other node to become stable before it takes its own groups
TRANSITION_NS = 10 * SECOND
RETRY_NS = SECOND
TRANSITION, FAILBACK = "classic-transition", "classic-failback"


class Nice:
    """The manner of auto_failback on and off (``nice_failback`` of old). ``finished``: a hand-over has ended
    (ok, text)."""

    def __init__(self, ledger: Ledger, finished: Callable[[bool, str], None]) -> None:
        self._ledger = ledger
        self._desk = ledger.desk
        self.standby = Standby(ledger, self.report, finished)
        self._latest = 0  # sequence number of the newest report of the other node
        self._contested = False

    def resume(self) -> None:
        """We are active already and another dialect has steered so far: begin with what the table says."""
        ledger = self._ledger
        ledger.phase = Phase.STABLE
        ledger.mine = ledger.actually_held()
        ledger.need_failback = True
        if any(peer.status == ACTIVE for peer in self._desk.membership.alive()):
            self.ask_around()

    def busy(self) -> bool:
        """Is something in progress that a shutdown should wait for?"""
        ledger = self._ledger
        moving = self.standby.side.value != "not" or ledger.takeover_running or not ledger.quiet()
        return moving or not ledger.settled(ledger.mine)

    # --- life ---------------------------------------------------------------------------------------------

    def activated(self) -> None:
        """Ask what the other node holds."""
        self._desk.send(*messages.STARTING)
        self._ledger.step(Turn.ACTIVATED)
        if self._ledger.peer() is None:
            self._arm_transition()

    def peer_returned(self, peer: str, *, restarted: bool, after_partition: bool) -> None:
        """A new life, or the end of a partition: what the peer held before may be wrong now."""
        ledger = self._ledger
        ledger.theirs = None
        ledger.other_stable = False
        if not after_partition:
            self._latest = 0
        if restarted:
            self.standby.cancel(f"{peer} has started anew")
        if after_partition:
            ledger.need_failback = False  # the conflict is settled first, by the same rule on both sides
            self._desk.send(*messages.stonith(peer, needed=False))
        if self._desk.membership.peers[peer].status == ACTIVE:
            self.ask_around()

    def peer_died(self, peer: str) -> None:
        """Silence. What it held, or may have held, is ours."""
        ledger = self._ledger
        self.standby.cancel(f"{peer} died")
        ledger.need_failback = True
        if ledger.phase is Phase.SHUTDOWN:
            return
        needed = ledger.theirs is not Holding.NONE
        self._desk.send(*messages.stonith(peer, needed=needed))
        if needed or ledger.mine is not Holding.ALL:
            self._take_over(peer, "peer-silent")

    def peer_left(self, peer: str) -> None:
        """``shutdone``: it has released everything. No need to wait for its silence."""
        ledger = self._ledger
        self.standby.cancel(f"{peer} leaves")
        ledger.theirs = Holding.NONE
        if ledger.phase is Phase.SHUTDOWN:
            return
        if ledger.mine is not Holding.ALL:  # the C daemon's go_standby child
            self._desk.send(*messages.ask_resources(Holding.ALL, "done"))
            ledger.gain(Holding.ALL, "peer-gave-up", peer)
            self.report(True)
        self._take_over(peer, "peer-gave-up")

    # --- messages -----------------------------------------------------------------------------------------

    def peer_starting(self) -> None:
        """The other node is active and asks what we hold."""
        if self._ledger.step(Turn.PEER_STARTING):
            self._ledger.other_stable = False
            self.report(self._ledger.stable())

    def peer_reports(self, peer: str, message: Message) -> None:
        """A ``resource`` message of the other node."""
        ledger, held = self._ledger, parse_holding(message.get("rsc_hold"))
        if held is None or self._overtaken(message) or not ledger.step(Turn.RESOURCE):
            return
        if message.get("rtype") == "full" or held is Holding.NONE:
            ledger.theirs = held
        else:
            ledger.theirs = (ledger.theirs or Holding.NONE) | held
        stable = message.get("isstable")
        yielded = stable == "1" and ledger.stable() and self._settle_conflict(peer)
        if stable == "1" and not ledger.other_stable:
            ledger.other_stable = True
            self._desk.log(Level.INFO, "classic-remote-complete", peer=peer)
            self.report(ledger.stable())
            self.fail_back()
        elif yielded:
            self.report(True)
        elif stable == "0":
            ledger.other_stable = False
        if ledger.phase not in SETTLED:
            if ledger.other_stable:
                self._become_stable()
            else:
                self._arm_transition()

    def _overtaken(self, message: Message) -> bool:
        """Did a later report arrive before this one? Then it says nothing any more."""
        seq = int(message.get("seq") or "0", 16)
        if seq and seq < self._latest:
            return True
        self._latest = max(self._latest, seq)
        return False

    def report(self, stable: bool, info: str = "") -> None:
        """Say what we hold. We hear that ourselves: a report of anybody ends the waiting for the first one."""
        self._desk.send(*messages.resource(self._ledger.mine, stable=stable, info=info))
        self._heard_ourselves()

    def _heard_ourselves(self) -> None:
        waiting = self._ledger.phase not in (*SETTLED, Phase.RECEIVED)
        self._ledger.step(Turn.RESOURCE)
        if waiting:
            self._arm_transition()

    # --- time ---------------------------------------------------------------------------------------------

    def timer(self, name: str) -> None:
        """Our own groups are due, or a failback is to be tried again."""
        if name == TRANSITION and self._ledger.phase not in (*SETTLED, Phase.INIT):
            self._become_stable()
        elif name == FAILBACK:
            self.fail_back()

    def _arm_transition(self) -> None:
        """The 10 s of the C daemon, cut to two keepalives once nobody can hold what is ours.

        Three for the first of two nodes, so that one speaks first and the other answers (a tie costs
        messages, not time)."""
        desk, ledger = self._desk, self._ledger
        limit = desk.armed(TRANSITION)
        limit = desk.now + TRANSITION_NS if limit is None else limit
        peer = ledger.peer()
        if peer is None or ledger.theirs is Holding.NONE:
            first = peer is not None and desk.membership.rank(desk.name) < desk.membership.rank(peer)
            keepalives = 3 if first else 2
            limit = min(limit, desk.now + keepalives * desk.configuration.settings.keepalive_ms * MS)
        desk.arm(TRANSITION, limit)

    # --- acquiring ----------------------------------------------------------------------------------------

    def _become_stable(self) -> None:
        ledger = self._ledger
        self._desk.disarm(TRANSITION)
        self._acquire_own()
        ledger.step(Turn.SETTLED)
        self._desk.log(Level.INFO, "classic-local-complete", holding=ledger.mine.word())
        self.report(True)
        self.fail_back()

    def _acquire_own(self) -> None:
        """Take our own groups, unless the other node has them or we do."""
        ledger = self._ledger
        taken = ledger.theirs is not None and Holding.FOREIGN in ledger.theirs
        if taken or Holding.LOCAL in ledger.mine:
            return
        ledger.gain(Holding.LOCAL, "nobody-holds", None)
        self._announce_own()

    def _announce_own(self) -> None:
        def active() -> bool:
            return self._ledger.phase is not Phase.INIT

        self._ledger.later(active, lambda: self.report(True, messages.OWN_ACQUIRED))

    def _take_over(self, peer: str, code: str) -> None:
        ledger = self._ledger
        survivor = ledger.peer()
        if survivor is not None and self._desk.membership.rank(survivor) < self._desk.membership.rank(self._desk.name):
            return  # of several survivors the first in the node lines takes over
        ledger.gain(Holding.ALL, code, peer)
        ledger.theirs = Holding.NONE if survivor is None else ledger.theirs
        ledger.other_stable = True
        if not ledger.takeover_running:
            ledger.takeover_running = True
            ledger.later(self._foreign_is_up, self._taken_over)
        self._announce_own()

    def _foreign_is_up(self) -> bool:
        return self._ledger.phase is not Phase.INIT and self._ledger.settled(Holding.FOREIGN)

    def _taken_over(self) -> None:
        ledger = self._ledger
        ledger.takeover_running = False
        if Holding.FOREIGN not in ledger.mine:
            return  # a conflict has taken it away again meanwhile
        self._desk.send(*messages.MACH_DOWN)
        ledger.need_failback = True
        ledger.other_stable = True
        self._heard_ourselves()

    # --- failback and conflicts ---------------------------------------------------------------------------

    def fail_back(self) -> None:
        """Give the foreign groups home, where that is wanted and possible; else look again in a second."""
        ledger, desk = self._ledger, self._desk
        wanted = desk.configuration.settings.auto_failback is Failback.ON and ledger.need_failback
        if not wanted or Holding.FOREIGN not in ledger.mine or ledger.phase is Phase.SHUTDOWN:
            return
        if ledger.peer() is None:
            return  # tried again when it reports
        if self.standby.offer(Holding.FOREIGN, "failback"):
            desk.arm(FAILBACK, desk.now + RETRY_NS)
        else:
            ledger.need_failback = False

    def ask_around(self) -> None:
        """A node that is active already does not ask us what we hold: ask it. Until it answers we are in transition
        for each other; our report follows its answer."""
        if self._ledger.phase not in (Phase.INIT, Phase.SHUTDOWN) and self._ledger.peer() is not None:
            self._ledger.other_stable = False
            self._desk.send(*messages.STARTING)

    def _settle_conflict(self, peer: str) -> bool:
        """Both hold a class: it stays with the node whose own it is, which tells the network so, now and in the end.

        True: we have let a class go."""
        ledger = self._ledger
        both = ledger.mine & (ledger.theirs or Holding.NONE).mirrored()
        if Holding.FOREIGN in both:
            ledger.lose(Holding.FOREIGN, "conflict-lost", peer)
        contested = Holding.LOCAL in both
        if contested or self._contested:
            self._insist(peer, "conflict-won" if contested else "conflict-over")
        self._contested = contested
        return Holding.FOREIGN in both

    def _insist(self, peer: str, code: str) -> None:
        for key in self._ledger.keys(Holding.LOCAL):
            if self._desk.hold(key).holding():
                self._desk.announce(key)
                self._desk.log(Level.WARNING, code, group=key, peer=peer)
