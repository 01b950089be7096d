# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let a client machine measure in time, although it shares the processors with the cluster it measures.

Probes ask for real-time scheduling. A kernel with real-time group scheduling (control groups v1) refuses that to every
group that was given no share, and engines give none. Elsewhere nothing has to be granted.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
FILE = "cpu.rt_runtime_us"
CLIENT_US = 700_000
"""Of each second and processor. A group that uses its share up stands still until the second is over, and what it
probes goes unseen: it must be ample, or there had better be none. Those of a Redis cluster take half a processor."""
PARENT_US = 900_017
"""An odd number, by which it is recognised as ours when it is to be given back."""


def group_of(cgroup_text: str, root: Path = ROOT) -> Path | None:
    """Return the cpu group of a process whose /proc/PID/cgroup is `cgroup_text`; None on control groups v2."""
    for line in cgroup_text.splitlines():
        _number, controllers, path = line.split(":", 2)
        if "cpu" in controllers.split(","):
            mounted = next((root / name for name in (controllers, "cpu") if (root / name).is_dir()), None)
            return mounted / path.lstrip("/") if mounted else None
    return None


def allow(pid: int, root: Path = ROOT, proc: Path = Path("/proc")) -> bool:
    """Grant the group of `pid` its share; tell whether probes may be real-time now. Never fails: they work without."""
    group = group_of((proc / str(pid) / "cgroup").read_text(encoding="ascii"), root)
    if group is None or not (group / FILE).exists():
        return True
    try:
        # From the top down: a group cannot have more than what it lies in.
        for above in reversed([path for path in group.parents if (path / FILE).exists() and path.parent != root]):
            if int((above / FILE).read_text(encoding="ascii")) < CLIENT_US:
                (above / FILE).write_text(str(PARENT_US), encoding="ascii")
        (group / FILE).write_text(str(CLIENT_US), encoding="ascii")
    except OSError:
        return False
    return True


def give_back(root: Path = ROOT) -> None:
    """Take the share from the engine's own group again, unless another lab still has some of it."""
    for path in root.glob(f"cpu*/*/{FILE}"):
        try:
            if int(path.read_text(encoding="ascii")) == PARENT_US:
                path.write_text("0", encoding="ascii")
        except OSError:
            # The kernel refuses while a group below has a share.
            continue
