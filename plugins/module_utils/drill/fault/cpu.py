# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starve a node of processor time: bounded busy processes, in a unit or a process group of their own."""

from __future__ import annotations

from collections.abc import Mapping

from .model import Arguments, Facts, Kind, Plan, Question, Refusal, alive, end, run, spawn

__all__ = ["CPU"]

MOST_PER_CPU = 64
DEFAULT_PER_CPU = 8


def _asks(arguments: Arguments) -> Mapping[str, Question]:
    return {"cpus": ("cpus",), "place": ("place",)}


def plan(arguments: Arguments, facts: Facts) -> Plan:
    """Keep ``workers`` processes busy. They end by themselves after ``max_seconds``, switch or no switch."""
    cpus, place = int(facts["cpus"]), facts["place"]
    workers = int(arguments.get("workers") or DEFAULT_PER_CPU * cpus)
    if not 1 <= workers <= MOST_PER_CPU * cpus:
        raise Refusal(f"workers lies between 1 and {MOST_PER_CPU * cpus} on this node, which {workers} does not.")
    seconds = f"{float(arguments['max_seconds']):g}"
    busy = [place["python"], "-I", place["program"], "busy", str(workers), seconds]
    words = f"keeps {workers} processes busy on {cpus} processor{'s' if cpus != 1 else ''}"
    unit = f"steadfast-fault-{arguments['id']}-busy.service"
    if place["manager"] == "systemd":
        options = [f"--unit={unit}", "--collect", "--quiet", f"--property=RuntimeMaxSec={seconds}"]
        # Its control group would share with the service's as one of two; the most weight makes it starve the others.
        options += ["--property=CPUWeight=10000", f"--description=Fault {arguments['id']}: {words}"]
        return Plan(
            words=words,
            start=(run(["systemd-run", *options, *busy]),),
            heal=(run(["systemctl", "stop", unit], ok=(0, 5)),),
            check=(run(["systemctl", "is-active", "--quiet", unit]),),
        )
    note = f"{place['directory']}/{arguments['id']}.busy"
    return Plan(words=words, start=(spawn(busy, note),), heal=(end(note),), check=(alive(note),))


CPU = Kind("cpu", ("workers",), plan, _asks)
