# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let machines weigh as much as machines where they compete for processors.

With control groups v1 and no systemd to manage them, an engine puts all its containers into one group, which weighs as
much as a single process beside it: four forks of Ansible, and every machine of a lab together has a fifth of a
processor. Their checks time out then, and what a drill measures is that. Elsewhere the engine's slice is fair as it is.
"""

from __future__ import annotations

from pathlib import Path

from .realtime import ROOT, group_of

FILE = "cpu.shares"
USUAL = 1024
"""What a group weighs that nobody gave a weight, and what one process weighs beside it."""
MACHINES = 8 * USUAL + 17
"""An odd number, by which it is recognised as ours when it is to be given back."""


def lift(pid: int, root: Path = ROOT, proc: Path = Path("/proc")) -> None:
    """Give the group that the container of `pid` shares with others the weight of several machines. Never fails."""
    group = group_of((proc / str(pid) / "cgroup").read_text(encoding="ascii"), root)
    if group is None or group.parent.parent == root:
        return
    shared = group.parent / FILE
    try:
        if int(shared.read_text(encoding="ascii")) == USUAL:
            shared.write_text(str(MACHINES), encoding="ascii")
    except OSError:
        return


def give_back(root: Path = ROOT) -> None:
    """Let groups that machines have left weigh what they did."""
    for path in root.glob(f"cpu*/*/{FILE}"):
        try:
            # An engine leaves empty groups of its own behind.
            is_left = not any(tasks.read_text(encoding="ascii").strip() for tasks in path.parent.glob("*/cgroup.procs"))
            if is_left and int(path.read_text(encoding="ascii")) == MACHINES:
                path.write_text(str(USUAL), encoding="ascii")
        except OSError:
            continue
