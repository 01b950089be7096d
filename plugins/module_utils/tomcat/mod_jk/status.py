# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the status worker says, and what is wrong by it. Source: Apache Tomcat Connectors, status worker, mime=prop."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

__all__ = ["ACTIVATIONS", "Drain", "Member", "members", "problems", "read_query", "update_query"]

#: As the status worker abbreviates and numbers them.
ACTIVATIONS: Mapping[str, str] = {"ACT": "active", "DIS": "disabled", "STP": "stopped"}
NUMBERS: Mapping[str, int] = {"active": 0, "disabled": 1, "stopped": 2}
_LINE = re.compile(r"worker\.([A-Za-z0-9_-]+)\.([a-z_]+)=(.*)")


@dataclass(frozen=True)
class Member:
    """One member of a balancer. state is mod_jk's: OK, OK/IDLE, OK/BUSY, ERR, ERR/FRC, ERR/REC, N/A."""

    name: str
    balancer: str
    state: str
    activation: str
    sessions: int
    busy: int
    errors: int
    elected: int

    def as_dict(self) -> dict[str, Any]:
        """The member as data."""
        return dict(vars(self))

    @property
    def is_well(self) -> bool:
        """Whether requests can go there.

        One that nobody has been sent to yet is idle, and well. One that was lost and may be tried again stays in
        ERR/REC until the next request goes there, however well it is.
        """
        return self.state.split("/", 1)[0] in ("OK", "UNK") or self.state in ("N/A", "ERR/REC")


@dataclass
class Drain:
    """Workers that are left alone, as one look after the other tells. quiet: seconds without a new request, 0 for any.

    A worker has nothing to do when no request is under way. Its users are gone when none has come for a while: a
    disabled worker goes on with the sessions that it has, and what is between two clicks of theirs no count tells.
    """

    quiet: float = 0.0
    _seen: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)

    def look(self, found: Sequence[Member], moment: float) -> list[str]:
        """Return the names of those that are not left alone yet, sorted. moment: seconds of a steady clock."""
        waiting = set()
        for member in found:
            elected, since = self._seen.get((member.balancer, member.name), (-1, moment))
            if member.busy > 0 or member.elected != elected:
                since = moment
            self._seen[member.balancer, member.name] = (member.elected, since)
            if member.busy > 0 or moment - since < self.quiet:
                waiting.add(member.name)
        return sorted(waiting)


def read_query() -> str:
    """The query that makes the status worker say it for programs."""
    return urlencode({"cmd": "list", "mime": "prop"})


def update_query(balancer: str, member: str, activation: str) -> str:
    """The query that sets the activation of a member."""
    return urlencode(
        {"cmd": "update", "from": "list", "mime": "prop", "w": balancer, "sw": member, "vwa": NUMBERS[activation]}
    )


def members(text: str) -> list[Member]:
    """Return the members of all balancers; one that is in two of them is there twice, each with its own activation.

    Raises ValueError for something else than an answer.
    """
    found: dict[tuple[str, str], dict[str, str]] = {}
    owners: dict[str, str] = {}
    is_answer = False
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match is None:
            continue
        is_answer = True
        name, key, value = match.groups()
        if key == "balance_workers":
            # what is said of the member from here on is what it is in this balancer
            owners[value] = name
            found[name, value] = {}
        elif name in owners:
            rows = found[owners[name], name]
            if key == "type" and key in rows:
                # and now as a worker of its own
                del owners[name]
            else:
                rows[key] = value
    if not is_answer:
        raise ValueError(f"this is no answer of a status worker: {text[:80]!r}")
    return [
        Member(
            name=name,
            balancer=balancer,
            state=given.get("state", "N/A"),
            activation=ACTIVATIONS.get(given.get("activation", ""), given.get("activation", "")),
            sessions=int(given.get("sessions", 0)),
            busy=int(given.get("busy", 0)),
            errors=int(given.get("errors", 0)),
            elected=int(given.get("elected", 0)),
        )
        for (balancer, name), given in found.items()
    ]


def problems(found: Sequence[Member], wanted: Mapping[str, str] | None = None) -> list[str]:
    """What is wrong, one sentence each. wanted: member -> activation that it is to have, ``active`` without it."""
    names = [member.name for member in found]

    def told(member: Member) -> str:
        where = f" in {member.balancer}" if names.count(member.name) > 1 else ""
        return f"worker {member.name}{where} is"

    said = [f"{told(member)} {member.state}" for member in found if not member.is_well]
    said += [
        f"{told(member)} {member.activation}"
        for member in found
        if member.activation != (wanted or {}).get(member.name, "active")
    ]
    if found and all(not member.is_well or member.activation == "stopped" for member in found):
        said.append("no worker can serve")
    return said
