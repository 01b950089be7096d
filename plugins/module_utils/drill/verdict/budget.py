# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Budgets: what the operator allows a fault to cost, per probe."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .measures import MEASURES

__all__ = ["Budget", "BudgetError", "budget_for", "parse_budgets"]

BLIND_MS = 100.0
EVERY_PROBE = "*"


class BudgetError(ValueError):
    """A budget that cannot be understood; ``errors`` lists every mistake."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = errors


@dataclass(frozen=True)
class Budget:
    """Limits for one probe, in the measures' own units."""

    limits: Mapping[str, int] = field(default_factory=dict)
    blind_us: int = round(BLIND_MS * 1000)
    """How much outage may lie hidden in blind time and leave a verdict standing. More than this,
    where it could be a breach, makes the verdict inconclusive."""


def parse_budgets(raw: Mapping[str, Any]) -> dict[str, Budget]:
    """Budgets as operators write them. Keys: a probe's name, a kind of probe, or ``*``.

    Values: a number, the outage in ms; or ``{outage_ms: …, errors: …, blind_ms: …}``.
    Raises BudgetError naming every mistake.
    """
    keys = {measure.budget_key: measure for measure in MEASURES.values()}
    errors: list[str] = []
    found: dict[str, Budget] = {}
    for probe, value in raw.items():
        wanted = value if isinstance(value, Mapping) else {"outage_ms": value}
        limits: dict[str, int] = {}
        blind_us = round(BLIND_MS * 1000)
        for key, limit in wanted.items():
            try:
                number = float(limit)
            except (TypeError, ValueError):
                errors.append(f"budget of {probe}: {key} must be a number, not {limit!r}")
                continue
            if number < 0:
                errors.append(f"budget of {probe}: {key} is negative")
            elif key == "blind_ms":
                blind_us = round(number * 1000)
            elif key in keys:
                limits[keys[key].name] = keys[key].from_budget(number)
            else:
                close = difflib.get_close_matches(str(key), [*keys, "blind_ms"], n=1)
                hint = f"did you mean {close[0]!r}?" if close else f"known: {', '.join([*keys, 'blind_ms'])}"
                errors.append(f"budget of {probe}: unknown measure {key!r} - {hint}")
        found[str(probe)] = Budget(limits, blind_us)
    if errors:
        raise BudgetError(errors)
    return found


def budget_for(budgets: Mapping[str, Budget], name: str, kind: str) -> Budget:
    """The budget of a probe: by its name, else by its kind, else the one for every probe."""
    for key in (name, kind, EVERY_PROBE):
        if key in budgets:
            return budgets[key]
    return Budget()
