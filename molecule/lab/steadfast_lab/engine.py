# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every call to the container engine: Podman, or Docker where that is what the user has.

Containers are made without any network; the cables are plugged by `fabric`. With Podman the container is initialised
first, wired, and only then is its init started, so that systemd never sees a machine without network cards. Docker
cannot stop in between; there the cards appear some milliseconds after init has started.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from . import realtime, weight
from .errors import LabError
from .run import run

NOFILE_WANTED = 65536
NPROC_WANTED = 32768
# Debian 13's systemd refuses the legacy cgroup layout without this word on its (here: container's) command line.
INIT = ("/sbin/init", "SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1")


def _limit(kind: int, wanted: int) -> int:
    """Return `wanted`, or half the hard limit where that is lower: raising a limit may not be permitted."""
    hard = resource.getrlimit(kind)[1]
    return wanted if hard == resource.RLIM_INFINITY or hard // 2 >= wanted else hard // 2


class Engine:
    """Container engine by its command line."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.command = [name]
        if name == "podman" and shutil.which("runc"):
            # crun refuses the hybrid cgroup layout that some build machines have; runc accepts all.
            self.command = [name, "--runtime", "runc"]

    def call(self, *arguments: str, timeout: float = 60.0, check: bool = True) -> str:
        """Run the engine and return its standard output."""
        return run([*self.command, *arguments], timeout=timeout, check=check).stdout.strip()

    def image_exists(self, image: str) -> bool:
        """Tell whether an image is in the local storage."""
        return run([*self.command, "image", "inspect", image], check=False).returncode == 0

    def import_image(self, tar: str, image: str) -> None:
        """Make an image of a root file system."""
        self.call("import", tar, image, timeout=300)

    def images(self, reference: str) -> list[str]:
        """Return the names of local images whose repository is `reference`."""
        listed = self.call("images", "--format", "{{.Repository}}:{{.Tag}}", check=False)
        return sorted({line for line in listed.splitlines() if line.startswith(reference + ":")})

    def remove_image(self, image: str) -> bool:
        """Remove an image unless a container still uses it; tell whether it is gone."""
        return run([*self.command, "rmi", image], check=False, timeout=120).returncode == 0

    def create(
        self, name: str, image: str, hostname: str, labels: Mapping[str, str], volumes: Mapping[str, str]
    ) -> None:
        """Create a stopped systemd container without network. volumes: folder here -> folder there."""
        nofile = _limit(resource.RLIMIT_NOFILE, NOFILE_WANTED)
        nproc = _limit(resource.RLIMIT_NPROC, NPROC_WANTED)
        arguments = ["create", "--name", name, "--hostname", hostname, "--network", "none", "--privileged"]
        arguments += ["--ulimit", f"nofile={nofile}:{nofile}", "--ulimit", f"nproc={nproc}:{nproc}"]
        # corosync and those who ask it share ring buffers of megabytes each, and an engine gives 64 MB
        arguments += ["--shm-size", "256m"]
        for key, value in labels.items():
            arguments += ["--label", f"{key}={value}"]
        for here, there in volumes.items():
            arguments += ["--volume", f"{here}:{there}"]
        if self.name == "podman":
            # No managed /etc/hosts: a file mounted there could not be replaced atomically, as roles do.
            arguments += ["--no-hosts", "--systemd=always"]
        else:
            arguments += ["--cgroupns", "private", "--tmpfs", "/run", "--tmpfs", "/run/lock"]
            arguments += ["--stop-signal", "SIGRTMIN+3", "--env", "container=docker"]
        self.call(*arguments, image, *INIT)

    def prepare(self, name: str) -> int:
        """Bring a stopped container to the point just before (Docker: just after) its init runs; return its pid."""
        self.call("init" if self.name == "podman" else "start", name)
        pid = self.state(name)["pid"]
        if not pid:
            raise LabError(f"container {name} has no process; see: {self.name} logs {name}")
        return int(pid)

    def start(self, name: str) -> None:
        """Let init run."""
        if self.name == "podman":
            self.call("start", name)

    def state(self, name: str) -> dict[str, Any]:
        """Return `{"status", "pid", "exit_code"}`; status is `absent` when there is no such container."""
        done = run([*self.command, "container", "inspect", name], check=False)
        if done.returncode != 0:
            return {"status": "absent", "pid": 0, "exit_code": None}
        state = json.loads(done.stdout)[0]["State"]
        return {"status": state["Status"], "pid": state.get("Pid", 0), "exit_code": state.get("ExitCode")}

    def image_of(self, name: str) -> str:
        """Return the name of the image a container was made of."""
        field = "{{.ImageName}}" if self.name == "podman" else "{{.Config.Image}}"
        return self.call("container", "inspect", "--format", field, name)

    def containers(self, label: str) -> dict[str, dict[str, str]]:
        """Return the containers with a label (`key=value`) as name -> labels."""
        names = self.call("ps", "--all", "--filter", f"label={label}", "--format", "{{.Names}}").split()
        if not names:
            return {}
        found = json.loads(self.call("container", "inspect", *names))
        return {entry["Name"].lstrip("/"): dict(entry["Config"]["Labels"] or {}) for entry in found}

    def remove(self, names: Sequence[str]) -> None:
        """Kill and remove containers."""
        if names:
            self.call("rm", "--force", "--volumes", *names, timeout=120)
            realtime.give_back()
            weight.give_back()

    def exec_command(self, name: str, command: Sequence[str], *, tty: bool = False) -> list[str]:
        """Return the command line that runs `command` in a container."""
        return [*self.command, "exec", "--interactive", *(["--tty"] if tty else []), name, *command]

    def execute(self, name: str, *command: str, timeout: float = 60.0) -> tuple[int, str]:
        """Run a command in a container; return its exit code and standard output."""
        done = run([*self.command, "exec", name, *command], timeout=timeout, check=False)
        return done.returncode, done.stdout.strip()


@lru_cache(maxsize=1)
def find_engine() -> Engine:
    """Return the engine: `STEADFAST_ENGINE`, else Podman, else Docker. LabError when there is none."""
    wanted = os.environ.get("STEADFAST_ENGINE")
    for name in [wanted] if wanted else ["podman", "docker"]:
        if name and shutil.which(name):
            return Engine(name)
    raise LabError("neither podman nor docker is installed; run: make prerequisites")
