# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What to do about one group, given what everybody says about it: one pure function, asked after every event.

Invariants it is built for:

* two nodes that hear each other never both decide to take: a claim is seen by every live peer before it is acted on,
  and both sides compare claims in the same way;
* a holder yields only to a node that has the addresses up and comes first (:func:`~.arbitration.outranks`), so between
  nodes that hear each other a conflict ends with exactly one holder and without a hole;
* a planned move is make before break: the giver keeps the addresses until the taker says that it has announced them.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .arbitration import Party, better_connected, candidate, goes_first, outranks, target
from .gossip import Letter


class Act(enum.Enum):
    """The verdict on a group."""

    NOTHING = "nothing"
    WANT = "want"
    WITHDRAW = "withdraw"
    TAKE = "take"
    GIVE = "give"
    RECLAIM = "reclaim"
    RELEASE = "release"
    FORGIVE = "forgive"


@dataclass(frozen=True)
class Clues:
    """What only time and memory can tell; every field is False while its moment has not come.

    ``adopt_due``: leftover addresses have waited long enough for objections. ``offer_due``: the target of our offer
    has not begun in time. ``leave_due``: a shutdown has no more time for services that still start. ``ping_due``: the
    difference of ping nodes has lasted. ``forgive_due``: a failed start is old. ``stuck_due``: a failed stop may be
    tried again. ``wait_cold``: the cluster is just starting, the best node may not be active yet. ``sore``:
    it would not stop here lately, so nothing moves it for convenience. ``failback``: groups return to their preferred
    node. ``patience_over``: nobody has held it for so long that any able node may claim it (partial connectivity
    among three or more nodes can make each of them expect another one to). ``code``, ``origin``: why nobody holds the
    group, and who held it last.
    """

    adopt_due: bool = False
    offer_due: bool = False
    leave_due: bool = False
    ping_due: bool = False
    forgive_due: bool = False
    stuck_due: bool = False
    wait_cold: bool = False
    sore: bool = False
    failback: bool = False
    patience_over: bool = False
    code: str = "nobody-holds"
    origin: str | None = None


@dataclass(frozen=True)
class Decision:
    """The verdict with its reason. ``peer``: the other node it is about."""

    act: Act = Act.NOTHING
    code: str = ""
    peer: str | None = None


NOTHING = Decision()
Others = Sequence[Party]


def decide(me: Party, others: Others, clues: Clues) -> Decision:
    """The verdict of this node on one group. ``me`` and ``others``: all live nodes that can still act."""
    letter = me.entry.letter
    if letter in (Letter.TAKING, Letter.ANNOUNCED):
        return _rivals(me, others) or _taking(me, others, clues)
    if letter is Letter.HELD:
        return _rivals(me, others) or _held(me, others, clues)
    if letter in (Letter.GIVING, Letter.OFFERED):
        return _rivals(me, others) or _giving(me, others, clues)
    if letter is Letter.STUCK:
        return _stuck(me, others, clues)
    if letter is Letter.FOUND:
        return _found(me, others, clues)
    if letter is Letter.WANTING:
        return _wanting(me, others)
    if letter is Letter.IDLE:
        return _idle(me, others, clues)
    if letter is Letter.FAILED:
        return _failed(me, others, clues)
    return NOTHING  # releasing: the host is at work


def _rivals(me: Party, others: Others) -> Decision | None:
    """Another holder that comes first makes us release; at once when we have nothing to lose yet."""
    for peer in others:
        if not peer.holds() or not outranks(peer, me):
            continue
        if peer.addressed() or not me.addressed():
            planned = me.entry.to == peer.name
            code = "handed-over" if planned else "deaf-peer" if peer.deaf else "conflict-lost"
            return Decision(Act.RELEASE, code, peer.name)
    return None


def _taking(me: Party, others: Others, clues: Clues) -> Decision:
    if not me.leaving:
        return NOTHING
    if clues.leave_due or target(others, willing=False) is None:
        return Decision(Act.RELEASE, "shutdown-alone")
    return NOTHING  # it is given as soon as it runs


