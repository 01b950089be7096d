# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One running lab and everything that can be done to it: the Python API behind the command line.

    from steadfast_lab import Lab
    report = Lab.open("heartbeat").power_off("node1")

Every fault returns a report: `action`, what it was done to, `t0` (the instant from which the fault is in force) and
`done`, each as `{"wall_ns", "monotonic_ns"}`.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from . import agent_process, faults, power, process, state
from .engine import Engine
from .errors import LabError, say
from .fabric import Fabric
from .identity import Identity, checkout_root
from .nodes import Machines
from .power import Stamp
from .rtnetlink import BR_STATE_DISABLED, LinkSocket
from .state import LabState, NodeState
from .topology import NodePlan

NETWORK_FAULTS = "network"


class Lab:
    """A lab that is up."""

    def __init__(self, identity: Identity, lab_state: LabState) -> None:
        self.identity = identity
        self.state = lab_state
        self.engine = Engine(lab_state.engine)
        self.fabric = Fabric(identity.netns)

    @classmethod
    def open(cls, name: str, root: Path | None = None) -> Lab:
        """Return the lab `name` of this checkout; LabError when it is not up."""
        identity = Identity(root or checkout_root(), name)
        found = state.load(identity)
        if found is None:
            raise LabError(f"lab {name} is not up; run: molecule/lab/lab up molecule/{name}/lab.yml")
        return cls(identity, found)

    @property
    def machines(self) -> Machines:
        """The machines, seen with the present state."""
        return Machines(self.identity, self.engine, self.fabric, self.state)

    @contextlib.contextmanager
    def _change(self) -> Iterator[LabState]:
        """Hold the lock, see the newest state, and store it also when something goes wrong half-way."""
        with state.locked(self.identity):
            found = state.load(self.identity)
            if found is None:
                raise LabError(f"lab {self.identity.lab} has been taken down meanwhile")
            self.state = found
            try:
                yield found
            finally:
                state.save(self.identity, found)

    def _node(self, name: str) -> tuple[NodePlan, NodeState]:
        return self.state.plan.node(name), self.state.nodes[name]

    def _deadline(self, what: str, heal_after: float | None) -> None:
        self.state.deadlines.pop(what, None)
        if heal_after is not None:
            self.state.deadlines[what] = time.monotonic() + heal_after

    @staticmethod
    def _report(action: str, t0: Stamp, **what: Any) -> dict[str, Any]:
        return {"action": action, **what, "t0": asdict(t0), "done": asdict(Stamp.now())}

    # power -----------------------------------------------------------------------------------------------------

    def power_state(self, name: str) -> str:
        """Return `on`, `off` or `paused`."""
        node, known = self._node(name)
        return known.power if known.power == "off" or self.machines.is_running(node) else "off"

    def power_off(self, name: str, *, heal_after: float | None = None) -> dict[str, Any]:
        """Take a machine's power: silence from t0 on, then death. Off already: nothing happens.

        `heal_after`: power it on again by itself after so many seconds.
        """
        with self._change() as changed:
            node, known = self._node(name)
            was = self.power_state(name)
            if was == "off":
                known.power = "off"
                t0 = Stamp.now()
            else:
                t0 = power.power_off(self.identity.netns, node, known)
            changed.deadlines.pop(f"pause:{name}", None)
            self._deadline(f"power:{name}", heal_after)
            return self._report("power_off", t0, node=name, was=was)

    def power_on(self, name: str, *, wait: bool = True) -> dict[str, Any]:
        """Give a machine its power back: same disk and addresses, new boot id. `wait`: until systemd is ready."""
        with self._change() as changed:
            node, _known = self._node(name)
            was = self.power_state(name)
            if was == "off":
                self.machines.boot(node)
            changed.deadlines.pop(f"power:{name}", None)
            t0 = Stamp.now()
        ready = self.machines.wait_ready(node) if wait and was != "paused" else None
        return self._report("power_on", t0, node=name, was=was, systemd=ready)

    def pause(self, name: str, *, kernel_alive: bool = False, heal_after: float | None = None) -> dict[str, Any]:
        """Freeze a machine, as a suspended virtual machine (or its processes only: `kernel_alive`)."""
        with self._change():
            node, known = self._node(name)
            was = self.power_state(name)
            if was == "off":
                raise LabError(f"{name} is off and cannot be paused")
            t0 = Stamp.now()
            if was == "on":
                t0 = power.pause(self.identity.netns, node, known, kernel_alive=kernel_alive)
            self._deadline(f"pause:{name}", heal_after)
            return self._report("pause", t0, node=name, was=was, kernel_alive=kernel_alive)

    def resume(self, name: str) -> dict[str, Any]:
        """Let a paused machine go on."""
        with self._change() as changed:
            node, known = self._node(name)
            was = self.power_state(name)
            t0 = Stamp.now()
            if was == "paused":
                t0 = power.resume(self.identity.netns, node, known, changed.faults.unplugged_of(name))
            changed.deadlines.pop(f"pause:{name}", None)
            return self._report("resume", t0, node=name, was=was)

    def after_exit(self, name: str) -> None:
        """Act on a machine whose init ended by itself: power it on if it asked for a reboot, else leave it off.

        reboot(2) in a pid namespace kills its init with SIGHUP for a restart and SIGINT for halt or power-off.
        """
        with self._change() as changed:
            node, known = self._node(name)
            if known.power == "off" or process.is_alive(known.pid, known.started):
                return
            code = self._exit_code(self.identity.container(name))
            known.power = "off"
            if code != 128 + signal.SIGHUP:
                say(f"{name} has powered itself off (exit {code})")
                return
            say(f"{name} reboots")
            self.machines.boot(node)
            changed.deadlines.pop(f"pause:{name}", None)

    def _exit_code(self, container: str) -> int | None:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            found = self.engine.state(container)
            if found["status"] in ("exited", "dead"):
                return int(found["exit_code"])
            time.sleep(0.05)
        return None

    # network ---------------------------------------------------------------------------------------------------

    def unplug(self, name: str, network: str, *, heal_after: float | None = None) -> dict[str, Any]:
        """Pull a cable: the node loses its carrier."""
        with self._change() as changed:
            port = changed.plan.node(name).cable(network).port
            with LinkSocket(self.identity.netns) as links:
                if links.has(port):
                    links.set_port_state([port], BR_STATE_DISABLED)
                    t0 = Stamp.now()
                    links.set_links([port], up=False)
                else:
                    t0 = Stamp.now()
            changed.faults = replace(changed.faults, unplugged=changed.faults.unplugged | {(name, network)})
            self._deadline(f"cable:{name}:{network}", heal_after)
            return self._report("unplug", t0, node=name, network=network)

    def replug(self, name: str, network: str) -> dict[str, Any]:
        """Put a cable back."""
        with self._change() as changed:
            port = changed.plan.node(name).cable(network).port
            self._replug_ports(changed, {(name, network)})
            t0 = Stamp.now()
            changed.deadlines.pop(f"cable:{name}:{network}", None)
            return self._report("replug", t0, node=name, network=network, port=port)

    def _replug_ports(self, changed: LabState, cables: set[tuple[str, str]]) -> None:
        with LinkSocket(self.identity.netns) as links:
            ports = []
            for name, network in cables:
                port = changed.plan.node(name).cable(network).port
                # The cable of a machine that is off stays dead until the machine is on.
                if links.has(port) and self.power_state(name) != "off":
                    ports.append(port)
            links.set_links(ports, up=True)
            links.wait_forwarding(ports)
            paused = [
                changed.plan.node(name).cable(network).port
                for name, network in cables
                if changed.nodes[name].power == "paused"
            ]
            links.set_port_state([port for port in paused if port in ports], BR_STATE_DISABLED)
        changed.faults = replace(changed.faults, unplugged=changed.faults.unplugged - cables)

    def partition(
        self,
        first: Sequence[str],
        second: Sequence[str],
        *,
        networks: Sequence[str] = (),
        one_way: bool = False,
        heal_after: float | None = None,
    ) -> dict[str, Any]:
        """Cut two sides (nodes, or `router`) from each other; `one_way`: only what the first sends to the second."""
        with self._change() as changed:
            cuts = faults.make_cuts(changed.plan, first, second, networks, one_way=one_way)
            self._apply(changed, replace(changed.faults, cuts=faults.add_cuts(changed.faults.cuts, cuts)))
            t0 = Stamp.now()
            self._deadline(NETWORK_FAULTS, heal_after)
            return self._report("partition", t0, first=list(first), second=list(second), cuts=[asdict(c) for c in cuts])

    def _apply(self, changed: LabState, new: faults.Faults) -> None:
        """Bring new rules into force; they are remembered only once they are."""
        faults.apply(self.identity.netns, changed.plan, new)
        changed.faults = new

    def loss(self, name: str, network: str, percent: int, *, heal_after: float | None = None) -> dict[str, Any]:
        """Drop so many percent of a node's frames at random, each way; 0 ends it."""
        if not 0 <= percent <= 100:
            raise LabError(f"loss is a whole percentage from 0 to 100, not {percent}")
        with self._change() as changed:
            changed.plan.node(name).cable(network)
            losses = {key: value for key, value in changed.faults.loss.items() if key != (name, network)}
            if percent:
                losses[(name, network)] = percent
            self._apply(changed, replace(changed.faults, loss=losses))
            t0 = Stamp.now()
            self._deadline(NETWORK_FAULTS, heal_after)
            return self._report("loss", t0, node=name, network=network, percent=percent)

    def heal(self) -> dict[str, Any]:
        """End every network fault: cuts, loss and unplugged cables (not power, not pauses)."""
        with self._change() as changed:
            before = changed.faults
            self._apply(changed, replace(before, cuts=(), loss={}))
            self._replug_ports(changed, set(before.unplugged))
            t0 = Stamp.now()
            for what in [what for what in changed.deadlines if what == NETWORK_FAULTS or what.startswith("cable:")]:
                changed.deadlines.pop(what)
            return self._report("heal", t0, healed=before.to_dict())

    def end_fault(self, what: str) -> None:
        """End the fault behind an overdue deadline (see `LabState.deadlines`)."""
        kind, _, rest = what.partition(":")
        if kind == "power":
            self.power_on(rest, wait=False)
        elif kind == "pause":
            self.resume(rest)
        elif kind == "cable":
            name, _, network = rest.partition(":")
            self.replug(name, network)
        else:
            with self._change() as changed:
                self._apply(changed, replace(changed.faults, cuts=(), loss={}))
                changed.deadlines.pop(what, None)

    # use -------------------------------------------------------------------------------------------------------

    def execute(self, name: str, *command: str, timeout: float = 60.0) -> tuple[int, str]:
        """Run a command on a node; return its exit code and standard output."""
        node, _known = self._node(name)
        return self.engine.execute(self.identity.container(node.name), *command, timeout=timeout)

    def container(self, name: str) -> str:
        """Return a node's container name, for example for testinfra's Podman backend."""
        return self.identity.container(self.state.plan.node(name).name)

    def status(self) -> dict[str, Any]:
        """Return what is true now, as plain data."""
        links = self.fabric.links() if self.fabric.exists() else {}
        nodes = {}
        for node in self.state.plan.nodes:
            nodes[node.name] = {
                "power": self.power_state(node.name),
                "container": self.identity.container(node.name),
                "groups": list(node.groups),
                "boots": self.state.nodes[node.name].boots,
                "addresses": {cable.network: cable.ipv4 for cable in node.cables},
                "addresses6": {cable.network: cable.ipv6 for cable in node.cables},
                "cables": {cable.network: "up" if links.get(cable.port) else "down" for cable in node.cables},
            }
        return {
            "lab": self.identity.lab,
            "release": self.state.plan.release,
            "image": self.state.image,
            "namespace": self.identity.netns,
            "fabric": self.fabric.exists(),
            "agent": agent_process.is_running(self.identity),
            "faults": self.state.faults.to_dict(),
            "networks": {network.name: asdict(network) for network in self.state.plan.networks},
            "nodes": nodes,
        }
