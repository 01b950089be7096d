# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what it takes to bring one node to the wanted configuration: nothing, a start, a reload or a restart.

Decided from what the node runs, not from what a task has just changed: a change that was written but never loaded,
because the connection broke in between, is still found by the next run.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Optional

#: heartbeat.settings.model.Configuration. Read by attribute instead of imported: both packages are also used each
#: on its own, as top-level packages.
Configuration = Any


class Action(enum.Enum):
    """What has to be done with the daemon of a node, least first."""

    NONE = "none"
    RELOAD = "reload"
    RESTART = "restart"
    START = "start"


@dataclass(frozen=True)
class Found:
    """What is on a node.

    ``differing``: path -> what a difference there needs (reload or restart), for the files that differ from the wanted.
    ``revision``: the revision of artefact and unit that the daemon was started with, None when it tells none.
    ``configuration_hash``: of the configuration that the daemon runs, None when it does not answer.
    """

    running: bool
    differing: Mapping[str, Action]
    revision: Optional[str]
    configuration_hash: Optional[str]


@dataclass(frozen=True)
class Plan:
    """The action and, for people, why."""

    action: Action
    reasons: tuple[str, ...]


def plan(found: Found, revision: str, configuration_hash: Optional[str]) -> Plan:
    """Return what this node needs to run the wanted revision and configuration."""
    reasons = [f"{path} differs" for path in found.differing]
    needed = list(found.differing.values())
    if not found.running:
        return Plan(Action.START, (*reasons, "the daemon is not running"))
    if found.revision != revision:
        needed.append(Action.RESTART)
        if not any(action is Action.RESTART for action in found.differing.values()):
            reasons.append("the daemon was started from an earlier version of its files")
    if found.configuration_hash is None:
        needed.append(Action.RESTART)
        reasons.append("the daemon does not answer on its control socket")
    elif configuration_hash is not None and found.configuration_hash != configuration_hash:
        needed.append(Action.RELOAD)
        if not found.differing:
            reasons.append("the daemon has not loaded the configuration that is in its files")
    if Action.RESTART in needed:
        return Plan(Action.RESTART, tuple(reasons))
    if needed:
        return Plan(Action.RELOAD, tuple(reasons))
    return Plan(Action.NONE, ())


def hazards(running: Configuration, wanted: Configuration) -> tuple[str, ...]:
    """Return why nodes with the running and with the wanted configuration would not hear each other; none is good.

    While a change goes through the nodes one at a time, some run the old configuration and some the new one. If these
    two can't talk, each side takes the other for dead, and both take its addresses.
    """
    return (*_key_hazards(running.keyring, wanted.keyring), *_link_hazards(running, wanted))


def _key_hazards(old: Any, new: Any) -> list[str]:
    missing = []
    signing = old.key(old.active)
    if signing is not None and new.key(old.active) != signing:
        missing.append(
            f"the cluster signs with key {old.active} ({signing.method.value}), which the new authkeys does not "
            "contain: keep it there, beside the new one, until all nodes sign with the new one"
        )
    signing = new.key(new.active)
    if signing is not None and old.key(new.active) != signing:
        missing.append(
            f"the new authkeys signs with key {new.active} ({signing.method.value}), which the cluster does "
            "not know yet: first add it to all nodes without signing with it (heartbeat_extra_keys), then sign "
            "with it in a second run"
        )
    return missing


def _link_hazards(old: Configuration, new: Configuration) -> list[str]:
    before = {_place(medium) for medium in old.settings.media}
    after = {_place(medium) for medium in new.settings.media}
    if before & after:
        return []
    return [
        "no link stays as it is (kind, device, port or group): add the new link beside the old one in a first run "
        "and remove the old one in a second"
    ]


def _place(medium: Any) -> tuple[str, ...]:
    """What must be equal at both ends of a link: its kind, device, port, and the multicast group."""
    return (type(medium).__name__, medium.device, str(medium.port), getattr(medium, "group", ""))


def parse_properties(text: str) -> dict[str, str]:
    """Return what ``systemctl show`` printed, property -> value; empty when it printed nothing usable."""
    return {name: value for name, found, value in (row.partition("=") for row in text.splitlines()) if found}


def revision_in(process: int) -> Optional[str]:
    """Return the revision that this process was started from, as the unit put it into its environment."""
    try:
        with open(f"/proc/{process:d}/environ", "rb") as file:
            entries = file.read().split(b"\0")
    except OSError:
        return None
    for entry in entries:
        name, _separator, value = entry.partition(b"=")
        if name == b"STEADFAST_REVISION":
            return value.decode("ascii", "replace")
    return None
