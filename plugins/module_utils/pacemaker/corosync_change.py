# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what it takes to bring a running corosync to another corosync.conf.

Decided from what corosync says it runs with, its map of keys, and not from what a task has just written: a change that
was interrupted between file and reload is found by the next run.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .corosync_syntax import flat, parse


class Action(enum.Enum):
    """What has to be done on a node, least first."""

    NONE = "none"
    WRITE = "write"
    RELOAD = "reload"
    TOGETHER = "together"
    START = "start"


#: what all members of one membership have to share, or what corosync reads only at its start: all restart at once
_TOGETHER = (
    re.compile(
        r"totem\.(version|cluster_name|transport|link_mode|ip_version|crypto_.*|secauth|netmtu|keyfile|threads)$"
    ),
    re.compile(r"totem\.interface\.\d+\.(knet_transport|mcastport)$"),
    re.compile(
        r"quorum\.(provider|wait_for_all|auto_tie_breaker|auto_tie_breaker_node|last_man_standing|last_man_standing_window|"
        r"expected_votes_tracking|allow_downscale)$"
    ),
)
#: what corosync keeps in its map beside the file
_OWN = re.compile(
    r"nodelist\.local_node_pos$|quorum\.cancel_wait_for_all$|"
    r"totem\.(interface\.\d+\.(bindnetaddr|bindnetport|mcastaddr)|config_|nodeid|keyfile|key$)"
)
#: what corosync does while its map does not say so
_DEFAULTS = {"totem.link_mode": "passive"}
_LINE = re.compile(r"^(?P<key>\S+) \((?P<kind>[a-z0-9]+)\) = (?P<value>.*)$")


@dataclass(frozen=True)
class Found:
    """What is on a node. ``running``: its map of keys, None while corosync does not run there."""

    conf: str
    running: Mapping[str, str] | None
    is_key_right: bool


def running_keys(said: str) -> dict[str, str]:
    """Return the map of keys that ``corosync-cmapctl`` has printed, as far as a corosync.conf can have them."""
    found = {}
    for line in said.splitlines():
        match = _LINE.match(line)
        if match and match["key"].split(".")[0] in ("totem", "nodelist", "quorum", "logging"):
            found[match["key"]] = match["value"]
    return found


def plan(found: Found, wanted: str) -> tuple[Action, list[str]]:
    """Return the action and why, one sentence each."""
    reasons = [] if found.is_key_right else ["the cluster's key differs"]
    if found.running is None:
        return Action.START, [*reasons, "corosync does not run here"]
    changed = differences(found.running, flat(parse(wanted)))
    reasons += changed.values()
    if not found.is_key_right or any(together(key) for key in changed):
        return Action.TOGETHER, reasons
    if changed:
        return Action.RELOAD, reasons
    if found.conf != wanted:
        return Action.WRITE, ["corosync.conf differs in its text alone"]
    return Action.NONE, []


def together(key: str) -> bool:
    """Return whether a key can't be changed while members with the old value run."""
    return any(pattern.match(key) for pattern in _TOGETHER)


def differences(running: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, str]:
    """Return key -> sentence for all that the running corosync has otherwise."""
    found = {}
    for key, value in sorted(wanted.items()):
        if running.get(key, _DEFAULTS.get(key)) != value:
            found[key] = f"{key} is {running.get(key, 'not set')}, to be {value}"
    for key in sorted(running.keys() - wanted.keys()):
        if not _OWN.match(key) and running[key] != _DEFAULTS.get(key):
            found[key] = f"{key} is {running[key]}, to be not set"
    return found


def restarts_device(running: Mapping[str, str] | None, wanted: str) -> bool:
    """Return whether corosync-qdevice has to restart: of what concerns it, a reload reaches its heuristics alone."""
    keys = flat(parse(wanted))
    if not running or not all("quorum.device.model" in there for there in (running, keys)):
        return False
    return any(
        key.startswith("quorum.device.") and not key.startswith("quorum.device.heuristics.")
        for key in differences(running, keys)
    )


def for_all(actions: Sequence[str]) -> str:
    """Return the one way in which a change goes through the nodes, given each node's action.

    ``start``: nobody runs yet; ``together``: all that run restart at once, and the others start with them; ``reload``:
    one reload reaches all that run, and the others start; ``write``, ``none``.
    """
    found = [Action(action) for action in actions]
    running = [action for action in found if action is not Action.START]
    if found and not running:
        return str(Action.START.value)
    if Action.TOGETHER in running:
        return str(Action.TOGETHER.value)
    if Action.RELOAD in running or len(running) < len(found):
        return str(Action.RELOAD.value)
    return str((Action.WRITE if Action.WRITE in running else Action.NONE).value)


def of_ours(text: str) -> list[str]:
    """Return the names of the variables that the role has written into a file of the environment."""
    match = re.search(r"^# BEGIN steadfast\.ha\.pacemaker$(.*?)^# END steadfast\.ha\.pacemaker$", text, re.M | re.S)
    return re.findall(r"^(\w+)=", match[1], re.MULTILINE) if match else []


def restart_reasons(
    environment: Sequence[str], program: str, wanted: Mapping[str, object], former: Sequence[str] = ()
) -> list[str]:
    """Return why a running pacemakerd has to be started anew.

    environment: its own, as ``NAME=value``; program: where its link in /proc leads; wanted: what it should have;
    former: names of what the role has given it so far.
    """
    present = dict(pair.split("=", 1) for pair in environment if "=" in pair)
    reasons = [
        f"{name} is {present.get(name, 'not set')}, to be {value}"
        for name, value in sorted(wanted.items())
        if present.get(name) != str(value)
    ]
    reasons += [
        f"{name} is {present[name]}, to be not set"
        for name in sorted(set(former))
        if name in present and name not in wanted
    ]
    # an upgrade that was interrupted before the restart
    return [*reasons, "the program on disk is another one"] if program.endswith(" (deleted)") else reasons
