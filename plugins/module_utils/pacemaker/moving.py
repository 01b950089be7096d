# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sees a move through that has been asked for, and takes the constraint away that it was asked by."""

from __future__ import annotations

from . import operate
from .simulate import moves
from .status import facts
from .tools import Failed, Tools


def would_go_back(tools: Tools, resource: str) -> bool:
    """Whether the cluster would move anything without the constraint of our move."""
    later = operate.after_move(tools.query(), resource)
    return later is not None and bool(moves(tools.simulate(later)))


def finish(tools: Tools, resource: str, node: str, timeout: int) -> bool:
    """Wait until a move has happened, and end its constraint; return whether that stays, as the resource would go back.

    Of a move that failed it goes in any case, or the cluster would move the resource as soon as the failure is
    forgotten, when nobody asks for it any more. While the cluster is still at it, it stays. Raises Failed, which says
    what has become of it.
    """
    tools.settle(timeout, f"{operate.unfinished(resource, tools.query())}: ")
    there = operate.places(resource, facts(tools.status()))
    has_failed = bool(node) and there != [node]
    if not has_failed and would_go_back(tools, resource):
        return True
    end = operate.end_move(resource, tools.query())
    if end.command:
        tools.ask(*end.command)
        tools.settle(timeout)
    if has_failed:
        raise Failed(
            f"{resource} was to move to {node}, and runs on {', '.join(there) or 'no node'}. "
            "The constraint that was to move it is taken away again"
        )
    return False
