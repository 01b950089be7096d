# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's wiring closet: one network namespace with a bridge per network and one end of every cable.

It has no cable to the host and does not forward, so there is no way out of a lab, no interface name or route on the
host that could collide, and the host's firewall (Docker's, for example) never sees a frame of it. What nodes may reach
outside – packages, the power service – is a socket that the lab's agent opened on a bridge's own address.
"""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Iterable

from . import netns
from .addresses import Network
from .errors import LabError
from .run import run
from .topology import CablePlan, NodePlan, Plan

# Bridged frames must not visit a layer-3 firewall; and nothing is ever routed between the lab's networks.
SYSCTLS = {
    "net.bridge.bridge-nf-call-iptables": "0",
    "net.bridge.bridge-nf-call-ip6tables": "0",
    "net.bridge.bridge-nf-call-arptables": "0",
    "net.ipv4.ip_forward": "0",
    "net.ipv6.conf.all.forwarding": "0",
}


def host_networks() -> list[Network]:
    """Return every network the host has an address in or a route to, default routes left out."""
    found: list[Network] = []
    for family in ("-4", "-6"):
        for table in ("addr", "route"):
            command = ["ip", "-j", family, table, "show"] + (["table", "all"] if table == "route" else [])
            for entry in json.loads(run(command, check=False).stdout or "[]"):
                texts = (
                    [entry.get("dst", "")]
                    if table == "route"
                    else [
                        f"{info['local']}/{info['prefixlen']}" for info in entry.get("addr_info", []) if "local" in info
                    ]
                )
                for text in texts:
                    try:
                        network = ipaddress.ip_network(text, strict=False)
                    except ValueError:
                        continue
                    # Multicast and whole-family routes say nothing about what is in use.
                    if network.prefixlen > 0 and not network.is_multicast and not network.is_loopback:
                        found.append(network)
    return found


class Fabric:
    """Bridges and cables of one lab."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace

    def exists(self) -> bool:
        """Tell whether the namespace is there."""
        return netns.exists(self.namespace)

    def ip(self, *lines: str, check: bool = True) -> None:
        """Run `ip` commands in the namespace, in one process."""
        force = [] if check else ["-force"]
        run(["ip", "-netns", self.namespace, *force, "-batch", "-"], stdin="\n".join(lines) + "\n", check=check)

    def links(self) -> dict[str, bool]:
        """Return the interfaces of the namespace as name -> whether it is up (administratively)."""
        done = run(["ip", "-netns", self.namespace, "-j", "link", "show"], check=False)
        return {entry["ifname"]: "UP" in entry["flags"] for entry in json.loads(done.stdout or "[]")}

    def ensure(self, plan: Plan) -> None:
        """Make the namespace and its bridges; what is there already stays as it is."""
        if not self.exists():
            netns.path_of(self.namespace).unlink(missing_ok=True)
            run(["ip", "netns", "add", self.namespace])
            run(["ip", "-netns", self.namespace, "link", "set", "lo", "up"])
        try:
            self._ensure_bridges(plan)
        except BaseException:
            # A half-made closet would pass for a whole one next time.
            self.remove()
            raise

    def _ensure_bridges(self, plan: Plan) -> None:
        bridges = self.links()
        for network in plan.networks:
            if network.name in bridges:
                continue
            self.ip(
                # No spanning tree: a port forwards as soon as it has a carrier. No snooping: multicast reaches all.
                # An address of its own: otherwise it is that of some port, and changes when that machine loses power.
                f"link add {network.name} address {network.router_mac} type bridge stp_state 0 mcast_snooping 0",
                f"addr add {network.router}/{ipaddress.ip_network(network.ipv4).prefixlen} dev {network.name}",
                f"addr add {network.router6}/{ipaddress.ip_network(network.ipv6).prefixlen} dev {network.name} nodad",
                f"link set {network.name} up",
            )
        known = run(["ip", "netns", "exec", self.namespace, "sysctl", "-a", "-N"], check=False).stdout.split()
        wanted = [f"{name}={value}" for name, value in SYSCTLS.items() if name in known]
        run(["ip", "netns", "exec", self.namespace, "sysctl", "-q", "-w", *wanted])

    def plug(self, plan: Plan, node: NodePlan, pid: int, unplugged: Iterable[str] = ()) -> None:
        """Give the container whose init is `pid` its network cards, with their addresses.

        A card whose cable is in `unplugged` is there but has no carrier.
        """
        loose = set(unplugged)
        self.remove_ports(cable.port for cable in node.cables)
        ports: list[str] = []
        inner = ["link set lo up"]
        for cable in node.cables:
            network = plan.network(cable.network)
            ports += [
                f"link add {cable.port} type veth peer name {cable.interface} address {cable.mac} netns {pid}",
                f"link set {cable.port} master {cable.network}",
                f"link set {cable.port} {'down' if cable.network in loose else 'up'}",
            ]
            inner += [
                f"addr add {cable.ipv4}/{ipaddress.ip_network(network.ipv4).prefixlen} brd + dev {cable.interface}",
                f"addr add {cable.ipv6}/{ipaddress.ip_network(network.ipv6).prefixlen} dev {cable.interface} nodad",
                f"link set {cable.interface} up",
            ]
        self.ip(*ports)
        run(["nsenter", "-t", str(pid), "-n", "ip", "-batch", "-"], stdin="\n".join(inner) + "\n")

    def remove_ports(self, ports: Iterable[str]) -> None:
        """Remove cables; the node's end disappears with the fabric's."""
        wanted = set(ports)
        there = [port for port in self.links() if port in wanted]
        if there:
            # A killed node's namespace is taken down by the kernel in the background and may be faster.
            self.ip(*(f"link del {port}" for port in there), check=False)
        deadline = time.monotonic() + 10
        while wanted & set(self.links()):
            if time.monotonic() > deadline:
                raise LabError(f"the kernel does not let go of {', '.join(sorted(wanted))}; run: lab down, then lab up")
            time.sleep(0.02)

    def has_cables(self, cables: Iterable[CablePlan]) -> bool:
        """Tell whether every cable is there."""
        return {cable.port for cable in cables} <= set(self.links())

    def remove(self) -> None:
        """Remove the namespace with all that is in it."""
        remove_namespace(self.namespace)


def remove_namespace(name: str) -> None:
    """Remove a named namespace, also when only its file is left."""
    if netns.exists(name):
        run(["ip", "netns", "del", name])
    else:
        netns.path_of(name).unlink(missing_ok=True)


def namespaces(prefix: str) -> list[str]:
    """Return the named namespaces whose name starts with `prefix`."""
    try:
        return sorted(path.name for path in netns.RUN_NETNS.iterdir() if path.name.startswith(prefix))
    except FileNotFoundError:
        return []
