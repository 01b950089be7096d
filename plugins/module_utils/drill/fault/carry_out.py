# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Performs steps, one at a time. A step that fails raises FaultError with what the machine said."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from typing import Any, Callable, Optional

from . import procfs
from .model import FaultError, Step

__all__ = ["carry_out", "passes"]

CHUNK = 64 * 1024 * 1024


def carry_out(step: Step) -> Optional[int]:
    """Perform one step. Returns the instant of the fault, ns since 1970, where a hook told it."""
    try:
        return _STEPS[step["do"]](step)
    except OSError as error:
        raise FaultError(f"{_described(step)}: {error.strerror or error}") from error


def passes(step: Step) -> bool:
    """Whether a step that checks something succeeds now."""
    try:
        carry_out(step)
    except FaultError:
        return False
    return True


def _described(step: Step) -> str:
    about = step.get("argv") or step.get("path") or step.get("note") or ""
    return f"{step['do']} {' '.join(about) if isinstance(about, list) else about}".strip()


def _ran(step: Step, environment: Mapping[str, str]) -> str:
    try:
        done = subprocess.run(
            step["argv"],
            input=step.get("stdin", ""),
            capture_output=True,
            text=True,
            timeout=step["seconds"],
            env={**os.environ, **environment, "LC_ALL": "C"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FaultError(f"{_described(step)}: no end within {step['seconds']:g} s") from None
    accepted = step.get("ok", [0])
    if accepted and done.returncode not in accepted:
        said = (done.stderr or done.stdout).strip()[-500:]
        raise FaultError(f"{_described(step)}: exit code {done.returncode}{': ' + said if said else ''}")
    return done.stdout


def _run(step: Step) -> None:
    _ran(step, {})


def _hook(step: Step) -> Optional[int]:
    text = _ran(step, step["environment"]).strip()
    try:
        told = json.loads(text).get("t0") if text.startswith("{") else None
    except (ValueError, AttributeError):
        return None
    if isinstance(told, dict):
        told = told.get("wall_ns")
    if isinstance(told, bool) or not isinstance(told, (int, float)) or told <= 0:
        return None
    # A wall clock in seconds stays below 1e11 for three thousand years; in nanoseconds it is above since 1970.
    if told > 1e17:
        return int(told)
    whole = int(told)
    # Apart, since a float cannot hold that many nanoseconds.
    return whole * 10**9 + round((told - whole) * 10**9)


def _signal(step: Step) -> None:
    number = signal.Signals[step["name"]]
    for process in step["processes"]:
        if procfs.state_of(process["pid"], process["started"]) != "-":
            try:
                os.kill(process["pid"], number)
                continue
            except ProcessLookupError:
                pass
        if not step["may_be_gone"]:
            raise FaultError(f"process {process['pid']} is gone before {step['name']} could reach it")


def _in_state(step: Step) -> None:
    for process in step["processes"]:
        state = procfs.state_of(process["pid"], process["started"])
        # One that is gone neither runs nor stands still.
        if state != "-" and state not in step["states"]:
            raise FaultError(f"process {process['pid']} is in state {state}")


def _write(step: Step) -> None:
    path = step["path"]
    in_kernel = path.startswith(("/proc/", "/sys/"))
    try:
        if in_kernel:
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        else:
            os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except OSError as error:
        if step["may_be_gone"] and error.errno in (errno.ENOENT, errno.ENODEV):
            return
        raise
    try:
        os.write(descriptor, step["text"].encode())
    except OSError as error:
        if not (step["may_be_gone"] and error.errno == errno.ENODEV):
            raise
    finally:
        os.close(descriptor)


def _reads(step: Step) -> None:
    with open(step["path"], encoding="utf-8") as stream:
        text = stream.read().strip()
    if text != step["text"]:
        raise FaultError(f"{step['path']} reads {text!r}, not {step['text']!r}")


def _remove(step: Step) -> None:
    try:
        os.unlink(step["path"])
    except FileNotFoundError:
        pass


def _fill(step: Step) -> None:
    descriptor = os.open(step["path"], os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        done = 0
        while done < step["size"]:
            found = os.fstatvfs(descriptor)
            free = (found.f_bfree if os.geteuid() == 0 else found.f_bavail) * found.f_frsize
            # Others write too: the reserve is looked at again before each piece.
            piece = min(CHUNK, step["size"] - done, free - step["reserve"])
            if piece <= 0:
                return
            try:
                os.posix_fallocate(descriptor, done, piece)
            except OSError as error:
                if error.errno == errno.ENOSPC:
                    return
                raise
            done += piece
    finally:
        os.close(descriptor)


def _shift_clock(step: Step) -> None:
    time.clock_settime_ns(time.CLOCK_REALTIME, time.time_ns() + step["milliseconds"] * 10**6)


def _restore_clock(step: Step) -> None:
    elapsed_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - step["boot_ns"]
    time.clock_settime_ns(time.CLOCK_REALTIME, step["wall_ns"] + elapsed_ns)


def _spawn(step: Step) -> None:
    child = subprocess.Popen(
        step["argv"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )
    known = procfs.identity(child.pid)
    # It outlives us on purpose: tell Popen that nobody will wait for it.
    child.returncode = 0
    if known is None:
        raise FaultError(f"{_described(step)}: it ended at once")
    with open(step["note"], "w", encoding="utf-8") as stream:
        json.dump(known, stream)


def _noted(step: Step) -> Optional[dict[str, Any]]:
    try:
        with open(step["note"], encoding="utf-8") as stream:
            known: dict[str, Any] = json.load(stream)
    except (FileNotFoundError, ValueError):
        return None
    return known if procfs.state_of(known["pid"], known["started"]) != "-" else None


def _end(step: Step) -> None:
    known = _noted(step)
    if known:
        try:
            os.killpg(known["pid"], signal.SIGKILL)
        except ProcessLookupError:
            pass
    _remove({"path": step["note"]})


def _alive(step: Step) -> None:
    if _noted(step) is None:
        raise FaultError(f"nothing runs as noted in {step['note']}")


_STEPS: Mapping[str, Callable[[Step], Optional[int]]] = {
    "run": _run,
    "hook": _hook,
    "signal": _signal,
    "in_state": _in_state,
    "write": _write,
    "reads": _reads,
    "remove": _remove,
    "fill": _fill,
    "shift_clock": _shift_clock,
    "restore_clock": _restore_clock,
    "spawn": _spawn,
    "end": _end,
    "alive": _alive,
}
