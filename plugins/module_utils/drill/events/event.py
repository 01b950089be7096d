# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An event: something the cluster decided, or something that was done to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Event", "LogLine"]


@dataclass(frozen=True)
class LogLine:
    """A line of a node's log with its time on that node's clock, nanoseconds."""

    at_ns: int
    node: str
    text: str


@dataclass(frozen=True)
class Event:
    """Something that happened at one instant, wall clock of the drill's controller."""

    at_ns: int
    node: str
    kind: str
    """One word or two, as the source calls it: "takeover", "peer_dead", "fault"."""
    reason: str = ""
    text: str = ""
    """The whole line, for those who want to read on."""
    uncertainty_ns: int = 0
    source: str = "cluster"
    """"cluster": decided there; "drill": done by the drill itself."""
    facts: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "at_ns": self.at_ns,
            "node": self.node,
            "kind": self.kind,
            "reason": self.reason,
            "text": self.text,
            "uncertainty_ns": self.uncertainty_ns,
            "source": self.source,
            "facts": dict(self.facts),
        }
