# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Being run in time: real-time scheduling, locked memory, a quiet garbage collector, and a limit against spinning.

What cannot be had is reported, never fatal (as in Linux-HA heartbeat 3.0.6).
"""

from __future__ import annotations

import ctypes
import gc
import os
import resource

_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4  # mlockall(2)
#: RLIMIT_RTTIME (microseconds of CPU without a blocking call; Linux sched(7)); the resource module has no name for it
_RLIMIT_RTTIME = 15
_RTTIME_SOFT_US, _RTTIME_HARD_US = 1_000_000, 2_000_000


def engage(priority: int) -> list[str]:
    """Turn everything on; returns one sentence per thing that could not be had."""
    problems: list[str] = []
    gc.collect()
    gc.freeze()  # what lives now lives on: later collections look at young objects only
    try:
        _lock_memory()
    except OSError as error:
        problems.append(f"memory cannot be locked: {error.strerror}")
    try:
        resource.setrlimit(_RLIMIT_RTTIME, (_RTTIME_SOFT_US, _RTTIME_HARD_US))
    except (OSError, ValueError) as error:
        problems.append(f"the real-time limit cannot be set, so ordinary scheduling is kept: {error}")
        return problems
    try:
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK  # children run with ordinary priority
        os.sched_setscheduler(0, policy, os.sched_param(priority))
    except OSError as error:
        problems.append(f"real-time scheduling is not permitted: {error.strerror}")
    return problems


def scheduling() -> str:
    """The class this process runs in, for the status report."""
    policy = os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK
    names = {os.SCHED_FIFO: "fifo", os.SCHED_RR: "rr", os.SCHED_OTHER: "other"}
    return names.get(policy, str(policy))


def _lock_memory() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    # what is mapped now is loaded and locked; later mappings are locked page by page as they are used
    for flags in (_MCL_CURRENT, _MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT):
        if libc.mlockall(flags) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
