# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Freeze processes: they hold their sockets, and the kernel its addresses, but nobody is home."""

from __future__ import annotations

from . import choose
from .model import Arguments, Facts, Kind, Plan, Refusal, in_state, reads, send_signal, unit_name, write

__all__ = ["FREEZE"]


def plan(arguments: Arguments, facts: Facts) -> Plan:
    """Freeze a unit through its control group where the kernel can (cgroup v2), else by SIGSTOP."""
    unit = str(arguments.get("unit") or "")
    freezer = facts["unit"]["freeze_file"] if unit else ""
    method = arguments.get("method") or "auto"
    if method == "cgroup" and not freezer:
        what = (
            f"{unit_name(unit)} has no control group that can be frozen" if unit else "a pattern has no control group"
        )
        raise Refusal(f"{what}; use method signal.")
    processes = choose.chosen({**arguments, "processes": arguments.get("processes") or "all"}, facts)
    if freezer and method != "signal":
        return Plan(
            words=f"freezes {unit_name(unit)}",
            start=(write(freezer, "1"),),
            # A unit that was stopped meanwhile took its control group along.
            heal=(write(freezer, "0", may_be_gone=True),),
            check=(reads(freezer, "1"),),
        )
    which = {**arguments, "processes": arguments.get("processes") or "all"}
    return Plan(
        words=f"stops {choose.described(which, processes)} by SIGSTOP",
        start=(send_signal(processes, "SIGSTOP", may_be_gone=len(processes) > 1),),
        heal=(send_signal(processes, "SIGCONT", may_be_gone=True),),
        check=(in_state(processes, "Tt"),),
    )


FREEZE = Kind("freeze", (*choose.OPTIONS, "method"), plan, choose.asks)
