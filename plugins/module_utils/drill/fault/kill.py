# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill processes: no goodbye, no cleaning up. What comes after is the supervisor's business, so nothing is healed."""

from __future__ import annotations

from . import choose
from .model import Arguments, Facts, Kind, Plan, send_signal

__all__ = ["PROCESS_KILL"]


def plan(arguments: Arguments, facts: Facts) -> Plan:
    """SIGKILL the chosen processes."""
    processes = choose.chosen(arguments, facts)
    return Plan(
        words=f"kills {choose.described(arguments, processes)}",
        # Killing one may end the others before their turn comes.
        start=(send_signal(processes, "SIGKILL", may_be_gone=len(processes) > 1),),
    )


PROCESS_KILL = Kind("process_kill", choose.OPTIONS, plan, choose.asks)