def _held(me: Party, others: Others, clues: Clues) -> Decision:
    willing = target(others, willing=True)
    if me.leaving:
        heir = willing or target(others, willing=False)
        return Decision(Act.GIVE, "shutdown", heir.name) if heir else Decision(Act.RELEASE, "shutdown-alone")
    asked = target((peer for peer in others if peer.entry.asked), willing=False)
    if asked:
        return Decision(Act.GIVE, "takeover-asked", asked.name)
    if me.entry.standby:
        heir = willing or target(others, willing=False)
        return Decision(Act.GIVE, "standby", heir.name) if heir else NOTHING
    if me.entry.unable and willing:
        return Decision(Act.GIVE, "carrier-lost", willing.name)
    if clues.sore:
        return NOTHING
    better = better_connected(me, others) if clues.ping_due else None
    if better:
        return Decision(Act.GIVE, "ping-better", better.name)
    if clues.failback:
        home = target((peer for peer in others if peer.preferred and peer.settled), willing=True)
        if home and home.pings >= me.pings:
            return Decision(Act.GIVE, "failback", home.name)
    return NOTHING


def _giving(me: Party, others: Others, clues: Clues) -> Decision:
    to = next((peer for peer in others if peer.name == me.entry.to), None)
    if to is not None and to.holds() and not clues.leave_due:
        return NOTHING  # it has begun: its addresses come up, or it fails, or it dies
    gone = to is None or not to.able()
    if not gone and not clues.offer_due:
        return NOTHING
    if me.leaving:
        return Decision(Act.RELEASE, "shutdown-unanswered", me.entry.to)
    if me.entry.letter is Letter.GIVING:
        return NOTHING  # a start has to wait for the end of the stop
    return Decision(Act.RECLAIM, "target-gone" if gone else "target-silent", me.entry.to)


def _stuck(me: Party, others: Others, clues: Clues) -> Decision:
    if not clues.stuck_due:
        return NOTHING
    rival = _rivals(me, others)
    if rival or me.leaving:
        return Decision(Act.RELEASE, "stop-again", rival.peer if rival else None)
    return Decision(Act.RECLAIM, "stop-failed-kept")


def _found(me: Party, others: Others, clues: Clues) -> Decision:
    holder = _holder(others)
    if holder:
        return Decision(Act.RELEASE, "swept", holder.name)
    if me.leaving:
        return Decision(Act.RELEASE, "shutdown-alone")
    if any(peer.contends() and goes_first(peer, me) for peer in others):
        return NOTHING  # it will hold soon, then this is swept
    if clues.adopt_due and not _blocked(others):
        return Decision(Act.TAKE, "adopted")
    return NOTHING


def _wanting(me: Party, others: Others) -> Decision:
    holder = _holder(others)
    first = holder or next((peer for peer in others if peer.contends() and goes_first(peer, me)), None)
    if first is None and me.entry.standby:
        first = target(others, willing=True)
    if first or not me.able():
        return Decision(Act.WITHDRAW, "claim-withdrawn", first.name if first else me.name)
    if _blocked(others) or not all(peer.echoed or peer.deaf for peer in others):
        return NOTHING
    return Decision(Act.TAKE, "peer-asked" if me.entry.asked else "nobody-holds")


def _idle(me: Party, others: Others, clues: Clues) -> Decision:
    if not me.able():
        return NOTHING
    holder = _holder(others)
    if holder:
        mine = holder.entry.letter is Letter.OFFERED and holder.entry.to == me.name
        return Decision(Act.TAKE, "handed", holder.name) if mine else NOTHING
    if any(peer.contends() for peer in others) or _blocked(others):
        return NOTHING
    if candidate((me, *others)) is not me and not clues.patience_over:
        return NOTHING
    if clues.wait_cold and not _best_even_then(me, others):
        return NOTHING
    if all(peer.deaf for peer in others):
        return Decision(Act.TAKE, clues.code, clues.origin)
    return Decision(Act.WANT, "claimed")


def _failed(me: Party, others: Others, clues: Clues) -> Decision:
    if clues.forgive_due and me.active and not me.leaving and _holder(others) is None and candidate(others) is None:
        return Decision(Act.FORGIVE, "retry")
    return NOTHING


def _holder(others: Others) -> Party | None:
    """The holder among the others; where several hold, the one that offers it to somebody last."""
    holders: tuple[Party, ...] = tuple(peer for peer in others if peer.holds())
    return min(holders, key=lambda peer: peer.entry.letter is Letter.OFFERED, default=None)


def _blocked(others: Others) -> bool:
    """Is somebody still taking it down? Its addresses may be there until it says otherwise."""
    return any(peer.entry.letter is Letter.RELEASING for peer in others)


def _best_even_then(me: Party, others: Others) -> bool:
    """Would this node be the candidate if those that are still starting were active already?"""
    return candidate((me, *(replace(peer, active=True) for peer in others))) is me
