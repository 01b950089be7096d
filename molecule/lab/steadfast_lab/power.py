# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take power, freeze and thaw: the faults that stop a whole machine.

Power off means power off. A process that is merely killed says goodbye: the kernel of a dying container still sends
FIN or RST for its connections. So every port of the machine is disabled first, all in one system call; only then is
its init killed, and with it – it is the init of a pid namespace – every process of the machine.
"""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass

from . import freezer, process
from .errors import LabError
from .rtnetlink import BR_STATE_DISABLED, BR_STATE_FORWARDING, LinkSocket
from .state import NodeState
from .topology import NodePlan

DEATH_SECONDS = 20.0


@dataclass(frozen=True)
class Stamp:
    """One instant on both clocks, in nanoseconds. The monotonic clock is shared by all processes of the host."""

    wall_ns: int
    monotonic_ns: int

    @classmethod
    def now(cls) -> Stamp:
        """Return the present instant."""
        return cls(time.time_ns(), time.monotonic_ns())


def cut_ports(links: LinkSocket, ports: list[str]) -> Stamp:
    """Disable ports at once; return the instant from which no frame passes."""
    links.set_port_state(ports, BR_STATE_DISABLED)
    return Stamp.now()


def power_off(namespace: str, node: NodePlan, known: NodeState) -> Stamp:
    """Cut every cable, then kill everything; return t0, from which on nobody hears of the machine."""
    with LinkSocket(namespace) as links:
        ports = [cable.port for cable in node.cables if links.has(cable.port)]
        t0 = cut_ports(links, ports)
        process.kill(known.pid, known.started, signal.SIGKILL)
        links.set_links(ports, up=False)
    if known.power == "paused":
        # Frozen processes (cgroup v1) die only when they are thawed; nobody can hear them any more.
        try:
            freezer.set_frozen(known.pid, False, timeout=DEATH_SECONDS)
        except (OSError, LabError):
            if process.is_alive(known.pid, known.started):
                raise
    if not process.kill(known.pid, known.started, signal.SIGKILL, wait=DEATH_SECONDS):
        raise LabError(
            f"{node.name} did not die within {DEATH_SECONDS:.0f} s; a process hangs in the kernel, see dmesg"
        )
    known.power = "off"
    return t0


def pause(namespace: str, node: NodePlan, known: NodeState, *, kernel_alive: bool) -> Stamp:
    """Freeze a machine and return t0.

    Normally it is as silent as a suspended virtual machine. With `kernel_alive` only its processes stand still; its
    kernel goes on answering pings and acknowledging TCP, as on a machine whose disk hangs.
    """
    with LinkSocket(namespace) as links:
        t0 = Stamp.now()
        if not kernel_alive:
            t0 = cut_ports(links, [cable.port for cable in node.cables if links.has(cable.port)])
        freezer.set_frozen(known.pid, True)
    known.power = "paused"
    return t0


def resume(namespace: str, node: NodePlan, known: NodeState, unplugged: frozenset[str]) -> Stamp:
    """Let a frozen machine go on, as if no time had passed for it; return the instant."""
    with LinkSocket(namespace) as links:
        ports = [cable.port for cable in node.cables if cable.network not in unplugged and links.has(cable.port)]
        links.set_port_state(ports, BR_STATE_FORWARDING)
        freezer.set_frozen(known.pid, False)
        known.power = "on"
        return Stamp.now()
