# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a network interface down inside the node.

Addresses stay, IPv6 ones too (``keep_addr_on_down``): what is tested is an interface without a link, and what the
cluster removes from it meanwhile must not come back by healing. Routes that the kernel drops on the way are restored.
"""

from __future__ import annotations

from collections.abc import Mapping

from .model import Arguments, Facts, Kind, Plan, Question, Refusal, Step, reads, run, write

__all__ = ["NIC_DOWN", "restorable_routes"]

# What the kernel, router advertisements or a daemon put back by themselves.
BY_THEMSELVES = frozenset({"kernel", "ra", "redirect", "bird", "zebra", "ospf", "bgp", "isis", "babel", "rip"})
NOT_RESTORED = frozenset({"local", "broadcast", "multicast", "anycast"})
STATE_WORDS = frozenset({"linkdown", "dead", "pervasive", "offload", "trap"})


def _asks(arguments: Arguments) -> Mapping[str, Question]:
    return {"interface": ("interface", arguments["interface"]), "connection": ("connection",)}


def restorable_routes(text: str) -> list[list[str]]:
    """From ``ip route show table all dev X``: the routes worth restoring, as words for ``ip route replace``."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0] in NOT_RESTORED or line[:1].isspace() or "nexthop" in words:
            continue
        proto = words[words.index("proto") + 1] if "proto" in words[:-1] else ""
        if proto in BY_THEMSELVES:
            continue
        if "expires" in words[:-1]:
            at = words.index("expires")
            words = words[:at] + words[at + 2 :]
        found.append([word for word in words if word not in STATE_WORDS])
    return found


def plan(arguments: Arguments, facts: Facts) -> Plan:
    """Set the link down; heal by setting it up again and restoring its routes."""
    name, state = arguments["interface"], facts["interface"]
    if name == "lo":
        raise Refusal("lo is no network interface to lose; without it most services fail for other reasons.")
    if not state["exists"]:
        raise Refusal(f"There is no interface {name} on this node; there are: {', '.join(state['others'])}.")
    if not state["up"]:
        raise Refusal(f"{name} is down already: nothing would be broken.")
    keep = f"/proc/sys/net/ipv6/conf/{name}/keep_addr_on_down"
    start: list[Step] = []
    heal: list[Step] = [run(["ip", "link", "set", "dev", name, "up"])]
    for version, text in (("-4", state["routes"]), ("-6", state["routes6"])):
        # Which of them are gone is not known before; one that names a moved address cannot come back, and should not.
        heal += [
            run(["ip", version, "route", "replace", *words, "dev", name], ok=()) for words in restorable_routes(text)
        ]
    if state["keep"] not in ("", "1"):
        start.append(write(keep, "1"))
        heal.append(write(keep, state["keep"], may_be_gone=True))
    start.append(run(["ip", "link", "set", "dev", name, "down"]))
    server = facts["connection"].get("server", "")
    return Plan(
        words=f"takes {name} down",
        start=tuple(start),
        heal=tuple(heal),
        check=(reads(f"/sys/class/net/{name}/operstate", "down"),),
        needs_delay=f"Ansible is connected through {name}" if server and server in state["addresses"] else "",
    )


NIC_DOWN = Kind("nic_down", ("interface",), plan, _asks, needs=("interface",))
