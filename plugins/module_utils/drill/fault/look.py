# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers the questions that planners ask about the machine. Reads only."""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from typing import Any, Callable

from . import procfs
from .model import Question
from .place import Place

__all__ = ["answers"]

SECONDS = 20.0
CAP_SYS_TIME = 25
EGRESS_TRIAL = (
    "table netdev steadfast_trial {\n  chain c {\n    type filter hook egress devices = { %s } priority 0\n  }\n}\n"
)


def answers(questions: Mapping[str, Question], place: Place, fault_id: str) -> dict[str, Any]:
    """The facts, by the names that the planner gave its questions."""
    found: dict[str, Any] = {}
    for name, (question, *about) in questions.items():
        found[name] = place.facts(fault_id) if question == "place" else _QUESTIONS[question](place, *about)
    return found


def _said(*argv: str, stdin: str = "") -> tuple[int, str]:
    """Exit code and standard output; 127 and nothing where there is no such program."""
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (FileNotFoundError, PermissionError, subprocess.TimeoutExpired):
        return 127, ""
    return done.returncode, done.stdout


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def _unit(_place: Place, unit: str) -> dict[str, Any]:
    wanted = "LoadState,ActiveState,MainPID,ControlGroup"
    _code, text = _said("systemctl", "show", f"--property={wanted}", "--", unit)
    said = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    group = said.get("ControlGroup", "")
    pids: list[str] = []
    freeze_file = ""
    if group:
        # cgroup v2 alone, beside v1, and systemd's own v1 hierarchy.
        for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"):
            for path in glob.glob(f"{glob.escape(root + group)}/**/cgroup.procs", recursive=True):
                pids += _read(path).split()
            if pids:
                candidate = f"{root}{group}/cgroup.freeze"
                freeze_file = candidate if os.access(candidate, os.W_OK) else ""
                break
    main = int(said.get("MainPID") or 0)
    return {
        "load": said.get("LoadState", ""),
        "active": said.get("ActiveState", ""),
        "main": procfs.identity(main) if main else None,
        "all": [found for pid in dict.fromkeys(pids) if (found := procfs.identity(int(pid)))],
        "freeze_file": freeze_file,
    }


def _unit_environment(place: Place, unit: str) -> dict[str, str]:
    main = _unit(place, unit)["main"]
    name = "FAKETIME_TIMESTAMP_FILE"
    value = procfs.variable_of(main["pid"], name) if main else ""
    return {name: value} if value else {}


def _processes(_place: Place, pattern: str) -> list[dict[str, Any]]:
    ours = set(procfs.ancestors(os.getpid()))
    expression = re.compile(pattern)
    found = []
    for pid in procfs.every():
        if pid in ours or not expression.search(procfs.command_of(pid)):
            continue
        process = procfs.identity(pid)
        # A thread of the kernel has no command line, and cannot be killed.
        if process and process["command"]:
            found.append(process)
    return sorted(found, key=lambda process: int(process["pid"]))


def _devices(_place: Place) -> list[str]:
    _code, text = _said("ip", "-o", "link", "show", "up")
    return [line.split(":")[1].split("@")[0].strip() for line in text.splitlines() if line.count(":") > 1]


def _interface(_place: Place, name: str) -> dict[str, Any]:
    _code, text = _said("ip", "-o", "link", "show")
    everything = [line.split(":")[1].split("@")[0].strip() for line in text.splitlines() if line.count(":") > 1]
    if name not in everything:
        return {"exists": False, "others": everything}
    _code, addresses = _said("ip", "-o", "address", "show", "dev", name)
    return {
        "exists": True,
        "others": everything,
        "up": name in _devices(_place),
        "keep": _read(f"/proc/sys/net/ipv6/conf/{name}/keep_addr_on_down").strip(),
        "addresses": [line.split()[3].split("/")[0] for line in addresses.splitlines() if len(line.split()) > 3],
        "routes": _said("ip", "-4", "route", "show", "table", "all", "dev", name)[1],
        "routes6": _said("ip", "-6", "route", "show", "table", "all", "dev", name)[1],
    }


def _connection(_place: Place) -> dict[str, str]:
    # Under sudo the variable is gone from our own environment, but not from that of the parents.
    for pid in procfs.ancestors(os.getpid()):
        words = procfs.variable_of(pid, "SSH_CONNECTION").split()
        if len(words) == 4:
            return {"client": words[0], "server": words[2]}
    return {}


def _egress(place: Place) -> bool:
    devices = ", ".join(name for name in _devices(place) if name != "lo")
    return bool(devices) and _said("nft", "--check", "-f", "-", stdin=EGRESS_TRIAL % devices)[0] == 0


def _space(place: Place, path: str) -> dict[str, Any]:
    if not os.path.isdir(path):
        return {"directory": False, "holds_state": False, "is_root": False, "free": 0}
    device, free = os.stat(path).st_dev, os.statvfs(path)
    notes = place.directory
    while not os.path.exists(notes):
        notes = os.path.dirname(notes)
    return {
        "directory": True,
        "holds_state": os.stat(notes).st_dev == device,
        "is_root": os.stat("/").st_dev == device,
        "free": (free.f_bfree if os.geteuid() == 0 else free.f_bavail) * free.f_frsize,
    }


def _clock(_place: Place) -> dict[str, Any]:
    masks = [line.split()[1] for line in _read("/proc/self/status").splitlines() if line.startswith("CapEff:")]
    contained = os.path.exists("/run/.containerenv") or os.path.exists("/.dockerenv")
    return {
        "container": contained or _said("systemd-detect-virt", "--container", "--quiet")[0] == 0,
        "may_set": bool(masks) and bool(int(masks[0], 16) >> CAP_SYS_TIME & 1),
        "wall_ns": time.time_ns(),
        "boot_ns": time.clock_gettime_ns(time.CLOCK_BOOTTIME),
    }


def _running_units(_place: Place, *units: str) -> list[str]:
    _code, text = _said("systemctl", "is-active", "--", *units)
    states = text.split()
    # Without systemd there is no line per unit, and nothing to stop.
    return [unit for unit, state in zip(units, states) if state == "active"]


def _faketime(_place: Place) -> str:
    found = glob.glob("/usr/lib/*/faketime/libfaketime.so.1") + glob.glob("/usr/lib*/faketime/libfaketime.so.1")
    return found[0] if found else ""


_QUESTIONS: Mapping[str, Callable[..., Any]] = {
    "unit": _unit,
    "unit_environment": _unit_environment,
    "processes": _processes,
    "devices": _devices,
    "interface": _interface,
    "connection": _connection,
    "egress": _egress,
    "program": lambda _place, name: bool(shutil.which(name)),
    "cpus": lambda _place: len(os.sched_getaffinity(0)),
    "space": _space,
    "clock": _clock,
    "running_units": _running_units,
    "faketime": _faketime,
}
