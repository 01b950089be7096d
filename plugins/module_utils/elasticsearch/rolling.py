# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order nodes are changed, and whether one may leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .members import Member

__all__ = ["departures", "longest_election_ms", "order"]

#: time that an election takes after all votes that are needed can be given, and the part of it for which a new master may
#: wait for the dead one without making it longer
ELECTION_MS = 5000
PATIENCE_MS = 2000


def order(names: Sequence[str], running: Mapping[str, bool], master: str) -> list[str]:
    """New and stopped nodes first, they only add; the elected master last, so that there is only one election."""
    return sorted(names, key=lambda name: (running.get(name, False), name == master, list(names).index(name)))


def departures(leaving: Sequence[str], members: Sequence[Member], replicas: int) -> list[str]:
    """Why nodes can't leave, one sentence each. replicas: the most that an index asks for."""
    known = {member.host for member in members}
    found = [f"elasticsearch_leaving: {host!r} is no member" for host in leaving if host not in known]
    staying = [member for member in members if member.host not in leaving]
    voting = [member for member in staying if member.is_eligible]
    eligible = [member for member in members if member.is_eligible]
    if eligible and not voting:
        found.append("elasticsearch_leaving: nobody who may vote would stay")
    gone = len(eligible) - len(voting)
    if gone and gone * 2 >= len(eligible):
        found.append(
            f"elasticsearch_leaving: {gone} of {len(eligible)} nodes that may vote would go in one run. Let fewer than "
            "half go at a time"
        )
    data = [member for member in staying if member.has_data]
    if any(member.has_data for member in members) and len(data) < replicas + 1:
        found.append(
            f"elasticsearch_leaving: {len(data)} data nodes would stay, but there are indices with {replicas} "
            f"replicas, which need {replicas + 1}"
        )
    return found


def longest_election_ms(interval_ms: int, timeout_ms: int, retries: int, publish_ms: int) -> int:
    """The longest time without an elected master after a power loss, in ms.

    No goodbye is said, so checks have to fail. Then a new master tells everybody, the dead one too, and waits for all: for
    two seconds within the time of an election, for what is beyond that on top of it.
    """
    return retries * (interval_ms + timeout_ms) + ELECTION_MS + max(0, publish_ms - PATIENCE_MS)
