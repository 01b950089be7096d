# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stop a service in order, keep it from starting, and start it again."""

from __future__ import annotations

from collections.abc import Mapping

from .model import Arguments, Facts, Kind, Plan, Question, Refusal, Step, remove, run, unit_name, write

__all__ = ["SERVICE_START", "SERVICE_STOP", "require_running"]

# Longer than systemd's own default for a stop that hangs (TimeoutStopSec=90).
JOB_SECONDS = 120.0


def _asks(arguments: Arguments) -> Mapping[str, Question]:
    return {"unit": ("unit", unit_name(arguments["unit"]))}


def require_running(unit: str, facts: Facts) -> None:
    """Raise Refusal unless the unit is there and runs: breaking what does not run proves nothing."""
    state = facts["unit"]
    if state["load"] != "loaded":
        raise Refusal(f"There is no unit {unit} on this node ({state['load'] or 'systemd does not answer'}).")
    if state["active"] != "active":
        raise Refusal(f"{unit} is not running on this node ({state['active']}): nothing would be broken.")


def plan_stop(arguments: Arguments, facts: Facts) -> Plan:
    """Stop the unit, with ``broken`` so that it cannot be started again either; heal by starting it."""
    unit = unit_name(arguments["unit"])
    require_running(unit, facts)
    spoil: tuple[Step, ...] = ()
    mend: tuple[Step, ...] = ()
    if arguments.get("broken"):
        # A drop-in, not a mask: that could not hide a unit of /etc. A reboot takes it away.
        drop_in = f"/run/systemd/system/{unit}.d/steadfast-fault-{arguments['id']}.conf"
        spoil = (write(drop_in, "[Service]\nExecStartPre=/bin/false\n"), run(["systemctl", "daemon-reload"]))
        mend = (remove(drop_in), run(["systemctl", "daemon-reload"]))
    return Plan(
        words=f"stops {unit}" + (", which cannot be started again" if spoil else ""),
        # whoever sees it stop may start it again at once, and systemd would cancel the stop for that
        start=(*spoil, run(["systemctl", "stop", "--job-mode=replace-irreversibly", unit], seconds=JOB_SECONDS)),
        # A unit that failed too often lately would refuse to start.
        heal=(
            *mend,
            run(["systemctl", "reset-failed", unit], ok=()),
            run(["systemctl", "start", unit], seconds=JOB_SECONDS),
        ),
        check=(run(["systemctl", "is-active", "--quiet", unit], ok=(3,)),),
        instant=False,
    )


def plan_start(arguments: Arguments, facts: Facts) -> Plan:
    """Start the unit: the return of a stopped service as a drill of its own."""
    unit = unit_name(arguments["unit"])
    if facts["unit"]["load"] != "loaded":
        raise Refusal(f"There is no unit {unit} on this node ({facts['unit']['load'] or 'systemd does not answer'}).")
    return Plan(
        words=f"starts {unit}",
        start=(run(["systemctl", "start", unit], seconds=JOB_SECONDS),),
        instant=False,
        ends=(("service_stop", {"unit": arguments["unit"]}),),
    )


SERVICE_STOP = Kind("service_stop", ("unit", "broken"), plan_stop, _asks, needs=("unit",))
SERVICE_START = Kind("service_start", ("unit",), plan_start, _asks, needs=("unit",), takes_node=False)
