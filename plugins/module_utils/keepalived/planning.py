# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what it takes to bring one node to the wanted configuration, and whether that is safe while others still run
the old one. Decided from what the node has and runs, not from what a task has just changed."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .syntax import parse, value_of


class Action(enum.Enum):
    """What has to be done with the daemon of a node, least first."""

    NONE = "none"
    RELOAD = "reload"
    RESTART = "restart"
    START = "start"


#: what both sides have to agree on to hear each other, and no reload changes
_TALK = ("virtual_router_id", "version", "native_ipv6")
#: changes of an instance that keepalived does not carry over a reload
_BODY = ("interface", "use_vmac", "use_ipvlan", "vrf", "version", "virtual_router_id", "native_ipv6")
#: global words that are read only once, at the start (keepalived.conf(5))
_STARTUP = ("net_namespace", "net_namespace_ipvs", "instance", "use_pid_dir", "nftables", "vrrp_notify_fifo")
#: lines with one of these are no objections
_HARMLESS = ("WARNING", "Warning", "NOTICE", "has no preference specified", "Terminated")


@dataclass(frozen=True)
class Found:
    """What is on a node. ``is_stale``: a file of the daemon is younger than its last start or reload."""

    is_running: bool
    conf: str
    differing: Sequence[str]
    restart_for: Sequence[str]
    is_stale: bool


def plan(found: Found, wanted: str) -> tuple[Action, list[str]]:
    """Return the action and why."""
    reasons = [f"{path} differs" for path in (*found.differing, *found.restart_for)]
    if not found.is_running:
        return Action.START, [*reasons, "the daemon is not running"]
    beyond = unreloadable(found.conf, wanted) if found.differing else []
    if found.restart_for or beyond:
        return Action.RESTART, reasons + beyond
    if found.differing:
        return Action.RELOAD, reasons
    if found.is_stale:
        return Action.RELOAD, ["the daemon has not loaded what is in its files"]
    return Action.NONE, []


def objections(code: int, said: str) -> list[str]:
    """Return what ``keepalived --config-test`` objects to, given its exit code (negative for a signal) and output.

    keepalived 2.2.7 ends a test of a configuration with scripts by sending SIGTERM to itself, whether it likes the
    configuration or not. Then only what it said tells, warnings apart. Otherwise a test fails for warnings too.
    """
    lines = list(dict.fromkeys(line.strip() for line in said.splitlines() if line.strip()))
    if code == 0:
        return []
    if not lines and code not in (-15, 143):
        return [f"keepalived --config-test ended with {code}"]
    return [line for line in lines if not any(word in line for word in _HARMLESS)]


def _instances(tree: Iterable[Any]) -> dict[str, Any]:
    found = {}
    for item in tree:
        if not isinstance(item, str) and item[0].startswith("vrrp_instance "):
            found[item[0].split(None, 1)[1].strip('"')] = item[1]
    return found


def unreloadable(old: str, new: str) -> list[str]:
    """Return what the change from one configuration to another needs a restart for, one sentence each.

    keepalived loses addresses when a reload removes an instance or changes what it is bound to.
    """
    before, after = parse(old), parse(new)
    found = []
    for word in _STARTUP:
        old_word, new_word = (value_of(value_of(tree, "global_defs") or [], word) for tree in (before, after))
        if old_word != new_word:
            found.append(f"{word} is read only at the start")
    now, then = _instances(before), _instances(after)
    found += [f"{name} is removed" for name in now if name not in then]
    for name in now:
        changed = [word for word in _BODY if name in then and value_of(now[name], word) != value_of(then[name], word)]
        if changed:
            found.append(f"{name} changes {', '.join(changed)}")
    return found


def in_step(old: str, new: str) -> list[str]:
    """Return what all nodes have to load at once, one sentence each; empty when they may take turns.

    A node drops adverts that do not fit its own configuration in these, and would take the addresses beside the master.
    """
    before, after = _instances(parse(old)), _instances(parse(new))
    found = []
    for name in before:
        if name in after:
            now, then = _advertised(before[name]), _advertised(after[name])
            changed = [word for word in now if now[word] != then[word]]
            if changed:
                found.append(f"{name} changes {', '.join(changed)}")
    return found


def _advertised(body: Sequence[Any]) -> dict[str, Any]:
    """What a receiver compares with its own: addresses without options, the password, and version 2's interval."""
    addresses = value_of(body, "virtual_ipaddress")
    listed = addresses if isinstance(addresses, list) else []
    return {
        "virtual_ipaddress": sorted(str(line).split()[0].split("/")[0] for line in listed),
        "authentication": value_of(body, "authentication"),
        "advert_int": value_of(body, "advert_int") if value_of(body, "version") != "3" else None,
    }


def hazards(old: str, new: str) -> list[str]:
    """Return why a node with the old and one with the new configuration would not hear each other; none is good."""
    before, after = _instances(parse(old)), _instances(parse(new))
    found = []
    for name in before:
        if name not in after:
            continue
        changed = [word for word in _TALK if value_of(before[name], word) != value_of(after[name], word)]
        if (value_of(before[name], "unicast_peer") is None) != (value_of(after[name], "unicast_peer") is None):
            changed.append("unicast or multicast")
        if changed:
            found.append(f"{name} changes {', '.join(changed)}")
    return found
