# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stop and continue every process of a container at once, through its control group (cgroup v2, or v1 freezer)."""

from __future__ import annotations

import time
from pathlib import Path

from .errors import LabError

ROOT = Path("/sys/fs/cgroup")


def control_file(cgroup_text: str, root: Path = ROOT) -> tuple[Path, str, str]:
    """Return (file, word to freeze, word to thaw) for a process whose /proc/PID/cgroup is `cgroup_text`."""
    unified = ""
    for line in cgroup_text.splitlines():
        _number, controllers, path = line.split(":", 2)
        # systemd moves itself to init.scope below the container's group.
        path = path.removesuffix("/init.scope").lstrip("/")
        if "freezer" in controllers.split(","):
            return root / "freezer" / path / "freezer.state", "FROZEN", "THAWED"
        if not controllers:
            unified = path
    return root / unified / "cgroup.freeze", "1", "0"


def set_frozen(pid: int, frozen: bool, timeout: float = 5.0) -> None:
    """Freeze or thaw the container whose init is `pid`, and wait until the kernel says so."""
    path, freeze, thaw = control_file(Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii"))
    word = freeze if frozen else thaw
    try:
        path.write_text(word, encoding="ascii")
    except OSError as error:
        raise LabError(f"cannot {'freeze' if frozen else 'thaw'} by {path}: {error.strerror}") from None
    deadline = time.monotonic() + timeout
    while _state(path) != word:
        if time.monotonic() > deadline:
            raise LabError(f"{path} did not become {word} within {timeout:.0f} s")
        time.sleep(0.0005)


def _state(path: Path) -> str:
    if path.name == "freezer.state":
        return path.read_text(encoding="ascii").strip()
    events = path.with_name("cgroup.events").read_text(encoding="ascii").split()
    return events[events.index("frozen") + 1]
