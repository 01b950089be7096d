# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that only the stream of events knows: how long takeovers took, how long two nodes held one group."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from .happenings import Happening

#: Upper bounds in seconds: addresses take fractions of a millisecond, dead times seconds, old set-ups half a minute.
BOUNDS_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
PHASES = ("detect", "add", "garp", "total")
#: Both halves of a takeover are told within this time, or they do not belong together.
_TOGETHER_NS = 10_000_000_000
#: The peer that held the other half of a conflict cannot hold it any more.
_PEER_IS_GONE = ("peer-dead", "peer-gone", "peer-left", "peer-restarted")


class Histogram:
    """Seconds, by upper bound."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one duration."""
        self._sum += seconds
        for index, bound in enumerate(BOUNDS_S):
            if seconds <= bound:
                self._counts[index] += 1
                return
        self._counts[-1] += 1

    def as_dict(self) -> dict[str, Any]:
        """``le``: cumulative counts by bound as text, ``inf`` last; ``sum`` in seconds."""
        total, le = 0, {}
        for bound, count in zip((*BOUNDS_S, None), self._counts):
            total += count
            le["inf" if bound is None else repr(bound)] = total
        return {"le": le, "sum": self._sum, "count": total}


@dataclass
class _Taking:
    """The two halves of a takeover, whichever is told first: why, and what the machine needed (seconds)."""

    at_ns: int
    detect_s: float | None = None
    sudden: bool | None = None
    add_s: float = 0.0
    garp_s: float = 0.0
    up: bool = False


class Tally:
    """Feed every event to :meth:`note`; times are monotonic nanoseconds."""

    def __init__(self) -> None:
        self._takeover = {phase: Histogram() for phase in PHASES}
        self._taking: dict[str, _Taking] = {}
        self._silent_s: dict[str, float] = {}
        self._events: Counter[str] = Counter()
        self._late: Counter[str] = Counter()
        self._stalls = 0
        self._conflicts: dict[str, tuple[int, str]] = {}  # group -> (since when, with whom)
        self._conflict_ns = 0

    def note(self, event: Happening, now_ns: int) -> None:
        """One event more."""
        self._events[event.code] += 1
        group, peer = event.facts.get("group", ""), event.facts.get("peer", "")
        if event.code == "peer-dead":
            self._silent_s[peer] = _number(event, "silent_ms") / 1000
        elif event.code == "late-heartbeat":
            self._late[peer] += 1
        elif event.code == "woke":
            self._stalls += 1
        elif event.kind == "taken":
            taking = self._half(group, now_ns)
            taking.sudden = event.code == "peer-silent"
            taking.detect_s = self._silent_s.get(peer) if taking.sudden else None
            self._observe(group, taking)
        elif event.code == "addresses-up":
            taking = self._half(group, now_ns)
            taking.add_s = (_number(event, "add_us") + _number(event, "ready_us")) / 1e6
            taking.garp_s = _number(event, "garp_us") / 1e6
            taking.up = True
            self._observe(group, taking)
        elif event.kind in ("down", "released", "failed"):
            self._taking.pop(group, None)
        self._watch_conflicts(event, group, peer, now_ns)

    def snapshot(self, now_ns: int) -> dict[str, Any]:
        """For the metrics reply. A conflict that goes on counts up to now."""
        open_ns = sum(now_ns - since for since, _peer in self._conflicts.values())
        return {
            "takeover_s": {phase: histogram.as_dict() for phase, histogram in self._takeover.items()},
            "events": dict(sorted(self._events.items())),
            "late_heartbeats": dict(sorted(self._late.items())),
            "stalls": self._stalls,
            "conflict_s": (self._conflict_ns + open_ns) / 1e9,
        }

    def _half(self, group: str, now_ns: int) -> _Taking:
        taking = self._taking.get(group)
        if taking is None or now_ns - taking.at_ns > _TOGETHER_NS:
            taking = self._taking[group] = _Taking(now_ns)
        return taking

    def _observe(self, group: str, taking: _Taking) -> None:
        """Both halves are known: count. Detection and total only where a peer fell silent; a planned move has none."""
        if not taking.up or taking.sudden is None:
            return
        del self._taking[group]
        self._takeover["add"].observe(taking.add_s)
        self._takeover["garp"].observe(taking.garp_s)
        if taking.detect_s is not None:
            self._takeover["detect"].observe(taking.detect_s)
            self._takeover["total"].observe(taking.detect_s + taking.add_s + taking.garp_s)

    def _watch_conflicts(self, event: Happening, group: str, peer: str, now_ns: int) -> None:
        if event.code in ("conflict-won", "conflict-lost"):
            self._conflicts.setdefault(group, (now_ns, peer))
        elif event.code == "conflict-over" or event.kind == "down":
            self._close(group, now_ns)
        elif event.code in _PEER_IS_GONE:
            for other in [key for key, (_since, whom) in self._conflicts.items() if whom == peer]:
                self._close(other, now_ns)

    def _close(self, group: str, now_ns: int) -> None:
        since, _peer = self._conflicts.pop(group, (now_ns, ""))
        self._conflict_ns += now_ns - since


def _number(event: Happening, name: str) -> float:
    try:
        return float(event.facts.get(name, "0"))
    except ValueError:
        return 0.0
