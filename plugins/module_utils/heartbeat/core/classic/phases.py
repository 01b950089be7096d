# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a node is with the resources of the cluster: one table, one row per (phase, input), each with its reason.

Source: Linux-HA heartbeat 3.0.6, resource logic with auto_failback on and off, as measured.
"""

from __future__ import annotations

import enum


class Phase(enum.Enum):
    """The C daemon's resource states."""

    INIT = "init"  # not active yet: nothing may be said or believed about resources
    STARTING = "starting"  # we have asked what the other node holds
    BOTH_STARTING = "both-starting"  # and it has asked us
    RECEIVED = "received"  # somebody has said what it holds; not settled
    STABLE = "stable"  # our own groups are decided
    SHUTDOWN = "shutdown"  # we give up everything


class Turn(enum.Enum):
    """What moves it."""

    ACTIVATED = "activated"
    PEER_STARTING = "peer-starting"
    RESOURCE = "resource"  # a report of any node, ourselves included
    SETTLED = "settled"  # the other node is stable, or we need not wait any longer
    LEAVE = "leave"


_P, _T = Phase, Turn

TABLE: dict[tuple[Phase, Turn], tuple[Phase, str]] = {
    (_P.INIT, _T.ACTIVATED): (_P.STARTING, "start-up is complete: ask what the other node holds"),
    (_P.STARTING, _T.PEER_STARTING): (_P.BOTH_STARTING, "the other node starts, too"),
    (_P.STARTING, _T.RESOURCE): (_P.RECEIVED, "first report"),
    (_P.STARTING, _T.SETTLED): (_P.STABLE, "nobody is there to report"),
    (_P.BOTH_STARTING, _T.PEER_STARTING): (_P.BOTH_STARTING, "asked again"),
    (_P.BOTH_STARTING, _T.RESOURCE): (_P.RECEIVED, "first report"),
    (_P.BOTH_STARTING, _T.SETTLED): (_P.STABLE, "nobody is there to report"),
    (_P.RECEIVED, _T.PEER_STARTING): (_P.RECEIVED, "answered again"),
    (_P.RECEIVED, _T.RESOURCE): (_P.RECEIVED, "another report"),
    (_P.RECEIVED, _T.SETTLED): (_P.STABLE, "our own groups can be taken"),
    (_P.STABLE, _T.PEER_STARTING): (_P.STABLE, "the other node has come back"),
    (_P.STABLE, _T.RESOURCE): (_P.STABLE, "a report, settled long ago"),
    (_P.INIT, _T.LEAVE): (_P.SHUTDOWN, "stopped before it was active"),
    (_P.STARTING, _T.LEAVE): (_P.SHUTDOWN, "asked to stop"),
    (_P.BOTH_STARTING, _T.LEAVE): (_P.SHUTDOWN, "asked to stop"),
    (_P.RECEIVED, _T.LEAVE): (_P.SHUTDOWN, "asked to stop"),
    (_P.STABLE, _T.LEAVE): (_P.SHUTDOWN, "asked to stop"),
    (_P.SHUTDOWN, _T.PEER_STARTING): (_P.SHUTDOWN, "answered: we hold nothing"),
    (_P.SHUTDOWN, _T.RESOURCE): (_P.SHUTDOWN, "a report that does not matter to us any more"),
}

#: phases in which our own groups are decided
SETTLED = frozenset({Phase.STABLE, Phase.SHUTDOWN})
