# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a dialect is: the rules by which groups find their holder, apart from who is alive.

The node keeps membership, the keepalive and the start-up sequence; everything about *ownership* it leaves to one
steering dialect. A dialect acts only through the :class:`~.desk.Desk` it is built with: it takes, gives and releases
groups in the ownership table, sends messages, arms timers, logs, answers. ``desk.now`` is the time of the event in
hand (ns), so no hook needs a clock.

Which one steers: ``classic`` as soon as a peer is known to speak it (its ``status`` has no ``sf`` field) or when the
configuration asks for it, else ``native``. A dialect may be built in the middle of life, when a peer comes back with
other software: it then starts from what ``desk.table`` says is held, and from ``desk.status``.

Order of the hooks for one event: membership is updated first, then the specific hook runs, then ``settle``
(exactly once per event, unless that told nothing new: ``desk.still``). Effects may be asked for in any of them.
"""

from __future__ import annotations

import enum
from typing import Protocol

from ..settings.model import Configuration
from ..wire.message import Message
from .events import Command, GroupReport

#: Extra (name, value) string fields of our own ``status``, in wire order.
Pairs = tuple[tuple[str, str], ...]

#: The field of ``status`` that marks one of our own nodes; its value is the version of the native dialect.
MARK = "sf"


class Speech(enum.Enum):
    """The dialect a peer speaks, as far as we know."""

    UNKNOWN = "unknown"
    NATIVE = "native"
    CLASSIC = "classic"


class Dialect(Protocol):
    """The hooks of a dialect. None of them raises; none returns effects: the desk collects them."""

    @property
    def name(self) -> str:
        """``native`` or ``classic``."""

    # --- what our own status says -------------------------------------------------------------------------

    def status_fields(self) -> Pairs:
        """Fields appended to every own ``status`` (after ``protocol``); empty where a C daemon must see its own
        kind."""

    def announced_dt_ms(self) -> int:
        """The ``dt`` of our own ``status``: how long peers shall bear our silence (ms)."""

    # --- life of this node and of its peers ---------------------------------------------------------------

    def activated(self) -> None:
        """This node's status has become ``active`` (already sent)."""

    def peer_changed(self, peer: str, before: str, after: str) -> None:
        """A peer's status changed among init, up and active, or from dead to one of them."""

    def peer_died(self, peer: str) -> None:
        """A peer has been silent for its dead time (or was never heard during initdead)."""

    def peer_returned(self, peer: str, *, restarted: bool, after_partition: bool) -> None:
        """A peer speaks with a new generation (``restarted``), or again after we held it dead (``after_partition``).
        Comes before ``peer_changed`` and ``heard`` of the same message."""

    def heard(self, peer: str, message: Message) -> None:
        """Any message for us, ``status`` included, after membership took note of it. reqnodes and repnodes are the
        node's."""

    def link_changed(self, peer: str, link: str, up: bool) -> None:
        """A (peer, link) pair came up or went dead."""

    def pings_changed(self) -> None:
        """The number of answering ping nodes (``desk.membership.pings_up()``) changed."""

    def carrier_changed(self, device: str, up: bool) -> None:
        """The kernel reported a device's carrier."""

    # --- groups, operators, configuration -----------------------------------------------------------------

    def reported(self, report: GroupReport) -> None:
        """The host finished a step; the table has already taken it in."""

    def commanded(self, command: Command) -> None:
        """An operator asks; exactly one ``desk.answer`` must follow, now or later. SHUTDOWN ends in ``desk.exit``."""

    def reloaded(self, before: Configuration) -> None:
        """A new configuration is in force (``desk.configuration``); vanished groups are being released by the node."""

    def woke(self, gap_ms: int) -> None:
        """We were not run for so long; peers' deadlines have been restarted."""

    # --- time ---------------------------------------------------------------------------------------------

    def timer(self, name: str) -> None:
        """A timer armed with ``desk.arm(name, at_ns)`` has passed (it is disarmed before the call)."""

    def settle(self) -> None:
        """Called once after every event: compare what is with what should be. Must be idempotent."""

    def retire(self) -> None:
        """Another dialect steers from now on: withdraw claims, end or undo moves, answer what is still unanswered."""

    # --- what status reports say --------------------------------------------------------------------------

    def leaving(self) -> bool:
        """Is a shutdown under way?"""

    def holder(self, key: str) -> str | None:
        """Which live node holds the group, as far as this dialect knows."""

    def holders(self, key: str) -> tuple[str, ...]:
        """Every live node that holds the group in its own right, as far as this dialect knows. Whoever is just handing
        it over does not count, so two are a conflict."""

    def claim(self, key: str) -> int:
        """The claim number of our own hold, 0 where the dialect has none."""

    def rscstatus(self) -> str:
        """all, local, foreign, none or transition, as the C daemon counts them."""

    def facts(self) -> dict[str, object]:
        """More for the status report (JSON values); may be empty."""
