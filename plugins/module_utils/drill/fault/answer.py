# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the module answers, for each state that it can be asked for: plain arguments in, plain results out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Callable

from . import engine
from .model import FaultError
from .place import Place
from .record import IN_FORCE

__all__ = ["STATES", "NotHealed", "healed", "moment", "reported", "started"]


class NotHealed(FaultError):
    """Some faults could not be healed; their switches go on trying."""

    def __init__(self, errors: list[str], healed: list[str], faults: list[dict[str, Any]]) -> None:
        super().__init__(" ".join(errors))
        self.healed = healed
        self.faults = faults


def moment(wall_ns: int) -> str:
    """An instant in UTC with milliseconds."""
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(wall_ns // 10**9))
    return f"{whole}.{wall_ns // 10**6 % 1000:03d}Z"


def started(asked: Mapping[str, Any], place: Place, dry_run: bool) -> dict[str, Any]:
    """Start a fault. Raises Refusal, FaultError."""
    prepared = engine.prepare(asked, place)
    plan, target = prepared.plan, asked["target"]
    found: dict[str, Any] = {
        "changed": True,
        "words": plan.words,
        "notes": list(plan.notes),
        "heals": bool(plan.heal),
        "diff": {"before": f"{target}: whole\n", "after": f"{target}: {plan.words}\n{plan.shown}"},
    }
    if dry_run:
        return found
    noted = engine.start(prepared, place)
    return {
        **found,
        "t0": noted["t0"],
        "done": noted["done"],
        "at": moment(noted["t0"]["wall_ns"]),
        "uncertainty_ns": noted["uncertainty_ns"],
        "delayed": noted.get("delayed", False),
        "switch": noted["switch"].get("by", ""),
    }


def healed(asked: Mapping[str, Any], place: Place, dry_run: bool) -> dict[str, Any]:
    """Heal one fault, or all of this machine. Raises NotHealed after all were tried."""
    faults = engine.report(place, asked["id"])
    done, errors = [], []
    for fault in faults:
        if fault["state"] not in IN_FORCE:
            continue
        try:
            if dry_run or engine.heal(place, fault["id"], by="operator")[0]:
                done.append(fault["id"])
        except FaultError as error:
            # One that does not heal must not keep the others broken.
            errors.append(str(error))
    after = engine.report(place, asked["id"])
    if errors:
        raise NotHealed(errors, done, after)
    before = "".join(f"{fault['target']}: {fault['words']}\n" for fault in faults if fault["id"] in done)
    return {"changed": bool(done), "healed": done, "faults": after, "diff": {"before": before, "after": ""}}


def reported(asked: Mapping[str, Any], place: Place, _dry_run: bool) -> dict[str, Any]:
    """Tell of the faults, and change nothing."""
    return {"changed": False, "faults": engine.report(place, asked["id"])}


STATES: Mapping[str, Callable[[Mapping[str, Any], Place, bool], dict[str, Any]]] = {
    "started": started,
    "healed": healed,
    "report": reported,
}
