# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create a machine, boot it, wait until it is ready. A machine is a systemd container with cables."""

from __future__ import annotations

import signal
import time
import uuid
from pathlib import Path

from . import process, realtime, weight
from .engine import Engine
from .entering import LIBRARIES, SCRIPTS
from .errors import LabError, say
from .fabric import Fabric
from .identity import CHECKOUT_LABEL, LAB_LABEL, Identity
from .readied import libraries
from .run import run
from .state import LabState
from .topology import NodePlan

PACKAGE_PORT = 3142
BOOT_SECONDS = 90.0
CLIENT_GROUP = "lab_clients"
# Run in the machine's own mount and pid namespaces before its init starts. Files that the engine mounts over the
# machine's own are taken away, because what is mounted cannot be replaced atomically; a fresh boot id makes a power
# cycle look like one (systemd-nspawn does the same).
PREBOOT = """
set -e
for file in /etc/hostname /etc/hosts /etc/resolv.conf /var/log/journal; do
  if grep -q " $file " /proc/self/mounts; then umount "$file"; fi
done
if [ ! -s /etc/hostname ]; then echo "$1" > /etc/hostname; fi
echo "$2" > /run/boot_id
mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
echo "Acquire::http::Proxy \\"$3\\";" > /etc/apt/apt.conf.d/01steadfast-lab
mkdir -p /var/cache/steadfast-lab
if ! ls /var/lib/apt/lists/*_InRelease > /dev/null 2>&1; then touch -d @0 /var/lib/apt/lists; fi
"""


def _unit_names(listed: str) -> list[str]:
    """Return the units of a `systemctl list-units --plain --no-legend`; a description may span several lines."""
    return [words[0] for words in (line.split() for line in listed.splitlines()) if "." in (words or [""])[0]]


class Machines:
    """The machines of one lab."""

    def __init__(self, identity: Identity, engine: Engine, fabric: Fabric, state: LabState) -> None:
        self.identity = identity
        self.engine = engine
        self.fabric = fabric
        self.state = state

    def is_running(self, node: NodePlan) -> bool:
        """Tell whether the init that the driver started is still there."""
        known = self.state.nodes[node.name]
        return process.is_alive(known.pid, known.started)

    def create(self, node: NodePlan) -> None:
        """Make the machine's disk: a container that has not been started yet."""
        labels = {CHECKOUT_LABEL: self.identity.checkout, LAB_LABEL: self.identity.lab, "org.steadfast.node": node.name}
        # What Ansible's connection has its processes import (see there).
        volumes = {str(Path(__file__).resolve().parents[1] / "inside"): f"{SCRIPTS}:ro"}
        if found := libraries():
            volumes[str(found / "ansible")] = f"{LIBRARIES}/ansible:ro"
        if self.state.plan.shared:
            folder = self.identity.directory / "shared"
            folder.mkdir(parents=True, exist_ok=True)
            volumes[str(folder)] = self.state.plan.shared
        self.engine.create(self.identity.container(node.name), self.state.image, node.hostname, labels, volumes)

    def boot(self, node: NodePlan) -> None:
        """Give power: same disk, same addresses, a new boot id. Returns as soon as init runs."""
        container = self.identity.container(node.name)
        self._settle(container)
        pid = self.engine.prepare(container)
        started = process.start_time(pid)
        try:
            self.fabric.plug(self.state.plan, node, pid, self.state.faults.unplugged_of(node.name))
            self._preboot(node, pid)
            weight.lift(pid)
            if CLIENT_GROUP in node.groups and not realtime.allow(pid):
                say(f"{node.name}'s probes are not real-time: the kernel refuses, or another lab's have the share")
            self.engine.start(container)
        except BaseException:
            process.kill(pid, started, signal.SIGKILL, wait=5)
            raise
        known = self.state.nodes[node.name]
        known.pid, known.started, known.power = pid, started, "on"
        known.boots += 1

    def _settle(self, container: str) -> None:
        """Wait until the engine has noticed that an earlier run of the container is over."""
        deadline = time.monotonic() + 30
        while True:
            state = self.engine.state(container)
            if state["status"] == "absent":
                raise LabError(f"container {container} is gone; run: lab up")
            if state["status"] == "initialized":
                # An earlier boot was interrupted between wiring and start.
                self.engine.call("kill", container, check=False)
            elif state["status"] in ("created", "exited", "configured", "dead"):
                return
            if time.monotonic() > deadline:
                raise LabError(f"container {container} is {state['status']}, not off; run: lab down, then lab up")
            time.sleep(0.05)

    def _preboot(self, node: NodePlan, pid: int) -> None:
        router = self.state.plan.network(node.cables[0].network).router
        proxy = f"http://{router}:{PACKAGE_PORT}"
        enter = ["nsenter", "-t", str(pid), "-m", "-p", "--", "/bin/sh", "-c", PREBOOT, "sh"]
        run([*enter, node.hostname, str(uuid.uuid4()), proxy])

    def wait_ready(self, node: NodePlan) -> str:
        """Wait until systemd has finished booting; return `running` or `degraded`. LabError after BOOT_SECONDS."""
        container = self.identity.container(node.name)
        deadline = time.monotonic() + BOOT_SECONDS
        word = ""
        while time.monotonic() < deadline:
            if not self.is_running(node):
                raise LabError(f"{node.name} ended while booting; see: {self.engine.name} logs {container}")
            _code, word = self.engine.execute(
                container, "systemctl", "is-system-running", "--wait", timeout=BOOT_SECONDS
            )
            if word == "degraded":
                _code, failed = self.engine.execute(
                    container, "systemctl", "list-units", "--failed", "--plain", "--no-legend"
                )
                say(f"{node.name} is up, but degraded: {' '.join(_unit_names(failed))}")
            if word in ("running", "degraded"):
                return word
            time.sleep(0.05)
        raise LabError(
            f"{node.name} is not ready after {BOOT_SECONDS:.0f} s (systemd says {word or 'nothing'}); "
            f"look inside with: molecule/lab/lab exec --lab {self.identity.lab} {node.name} -- systemctl list-jobs"
        )
