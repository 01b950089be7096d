# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done to a cluster, one step at a time, each with the sentence that describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Union

from .slots import ranges_text

__all__ = ["Assign", "Detach", "Epoch", "Forget", "Meet", "Move", "Promote", "Replicate", "Settle", "Step", "sentence"]


@dataclass(frozen=True)
class Epoch:
    """Give a fresh instance a configuration epoch of its own, so that no two masters begin with the same."""

    node: str
    epoch: int


@dataclass(frozen=True)
class Detach:
    """Take an instance out of whatever it thinks it belongs to: it comes out as an empty master that knows nobody."""

    node: str
    flush: bool = False
    """Delete its keys first; a master with keys refuses to be reset."""
    is_last: bool = False
    """It is not to come back: it gets a new identity."""


@dataclass(frozen=True)
class Meet:
    """Introduce instances to a member."""

    via: str
    nodes: tuple[str, ...]


@dataclass(frozen=True)
class Assign:
    """Give slots to a master that nobody serves."""

    node: str
    slots: frozenset[int]


@dataclass(frozen=True)
class Replicate:
    """Make an instance the replica of a master."""

    node: str
    master: str


@dataclass(frozen=True)
class Promote:
    """Let a replica take its master's place: by agreement, or (``is_forced``) without asking anybody."""

    node: str
    is_forced: bool = False


@dataclass(frozen=True)
class Settle:
    """End the half-done move of a slot: complete it towards ``target``, or call it off where that is the owner."""

    slot: int
    owner: str
    target: str


@dataclass(frozen=True)
class Move:
    """Move slots with their keys."""

    source: str
    target: str
    slots: frozenset[int]


@dataclass(frozen=True)
class Forget:
    """Make every member forget one that does not belong any more."""

    node: str


Step = Union[Epoch, Detach, Meet, Assign, Replicate, Promote, Settle, Move, Forget]


def sentence(step: Step, names: Mapping[str, str]) -> str:
    """What a step does, for people; ``names`` maps ids to names."""

    def name(node: str) -> str:
        return names.get(node, node[:8] or "nobody")

    if isinstance(step, Epoch):
        return f"give {name(step.node)} configuration epoch {step.epoch}"
    if isinstance(step, Detach):
        return f"{'empty and reset' if step.flush else 'reset'} {name(step.node)}"
    if isinstance(step, Meet):
        return f"introduce {', '.join(name(node) for node in step.nodes)} to {name(step.via)}"
    if isinstance(step, Assign):
        return f"give slots {ranges_text(step.slots)} ({len(step.slots)}) to {name(step.node)}"
    if isinstance(step, Replicate):
        return f"make {name(step.node)} a replica of {name(step.master)}"
    if isinstance(step, Promote):
        return f"let {name(step.node)} take its master's place{' by force' if step.is_forced else ''}"
    if isinstance(step, Settle):
        if step.owner == step.target:
            return f"call off the half-done move of slot {step.slot}, which stays on {name(step.owner)}"
        return f"complete the move of slot {step.slot} from {name(step.owner)} to {name(step.target)}"
    if isinstance(step, Move):
        return (
            f"move slots {ranges_text(step.slots)} ({len(step.slots)}) from {name(step.source)} to {name(step.target)}"
        )
    return f"forget {name(step.node)}"
