# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a whole node's power, and give it back, by commands that run where the power hook lives.

The hook is a fence agent, a hypervisor's command, or the lab's driver. Its host keeps the dead man's switch, since the
node itself is off. A hook may print a JSON object with ``t0``, the instant from which the fault is in force, either
``{"wall_ns": …}`` or a number of seconds or nanoseconds since 1970; without it, t0 lies somewhere in the hook's run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .model import Arguments, Facts, Kind, Plan, Refusal, hook

__all__ = ["POWER_OFF", "POWER_ON"]

HOOK_SECONDS = 120.0


def _command(arguments: Arguments, name: str) -> Sequence[str]:
    argv: Any = arguments[name]
    if not isinstance(argv, (list, tuple)) or not all(isinstance(word, str) and word for word in argv):
        raise Refusal(f"{name} must be a list of words, the command and its arguments.")
    return argv


def plan_off(arguments: Arguments, facts: Facts) -> Plan:
    """Power off; heal by powering on."""
    environment = arguments.get("hook_environment") or {}
    return Plan(
        words=f"takes the power of {arguments['target']}",
        start=(hook(_command(arguments, "off_command"), environment, HOOK_SECONDS),),
        heal=(hook(_command(arguments, "on_command"), environment, HOOK_SECONDS),),
        instant=False,
        notes=("The dead man's switch lives on the host of the power hook; it does not survive that host's own end.",),
    )


def plan_on(arguments: Arguments, facts: Facts) -> Plan:
    """Power on: the return of a node as a drill of its own."""
    environment = arguments.get("hook_environment") or {}
    return Plan(
        words=f"gives {arguments['target']} its power back",
        start=(hook(_command(arguments, "on_command"), environment, HOOK_SECONDS),),
        instant=False,
        ends=(("power_off", {"target": arguments["target"]}),),
    )


POWER_OFF = Kind(
    "power_off",
    ("off_command", "on_command", "hook_environment"),
    plan_off,
    needs=("off_command", "on_command"),
)
POWER_ON = Kind("power_on", ("on_command", "hook_environment"), plan_on, needs=("on_command",), takes_node=False)
