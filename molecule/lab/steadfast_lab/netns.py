# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Enter network namespaces from Python: sockets opened there stay there.

`setns(2)` moves the calling thread only, so it is done in a short-lived thread of its own and nothing else in the
process notices.
"""

from __future__ import annotations

import ctypes
import os
import threading
from pathlib import Path
from typing import Callable, TypeVar

from .errors import LabError

T = TypeVar("T")
CLONE_NEWNET = 0x40000000
RUN_NETNS = Path("/run/netns")


def path_of(name: str) -> Path:
    """Return the file that stands for a named namespace."""
    return RUN_NETNS / name


def exists(name: str) -> bool:
    """Tell whether a named namespace is there and really mounted (not a leftover file)."""
    path = path_of(name)
    try:
        return path.stat().st_dev != RUN_NETNS.stat().st_dev
    except OSError:
        return False


def inside(path: str | Path, function: Callable[[], T]) -> T:
    """Call `function` in the network namespace at `path` and return its result; what it raises is raised here."""
    result: list[T] = []
    failure: list[BaseException] = []
    libc = ctypes.CDLL(None, use_errno=True)

    def body() -> None:
        try:
            descriptor = os.open(str(path), os.O_RDONLY | os.O_CLOEXEC)
            try:
                if libc.setns(descriptor, CLONE_NEWNET) != 0:
                    number = ctypes.get_errno()
                    raise OSError(number, os.strerror(number), str(path))
            finally:
                os.close(descriptor)
            result.append(function())
        except BaseException as error:  # handed to the caller's thread
            failure.append(error)

    thread = threading.Thread(target=body, name="netns", daemon=True)
    thread.start()
    thread.join()
    if failure:
        if isinstance(failure[0], FileNotFoundError):
            raise LabError(f"network namespace {path} is gone; run `lab up` again") from failure[0]
        raise failure[0]
    return result[0]
