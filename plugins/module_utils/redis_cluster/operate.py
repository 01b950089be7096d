# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the arguments of a module to a cluster that is as it was declared: look, plan, carry out, again."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .declare import Declaration, Instance
from .draft import Plan, Refused
from .execute import Executor, Stuck
from .gather import gather, picture_of
from .health import shards
from .model import Picture, View
from .resp import Access, CommandError, Unreachable

__all__ = ["Outcome", "Planner", "failures", "look", "operate"]

Planner = Callable[[Picture], Plan]

ROUNDS = 8
"""A cluster changes by itself too, for example a master that lost its last slot becomes a replica: look again and
plan again, but not for ever."""
GOSSIP_SECONDS = 10.0
POLL_SECONDS = 0.5


@dataclass
class Outcome:
    """What came of it."""

    plan: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    concerns: list[str] = field(default_factory=list)
    moved_slots: int = 0
    remaining_slots: int = 0
    progress: str = ""
    shards: list[dict[str, object]] = field(default_factory=list)
    masters_by_machine: dict[str, int] = field(default_factory=dict)


def failures(views: Sequence[View], *, absent_is_fine: bool) -> list[str]:
    """Why declared instances could not be asked."""
    return [
        view.error
        for view in views
        if view.error
        and view.declared is not None
        and not view.declared.is_down
        and not (absent_is_fine and view.is_absent)
    ]


def look(
    declared: Sequence[Instance], access: Access, timeout: float, *, absent_is_fine: bool = False
) -> tuple[list[View], Picture]:
    """Ask everybody; wait for what settles by itself: data being loaded, gossip, a failover that is under way.

    Raises Refused when a declared instance cannot be asked.
    """
    began = time.monotonic()
    while True:
        views = gather(declared, access)
        passed = time.monotonic() - began
        wrong = failures(views, absent_is_fine=absent_is_fine)
        picture = picture_of(views, access)
        is_loading = any("loading its data" in reason for reason in wrong)
        if wrong and not (is_loading and passed < timeout):
            raise Refused(wrong)
        orphaned = [
            leader.name
            for leader in picture.leaders()
            if not leader.is_alive and any(heir.is_alive and heir.may_lead for heir in picture.replicas_of(leader.id))
        ]
        unsettled = bool(picture.disagreements) and passed < min(GOSSIP_SECONDS, timeout)
        if not wrong and not unsettled and not (orphaned and passed < timeout):
            return views, picture
        time.sleep(POLL_SECONDS)


def operate(
    declared: Declaration, executor: Executor, planner: Planner, *, is_check: bool, absent_is_fine: bool = False
) -> Outcome:
    """Bring about what the planner wants. Raises Refused (nothing was touched in this round), Stuck."""
    outcome = Outcome()
    try:
        for _round in range(ROUNDS):
            _views, picture = look(
                declared.instances, executor.access, executor.timeout, absent_is_fine=absent_is_fine and is_check
            )
            plan = planner(picture)
            outcome.concerns = list(dict.fromkeys([*outcome.concerns, *plan.concerns]))
            outcome.plan += plan.sentences
            if is_check or not plan.steps:
                break
            try:
                is_complete = executor.run(plan, picture)
            finally:
                outcome.done = executor.done
                outcome.moved_slots = executor.progress.moved
                outcome.remaining_slots = executor.remaining_slots
                outcome.progress = executor.progress.text
            if not is_complete:
                break
        else:
            raise Stuck(f"the cluster does not come to rest: {'; '.join(outcome.plan[-3:])}")
        if outcome.done and not outcome.remaining_slots:
            executor.serve()
        picture = picture_of(gather(declared.instances, executor.access), executor.access)
        outcome.shards, outcome.masters_by_machine = shards(picture), picture.masters_by_machine()
    except (CommandError, Unreachable) as error:
        raise Stuck(str(error)) from None
    finally:
        executor.close()
    return outcome
