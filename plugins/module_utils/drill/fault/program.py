# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packed program that outlives everybody else.

``heal`` now, ``hold`` and heal when the time is up, ``inject`` at an instant, ``busy`` for a while.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence

from . import engine, switch
from .model import FaultError
from .place import Place, manager_here

__all__ = ["main"]

TRIES = 60
RETRY_SECONDS = 5.0


def main(argv: Sequence[str]) -> int:
    """Run one verb; 0, or 1 when healing failed to the end."""
    verb, rest = argv[0], argv[1:]
    if verb == "heal":
        return _heal(rest[0], rest[1])
    if verb == "hold":
        return _hold(rest[0], rest[1], float(rest[2]), int(rest[3]))
    if verb == "inject":
        return _inject(rest[0], rest[1], int(rest[2]))
    if verb == "busy":
        return _busy(int(rest[0]), float(rest[1]))
    sys.stderr.write(
        "usage: heal DIRECTORY ID | hold DIRECTORY ID SECONDS FD | inject DIRECTORY ID AT | busy N SECONDS\n"
    )
    return 2


def _heal(directory: str, fault_id: str) -> int:
    """Heal, and do not give up: there is nobody else."""
    place = Place(directory, manager_here())
    for attempt in range(TRIES):
        if attempt:
            time.sleep(RETRY_SECONDS)
        try:
            engine.heal(place, fault_id, by="switch")
        except (FaultError, OSError) as error:
            sys.stderr.write(f"{error}\n")
        else:
            return 0
    return 1


def _hold(directory: str, fault_id: str, seconds: float, descriptor: int) -> int:
    # A terminal or a session that ends must not take the switch along.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    deadline = time.monotonic() + seconds
    os.write(descriptor, switch.ARMED)
    os.close(descriptor)
    _sleep_until(deadline)
    return _heal(directory, fault_id)


def _inject(directory: str, fault_id: str, at_ns: int) -> int:
    _sleep_until(at_ns / 10**9)
    try:
        engine.inject(Place(directory, manager_here()), fault_id)
    except FaultError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _sleep_until(deadline: float) -> None:
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return
        time.sleep(left)


def _busy(workers: int, seconds: float) -> int:
    """Keep ``workers`` processes busy; each is ended by the kernel's alarm, whatever becomes of the others."""
    for _worker in range(workers - 1):
        if os.fork() == 0:
            break
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    while True:
        pass
