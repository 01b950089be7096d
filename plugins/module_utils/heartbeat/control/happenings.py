# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is worth telling people and programs: log entries of these codes become events, numbered and in order.

An event says what the log line says, with the same code and the same sentence; ``kind`` groups the codes, so that a
hook need not know each of them. The form is part of the interface: ``schema_version`` 1, see docs/observation.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEMA_VERSION = 1
#: A fact longer than this is cut: scripts may say much when they fail.
LONGEST_FACT = 1000

_CODES_BY_KIND = {
    # a group comes to this node
    "taken": "peer-silent peer-gave-up nobody-holds handed adopted peer-asked changed",
    # ... is being handed to another one
    "given": "failback standby takeover-asked ping-better carrier-lost shutdown",
    # ... has been, or is, taken down here
    "released": "shutdown-alone shutdown-unanswered handed-over deaf-peer swept vanished",
    # a planned move that was undone, or a hold that outlived a pause
    "kept": "target-gone target-silent woke-holding peer-back",
    "conflict": "conflict-lost conflict-won conflict-over",
    # how far the machine is with a group
    "addresses": "addresses-up",
    "up": "group-started",
    "down": "group-stopped",
    "failed": "group-start-failed group-stop-failed stop-failed-kept group-address-lost classic-kept client-too-fast",
    # who is there, and by which way
    "peer": "peer-status peer-dead peer-never-heard peer-left peer-gone peer-restarted peer-returned",
    "link": "link-up link-dead ping-up ping-dead carrier-up carrier-down",
    "late": "late-heartbeat woke",
    # this node
    "node": "started status-own stopping left",
    "config": "reload-done reload-refused",
    "command": "command",
    "test": "notify-test",
}

#: code -> kind
KINDS: dict[str, str] = {code: kind for kind, codes in _CODES_BY_KIND.items() for code in codes.split()}

#: Kinds whose newest event of one subject makes older ones that still wait pointless, and the facts that name the
#: subject. What happens to groups is never left out for that reason.
_SUBJECTS = {"peer": ("peer",), "link": ("peer", "link", "ping", "device"), "late": ("peer",)}


@dataclass(frozen=True)
class Happening:
    """One event. ``number`` counts from 1 with each start of the daemon; ``wall_ms``: Unix time in ms."""

    number: int
    wall_ms: int
    node: str
    level: str
    code: str
    kind: str
    why: str
    facts: Mapping[str, str] = field(default_factory=dict)

    def subject(self) -> tuple[str, ...] | None:
        """Events of the same subject replace each other while they wait; None: each of them counts."""
        names = _SUBJECTS.get(self.kind)
        return None if names is None else (self.kind, *(self.facts.get(name, "") for name in names))

    def as_dict(self) -> dict[str, Any]:
        """For JSON: hooks get this on standard input, ``hbctl events`` prints it."""
        return {
            "schema_version": SCHEMA_VERSION,
            "number": self.number,
            "unix_ms": self.wall_ms,
            "node": self.node,
            "level": self.level,
            "kind": self.kind,
            "event": self.code,
            "group": self.facts.get("group"),
            "peer": self.facts.get("peer"),
            "why": self.why,
            "facts": dict(self.facts),
        }

    def environment(self) -> dict[str, str]:
        """The most wanted fields as ``HB_...`` variables; empty where there is nothing to say."""
        found = {
            "HB_EVENT": self.code,
            "HB_KIND": self.kind,
            "HB_LEVEL": self.level,
            "HB_NODE": self.node,
            "HB_GROUP": self.facts.get("group", ""),
            "HB_PEER": self.facts.get("peer", ""),
            "HB_WHY": self.why,
            "HB_NUMBER": str(self.number),
            "HB_UNIX_MS": str(self.wall_ms),
        }
        return {name: _printable(value) for name, value in found.items()}


def _printable(text: str) -> str:
    """What an environment variable can carry everywhere: systemd refuses control characters."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def cut(facts: Mapping[str, str]) -> dict[str, str]:
    """The facts of an event: none longer than :data:`LONGEST_FACT`."""
    return {name: value if len(value) <= LONGEST_FACT else value[:LONGEST_FACT] + "…" for name, value in facts.items()}
