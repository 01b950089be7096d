# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be true before anything is broken. Pure; every refusal is a sentence that says what would help."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from .model import Kind

__all__ = ["ACCEPT_QUORUM_LOSS", "quorum_of", "refusals"]

ACCEPT_QUORUM_LOSS = "yes, I accept losing quorum"
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
LONGEST_SECONDS = 24 * 3600


def quorum_of(members: Sequence[str], given: Optional[int]) -> int:
    """How many members must stay untouched: what was given, else the majority.

    A pair has no majority to lose: one of two goes on alone, as heartbeat and VRRP do, so for two it is 1.
    """
    if given is not None:
        return given
    return 1 if len(members) == 2 else len(members) // 2 + 1


def refusals(kind: Kind, asked: Mapping[str, Any]) -> list[str]:
    """Every reason not to start this fault that the request itself gives; empty when there is none.

    asked: ``id``, ``target``, ``confirm``, ``max_seconds``, ``members``, ``quorum``, ``faulted``,
    ``accept_quorum_loss``, and the options of the kind.
    """
    found = []
    if not ID.fullmatch(str(asked.get("id") or "")):
        found.append("The fault needs an id of letters, digits, dots, dashes and underscores, at most 64.")
    if not asked.get("target"):
        found.append("Say what to break: target must name the node. There is no default for it.")
    if asked.get("confirm") is not True:
        found.append(
            f"This breaks {asked.get('target') or 'a node'} on purpose ({kind.name}). "
            "Set confirm to true if that is what you want."
        )
    seconds = asked.get("max_seconds") or 0
    if not 0 < seconds <= LONGEST_SECONDS:
        found.append(f"max_seconds must be more than 0 and at most {LONGEST_SECONDS}, not {seconds:g}.")
    missing = [name for name in kind.needs if asked.get(name) in (None, "", [])]
    if missing:
        found.append(f"A fault of kind {kind.name} needs {' and '.join(missing)}.")
    return found + _quorum_refusals(kind, asked)


def _quorum_refusals(kind: Kind, asked: Mapping[str, Any]) -> list[str]:
    accepted = asked.get("accept_quorum_loss") or ""
    if accepted and accepted != ACCEPT_QUORUM_LOSS:
        return [f"accept_quorum_loss must read, in these words, {ACCEPT_QUORUM_LOSS!r}; it reads {accepted!r}."]
    if not kind.takes_node:
        return []
    members, target = list(asked.get("members") or []), asked.get("target")
    if not members:
        if accepted:
            return []
        return [
            "Without members, the nodes of the cluster, nobody can tell whether it stays quorate. Name them, or set "
            f"accept_quorum_loss to {ACCEPT_QUORUM_LOSS!r}."
        ]
    if target and target not in members:
        return [f"{target} is not among the members {', '.join(members)}."]
    strangers = sorted(set(asked.get("faulted") or []) - set(members))
    if strangers:
        return [f"faulted names {', '.join(strangers)}, not among the members {', '.join(members)}."]
    quorum = quorum_of(members, asked.get("quorum"))
    if not 1 <= quorum <= len(members):
        return [f"A quorum of {quorum} makes no sense for {len(members)} members."]
    broken = sorted(set(asked.get("faulted") or []) | ({target} if target else set()))
    left = len(members) - len(broken)
    if left < quorum and not accepted:
        return [
            f"With {' and '.join(broken)} broken, {left} of {len(members)} members would be left, and {quorum} are "
            f"needed. Heal one first, or set accept_quorum_loss to {ACCEPT_QUORUM_LOSS!r}."
        ]
    return []
