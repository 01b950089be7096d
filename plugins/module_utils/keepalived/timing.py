# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a failover takes at most by the rules of VRRP (RFC 3768, RFC 5798), from the role's own variables. Drills
take their budgets from it, and reports are held against it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .config import families, interval_of, timeout_of, version_of
from .derive import priorities

#: what daemon, kernel and network may add to what timers say
REACTION_MS = 100


def promises(
    request: Mapping[str, Any], members: Sequence[str], reaction_ms: float = REACTION_MS
) -> dict[str, dict[str, float]]:
    """Return instance -> milliseconds from fault to answer, whichever backup takes over:

    ``silent_loss``: three adverts and the skew; ``clean_stop``: the skew, as the master says goodbye; ``check_fault``:
    as many runs of the slowest check that is tracked as have to fail, its timeout, and the skew. ``reaction_ms`` is
    added to each. Raises Unwritable, as the configuration would.
    """
    start, step = int(request.get("priority_start") or 100), int(request.get("priority_step") or 10)
    found = {}
    for instance in request.get("instances") or ():
        where = f"keepalived_instances {instance['name']}"
        lowest = min(priorities(where, instance, members, start=start, step=step).values())
        advert = 1000 * float(instance.get("advert_interval") or 1)
        # version 2 counts the skew in parts of a second, version 3 in parts of an advert
        unit = max(advert if version_of(instance, family) == 3 else 1000.0 for family in families(instance))
        skew = (256 - lowest) / 256 * unit + reaction_ms
        found[str(instance["name"])] = {
            "silent_loss": 3 * advert + skew,
            "clean_stop": skew,
            "check_fault": _check(request, instance) + skew,
        }
    return found


def _check(request: Mapping[str, Any], instance: Mapping[str, Any]) -> float:
    """The most that a check of this instance may take to fail, in milliseconds; 0 without any."""
    tracked = {
        str(entry["name"] if isinstance(entry, Mapping) else entry) for entry in instance.get("track_scripts") or ()
    }
    longest = 0.0
    for script in request.get("scripts") or ():
        if str(script["name"]) in tracked:
            runs = interval_of(script) * int(script.get("fall") or 1)
            longest = max(longest, 1000 * (runs + timeout_of(script)))
    return longest
