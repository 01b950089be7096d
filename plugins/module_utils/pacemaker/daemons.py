# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of Pacemaker's daemons run on a node.

pacemakerd starts a daemon again that ends, unless it could not reach corosync in that very moment. Then it waits for
corosync to come back, for good when it was never away. A node without pacemaker-attrd looks well, serves, and can't be
stopped in an orderly way, so this is asked.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator

#: what pacemakerd starts, see pacemakerd(8)
NAMES = (
    "pacemaker-based",
    "pacemaker-fenced",
    "pacemaker-execd",
    "pacemaker-attrd",
    "pacemaker-schedulerd",
    "pacemaker-controld",
)
#: What makes pacemakerd look at all of them anew: systemd starts it again, and it takes over those that run.
REMEDY = "systemctl kill --kill-whom=main --signal=KILL pacemaker.service"


def missing(programs: Collection[str]) -> list[str]:
    """Return the daemons that are not among the programs, which are given by their paths or names."""
    names = {os.path.basename(program) for program in programs}
    return [name for name in NAMES if name not in names]


def programs(directory: str = "/proc") -> Iterator[str]:
    """Yield the program of each process of this machine, as its command line names it."""
    for entry in os.listdir(directory):
        if not entry.isdigit():
            continue
        try:
            with open(f"{directory}/{entry}/cmdline", "rb") as file:
                program = file.read().split(b"\0", 1)[0]
        except OSError:
            # it has ended meanwhile
            continue
        if program:
            yield program.decode(errors="replace")
