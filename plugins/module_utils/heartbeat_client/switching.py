# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hands a group to a node and waits until it is there: the decision as a function, the waiting with a given clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from .answers import Status, active_peers, holders

#: seconds between two looks at the status while a move is under way
INTERVAL_S = 0.1
ALL = "all"

Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class CannotSwitch(Exception):
    """The move is impossible as things are; the text says why and what to do."""


class NotInTime(Exception):
    """The move did not finish within the timeout; the text says what was seen last."""


@dataclass(frozen=True)
class Wish:
    """One group that is to be at one node, and whether it already is."""

    key: str
    before: Optional[str]
    command: Optional[dict[str, str]]  # None: nothing to do


@dataclass(frozen=True)
class Outcome:
    """Group key -> holder before and after, and whether anything was asked to move."""

    changed: bool
    before: dict[str, Optional[str]] = field(default_factory=dict)
    after: dict[str, Optional[str]] = field(default_factory=dict)


def wishes(status: Status, group: str, target: str) -> tuple[Wish, ...]:
    """Return what to ask this node's daemon so that the group (or all) ends at the target. Raises CannotSwitch.

    A daemon can take a group to itself or give one that it holds away; with more than two nodes, a move between two
    others has to be asked there.
    """
    here, target = status["node"], target.lower()
    present = holders(status)
    if group != ALL and group not in present:
        known = ", ".join(present) or "none"
        raise CannotSwitch(f"{here} has no group {group}; its haresources has: {known}")
    if target != here and target not in {peer["name"] for peer in status["peers"]}:
        raise CannotSwitch(f"{target} is not a node of this cluster; see the node lines of ha.cf")
    asked = present if group == ALL else {group: present[group]}
    return tuple(Wish(key, holder, _command(status, key, holder, target)) for key, holder in asked.items())


def _command(status: Status, key: str, holder: Optional[str], target: str) -> Optional[dict[str, str]]:
    here = status["node"]
    if holder == target:
        return None
    if target == here:
        if status["state"] != "active":
            raise CannotSwitch(f"{here} is {status['state']}, not active: it can't take group {key} now")
        return {"command": "takeover", "scope": "group", "key": key}
    if target not in active_peers(status):
        raise CannotSwitch(
            f"{here} does not see {target} as active, so it can't get group {key} now; see 'hbctl status' at {target}"
        )
    if holder != here:
        raise CannotSwitch(
            f"group {key} is held by {holder or 'nobody'}: ask for its move to {target} at {target}"
            + (f" or at {holder}" if holder else "")
        )
    if len(status["peers"]) > 1:
        raise CannotSwitch(
            f"with more than two nodes, {here} can't choose who gets group {key}: ask for its move at {target}"
        )
    return {"command": "standby", "scope": "group", "key": key}


def switch(
    ask: Ask,
    group: str,
    target: str,
    *,
    timeout_s: float,
    dry_run: bool,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Outcome:
    """Move the group, wait until this daemon sees it held by the target alone, and return before and after.

    Raises CannotSwitch, NotInTime, and whatever ``ask`` raises.
    """
    target = target.lower()
    status = ask({"command": "status"})
    plan = wishes(status, group, target)
    before = {wish.key: wish.before for wish in plan}
    pending = {wish.key: wish.command for wish in plan if wish.command is not None}
    if not pending or dry_run:
        return Outcome(bool(pending), before, dict.fromkeys(before, target))
    started = clock()
    for key, command in pending.items():
        answer = ask(command)
        if not answer.get("ok", False):
            raise CannotSwitch(f"{status['node']} refused to move group {key}: {answer.get('text', answer)}")
    while True:
        status = ask({"command": "status"})
        waiting = unfinished(status, list(pending), target)
        if not waiting:
            return Outcome(True, before, {key: holder for key, holder in holders(status).items() if key in before})
        if clock() - started >= timeout_s:
            raise NotInTime(
                f"not at {target} after {timeout_s:g} s: {'; '.join(waiting)}. The daemons go on by themselves; see "
                f"'hbctl status' and the journal of heartbeat.service at {target}, and give a longer timeout if its "
                "services start slowly"
            )
        sleep(INTERVAL_S)


def unfinished(status: Status, keys: list[str], target: str) -> list[str]:
    """Return one phrase per group that is not yet quietly held by the target."""
    waiting = []
    for group in status["groups"]:
        if group["key"] not in keys:
            continue
        settled = group["state"] in ("held", "idle")
        if group.get("holder") != target or not settled:
            waiting.append(f"group {group['key']} is with {group.get('holder') or 'nobody'} ({group['state']} here)")
    return waiting
