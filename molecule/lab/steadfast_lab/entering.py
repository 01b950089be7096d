# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run something in a machine by entering its namespaces and control groups.

What `podman exec` does, in a twentieth of its time. Needs root, as the lab itself does.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CGROUPS = Path("/sys/fs/cgroup")
SCRIPTS = "/usr/local/lib/steadfast-lab"  # the lab's folder `inside`, on every machine
LIBRARIES = "/usr/local/lib/steadfast-ansible"  # has the controller's package `ansible`
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    # Keeps what Python compiles of each task's modules: inside/sitecustomize.py of the lab, and where it keeps it.
    "PYTHONPATH": SCRIPTS,
    "LAB_BYTECODE": "/var/cache/steadfast-lab",
}


def groups_of(pid: int) -> list[Path]:
    """Return the files by which a process joins the control groups of `pid`, whatever their layout."""
    found = []
    for line in Path(f"/proc/{pid}/cgroup").read_text(encoding="ascii").splitlines():
        _number, controllers, path = line.split(":", 2)
        if path == "/":
            continue
        name = controllers.removeprefix("name=")
        for hierarchy in [name, *name.split(",")] if name else ["unified", "."]:
            group = CGROUPS / hierarchy / path.lstrip("/") / "cgroup.procs"
            if group.exists():
                found.append(group)
                break
    return found


def run_in(pid: int, command: Sequence[str], data: bytes | None = None, **streams: Any) -> tuple[int, bytes, bytes]:
    """Run `command` in the machine whose init is `pid`; return its code, output and errors."""
    groups = groups_of(pid)

    def join() -> None:
        for group in groups:
            group.write_text(str(os.getpid()), encoding="ascii")

    with subprocess.Popen(
        ["nsenter", "--target", str(pid), "--all", "--", *command],
        stdout=streams.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        stdin=streams.pop("stdin", subprocess.PIPE),
        env=ENVIRONMENT,
        preexec_fn=join,  # noqa: PLW1509 - Ansible's workers and a scenario's tests have no threads of their own
    ) as process:
        out, err = process.communicate(data)
    return process.returncode, out or b"", err
