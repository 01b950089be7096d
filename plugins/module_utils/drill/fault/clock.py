# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Step a clock: the machine's, or, where that is shared with others, that of one service.

Containers share their host's clock, so there one service is given a shifted one through libfaketime. A running program
cannot be given that library: ``clock_prepare`` restarts the service with it, at the true time, before the drill; then
``clock`` with the same unit shifts it at an instant. The monotonic clock stays true, as it does when NTP steps.
"""

from __future__ import annotations

from collections.abc import Mapping

from .model import (
    Arguments,
    Facts,
    Kind,
    Plan,
    Question,
    Refusal,
    Step,
    reads,
    remove,
    restore_clock,
    run,
    shift_clock,
    unit_name,
    write,
)
from .service import JOB_SECONDS, require_running

__all__ = ["CLOCK", "CLOCK_PREPARE", "SYNC_UNITS", "offset_file"]

SYNC_UNITS = (
    "chrony.service",
    "chronyd.service",
    "systemd-timesyncd.service",
    "ntp.service",
    "ntpd.service",
    "ntpsec.service",
    "openntpd.service",
)
YEAR_2000_NS = 946684800 * 10**9
# Not below the switch's own directory, which only root may enter: the service reads it under its own user.
OFFSETS = "/run/steadfast-clock"


def offset_file(unit: str) -> str:
    """Where the shift of a prepared service stands."""
    return f"{OFFSETS}/{unit}"


def _drop_in(unit: str) -> str:
    return f"/run/systemd/system/{unit}.d/90-steadfast-clock.conf"


def _asks(arguments: Arguments) -> Mapping[str, Question]:
    if arguments.get("unit"):
        unit = unit_name(arguments["unit"])
        return {"unit": ("unit", unit), "environment": ("unit_environment", unit)}
    return {"clock": ("clock",), "running": ("running_units", *SYNC_UNITS)}


def plan(arguments: Arguments, facts: Facts) -> Plan:
    """Shift by ``shift_ms``; heal to the true time, however long that took."""
    shift = int(arguments["shift_ms"])
    if shift == 0:
        raise Refusal("shift_ms is 0: nothing would be broken.")
    if arguments.get("unit"):
        return _plan_service(unit_name(arguments["unit"]), shift, facts)
    clock = facts["clock"]
    if clock["container"]:
        raise Refusal(
            "This node is a container and shares its clock with its host. Name a unit whose clock to shift, "
            "after a fault of kind clock_prepare."
        )
    if not clock["may_set"]:
        raise Refusal("Nobody may set the clock here (no CAP_SYS_TIME). Name a unit, after kind clock_prepare.")
    if clock["wall_ns"] + shift * 10**6 < YEAR_2000_NS:
        raise Refusal("shift_ms leads to before the year 2000.")
    syncing = list(facts["running"])
    start: list[Step] = [run(["systemctl", "stop", *syncing])] if syncing else []
    heal: list[Step] = [restore_clock(clock["wall_ns"], clock["boot_ns"])]
    heal += [run(["systemctl", "start", *syncing])] if syncing else []
    stopped = (f"{', '.join(syncing)} stopped meanwhile, lest it corrects the clock.",) if syncing else ()
    return Plan(
        words=f"sets the clock {_amount(shift)}",
        start=(*start, shift_clock(shift)),
        heal=tuple(heal),
        notes=stopped,
        instant=not syncing,
    )


def _plan_service(unit: str, shift: int, facts: Facts) -> Plan:
    require_running(unit, facts)
    path = offset_file(unit)
    if facts["environment"].get("FAKETIME_TIMESTAMP_FILE") != path:
        raise Refusal(
            f"{unit} does not run with a clock that can be shifted: start a fault of kind clock_prepare first."
        )
    text = f"{shift / 1000:+.3f}\n"
    return Plan(
        words=f"sets the clock of {unit} {_amount(shift)}",
        start=(write(path, text),),
        heal=(write(path, "+0\n", may_be_gone=True),),
        check=(reads(path, text.strip()),),
    )


def _amount(shift: int) -> str:
    return f"{abs(shift) / 1000:g} s {'ahead' if shift > 0 else 'back'}"


def _asks_prepare(arguments: Arguments) -> Mapping[str, Question]:
    return {"unit": ("unit", unit_name(arguments["unit"])), "library": ("faketime",)}


def plan_prepare(arguments: Arguments, facts: Facts) -> Plan:
    """Restart the service with libfaketime at the true time; heal by restarting it without."""
    unit = unit_name(arguments["unit"])
    require_running(unit, facts)
    if not facts["library"]:
        raise Refusal("There is no libfaketime on this node: install the package libfaketime.")
    path, drop_in = offset_file(unit), _drop_in(unit)
    environment = {
        "LD_PRELOAD": facts["library"],
        "FAKETIME_TIMESTAMP_FILE": path,
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",  # its name before 0.9.8
    }
    text = "[Service]\n" + "".join(f"Environment={name}={value}\n" for name, value in environment.items())
    reload_and_restart = (run(["systemctl", "daemon-reload"]), run(["systemctl", "restart", unit], seconds=JOB_SECONDS))
    still_runs = run(["systemctl", "is-active", unit])
    return Plan(
        words=f"restarts {unit} with a clock that can be shifted",
        # libfaketime 0.9.10 breaks sleeps until a point of the monotonic clock; such a service ends at once.
        start=(write(path, "+0\n"), write(drop_in, text), *reload_and_restart, run(["sleep", "1"]), still_runs),
        heal=(remove(drop_in), *reload_and_restart, remove(path)),
        check=(run(["test", "-e", drop_in]),),
        shown=text,
        instant=False,
    )


CLOCK = Kind("clock", ("shift_ms", "unit"), plan, _asks, needs=("shift_ms",))
CLOCK_PREPARE = Kind("clock_prepare", ("unit",), plan_prepare, _asks_prepare, needs=("unit",))
