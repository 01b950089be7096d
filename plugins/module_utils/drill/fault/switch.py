# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dead man's switch: armed before a fault starts, it heals when the time is up, whoever is still there.

A transient systemd timer where systemd runs (systemd-run(1)), which nobody's log-out can end; else a process in a
session of its own. Both run the packed program that lies beside the fault's record.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Mapping
from typing import Any

from . import procfs
from .model import FaultError
from .place import Place

__all__ = ["ARMED", "arm", "disarm", "is_armed"]

ARMED = b"armed"
START_SECONDS = 20.0


def _unit(fault_id: str) -> str:
    return f"steadfast-fault-{fault_id}"


def arm(place: Place, fault_id: str, seconds: float) -> dict[str, Any]:
    """Set the switch; returns what ``disarm`` needs. Raises FaultError unless it is provably set."""
    facts = place.facts(fault_id)
    program = [facts["python"], "-I", facts["program"]]
    if place.manager == "systemd":
        return _arm_timer(place, fault_id, seconds, program)
    return _arm_process(place, fault_id, seconds, program)


def _arm_timer(place: Place, fault_id: str, seconds: float, program: list[str]) -> dict[str, Any]:
    unit = _unit(fault_id)
    options = [f"--unit={unit}", "--collect", "--quiet", f"--on-active={seconds:g}s"]
    options += ["--timer-property=AccuracySec=10ms", f"--description=Heals fault {fault_id}"]
    command = ["systemd-run", *options, "--", *program, "heal", place.directory, fault_id]
    done = subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS, check=False)
    if done.returncode != 0:
        raise FaultError(f"the dead man's switch cannot be armed, so nothing was broken: {done.stderr.strip()}")
    switch = {"by": "systemd", "unit": unit}
    if not is_armed(switch):
        raise FaultError("the dead man's switch does not stay armed, so nothing was broken")
    return switch


def _arm_process(place: Place, fault_id: str, seconds: float, program: list[str]) -> dict[str, Any]:
    reader, writer = os.pipe()
    try:
        child = subprocess.Popen(
            [*program, "hold", place.directory, fault_id, f"{seconds:g}", str(writer)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            pass_fds=(writer,),
        )
        known = procfs.identity(child.pid)
        child.returncode = 0  # it outlives us on purpose
        os.close(writer)
        writer = -1
        ready = select.select([reader], [], [], START_SECONDS)[0]
        if known is None or not ready or os.read(reader, 16) != ARMED:
            raise FaultError("the dead man's switch does not start, so nothing was broken")
    finally:
        os.close(reader)
        if writer >= 0:
            os.close(writer)
    return {"by": "process", "pid": known["pid"], "started": known["started"]}


def is_armed(switch: Mapping[str, Any]) -> bool:
    """Whether it will still heal by itself."""
    if switch.get("by") == "systemd":
        command = ["systemctl", "is-active", "--quiet", f"{switch['unit']}.timer"]
        return subprocess.run(command, timeout=START_SECONDS, check=False).returncode == 0
    return bool(switch) and procfs.state_of(switch["pid"], switch["started"]) != "-"


def disarm(switch: Mapping[str, Any]) -> None:
    """Take the switch back after healing. It is no error when it is gone: it may be who is asking."""
    if switch.get("by") == "systemd":
        command = ["systemctl", "stop", f"{switch['unit']}.timer"]
        subprocess.run(command, capture_output=True, timeout=START_SECONDS, check=False)
    elif switch and switch["pid"] != os.getpid() and is_armed(switch):
        try:
            os.kill(switch["pid"], signal.SIGTERM)
        except ProcessLookupError:
            pass
