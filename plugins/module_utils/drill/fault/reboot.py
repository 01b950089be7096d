# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reboot a node: in order, or at once without stopping anything. It comes back by itself, so nothing is healed."""

from __future__ import annotations

from .model import Arguments, Facts, Kind, Plan, run

__all__ = ["REBOOT"]


def plan(arguments: Arguments, facts: Facts) -> Plan:
    """Reboot. Never through sysrq: in a container that would take the host."""
    forced = arguments.get("method") == "forced"
    # Twice --force: no service is stopped, nothing is unmounted, as after a kernel's panic.
    argv = ["systemctl", "reboot", "--force", "--force"] if forced else ["systemctl", "reboot"]
    return Plan(
        words="reboots the node at once, stopping nothing" if forced else "reboots the node in order",
        start=(run(argv),),
        instant=False,
        needs_delay="the node goes down before it can answer",
    )


REBOOT = Kind("reboot", ("method",), plan)
