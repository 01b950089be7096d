# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where faults keep their notes on this machine, and who can watch over them."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass
from typing import Any

from .model import FaultError

__all__ = ["Place", "default_directory", "manager_here"]

ROOT_DIRECTORY = "/run/steadfast-fault"


def default_directory() -> str:
    """For root a directory that a reboot empties, since a reboot heals; else one of the user's own."""
    return ROOT_DIRECTORY if os.geteuid() == 0 else f"/var/tmp/steadfast-fault-{os.geteuid()}"


def manager_here() -> str:
    """``systemd`` where its timers run for us and in our network, else ``process``."""
    if os.geteuid() != 0 or not os.path.isdir("/run/systemd/system"):
        return "process"
    try:
        # In a network namespace of its own, a timer would heal the wrong network.
        same = all(os.readlink(f"/proc/self/ns/{name}") == os.readlink(f"/proc/1/ns/{name}") for name in ("net", "pid"))
    except OSError:
        return "process"
    return "systemd" if same else "process"


@dataclass(frozen=True)
class Place:
    """A directory of notes, and the manager, ``systemd`` or ``process``, of what must outlive us."""

    directory: str
    manager: str

    def make(self) -> None:
        """Make the directory; raises FaultError when it is open to others, who could swap what root runs."""
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        found = os.lstat(self.directory)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise FaultError(
                f"{self.directory} must be a directory that only its owner, uid {os.geteuid()}, can write to."
            )

    def program(self, fault_id: str) -> str:
        """The packed program of a fault."""
        return os.path.join(self.directory, f"{fault_id}.pyz")

    def facts(self, fault_id: str) -> dict[str, Any]:
        """What planners may know of it."""
        return {
            "directory": self.directory,
            "manager": self.manager,
            "python": sys.executable or "/usr/bin/python3",
            "program": self.program(fault_id),
        }
