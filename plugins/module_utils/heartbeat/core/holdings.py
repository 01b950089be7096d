# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What we hold, counted as the C daemon counts it: by the two classes *local* and *foreign*."""

from __future__ import annotations

from .desk import Desk
from .membership import ACTIVE
from .ownership import State

_UNSETTLED = (State.FOUND, State.WANTING, State.TAKING, State.GIVING, State.RELEASING)


def rscstatus(desk: Desk, *, alone: bool) -> str:
    """all, local, foreign, none or transition. A class without groups counts as held: the local one always, the
    foreign one only while we are ``alone``."""
    keys = desk.table.configured()
    if desk.status != ACTIVE or any(desk.hold(key).state in _UNSETTLED for key in keys):
        return "transition"
    held = set(desk.table.held())
    foreign = [key for key in keys if not desk.local(key)]
    has_local = all(key in held for key in keys if desk.local(key))
    has_foreign = all(key in held for key in foreign) if foreign else alone
    if has_local:
        return "all" if has_foreign else "local"
    return "foreign" if has_foreign else "none"
