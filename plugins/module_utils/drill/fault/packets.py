# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""nftables rules that lose packets, in tables of the fault's own.

Incoming packets are dropped in ``prerouting`` of an inet table, before connection tracking. Outgoing ones are dropped
at the device (netdev ``egress``, Linux 5.16): a socket's sender is not told, as it is not when a switch loses a frame;
a drop in ``output`` would return EPERM to the sender, which no lost packet ever does. Older kernels get that all the
same, with a note. Address resolution (ARP, and neighbour discovery unless peers say otherwise) is left alone.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .model import Facts, Plan, Question, Refusal, run

__all__ = ["ASKS", "PROTOCOLS", "Match", "checked_peers", "lossy", "table_of"]

BEFORE_EVERYTHING = -310  # before raw (-300), where connection tracking begins
ASKS: Mapping[str, Question] = {
    "devices": ("devices",),
    "egress": ("egress",),
    "nft": ("program", "nft"),
    "connection": ("connection",),
}
PROTOCOLS: Mapping[str, int] = {"tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58, "vrrp": 112, "sctp": 132, "esp": 50}
WITH_PORTS = ("tcp", "udp", "sctp")
EGRESS_NOTE = (
    "This kernel cannot drop at the device, so outgoing packets are dropped where programs on the node notice (EPERM)."
)


@dataclass(frozen=True)
class Match:
    """Which packets. Empty means any; ``icmp`` echo only for IPv6, whose neighbour discovery is ICMP too."""

    peers: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    protocol: str = ""
    ports: tuple[int, ...] = ()
    percent: int = 100


def table_of(fault_id: str) -> str:
    """Name of the tables of a fault."""
    return f"steadfast_fault_{fault_id}"


def checked_peers(peers: Sequence[Any]) -> tuple[str, ...]:
    """Addresses and networks in their normal form; raises Refusal naming the wrong ones."""
    good, wrong = [], []
    for peer in peers:
        try:
            network = ipaddress.ip_network(str(peer), strict=False)
        except ValueError:
            wrong.append(repr(peer))
            continue
        good.append(str(network.network_address) if network.num_addresses == 1 else str(network))
    if wrong:
        raise Refusal(f"peers must be IP addresses or networks, which {', '.join(wrong)} is not.")
    return tuple(dict.fromkeys(good))


def _quoted(names: Sequence[str]) -> str:
    return "{ " + ", ".join(f'"{name}"' for name in names) + " }"


def _plain(values: Sequence[Any]) -> str:
    return "{ " + ", ".join(str(value) for value in values) + " }"


def _rules(match: Match, side: str) -> list[str]:
    """Rules for one direction; ``side`` is the peer's end, saddr for what comes in, daddr for what goes out."""
    four = [peer for peer in match.peers if ":" not in peer]
    six = [peer for peer in match.peers if ":" in peer]
    hosts = [f"ip {side} {_plain(four)} "] if four else []
    hosts += [f"ip6 {side} {_plain(six)} "] if six else []
    protocols = [""]
    if match.protocol == "icmp":
        # Neighbour discovery is ICMPv6 as well: dropping it would take more than pings.
        protocols = ["meta l4proto icmp ", "icmpv6 type { echo-request, echo-reply } "]
    elif match.protocol:
        protocols = [f"meta l4proto {PROTOCOLS.get(match.protocol, match.protocol)} "]
    ends = [""]
    if match.ports:
        ports = _plain(match.ports)
        # A packet that has the port at both ends must throw the dice once.
        ends = [f"th dport {ports} ", f"th dport != {ports} th sport {ports} "]
    # nft refuses a comparison that is always true.
    dice = f"numgen random mod 100 < {match.percent} " if match.percent < 100 else ""
    return [
        f"{host}{protocol}{end}{dice}counter drop"
        for host in (hosts or [""])
        for protocol in protocols
        for end in ends
        # An IPv4 address never meets an ICMPv6 type, nor the other way round.
        if not (host.startswith("ip ") and protocol.startswith("icmpv6"))
        and not (host.startswith("ip6") and protocol == "meta l4proto icmp ")
    ]


def _chain(name: str, hook: str, condition: str, rules: Sequence[str]) -> list[str]:
    body = [f"    {condition}{rule}" for rule in rules]
    return [f"  chain {name} {{", f"    type filter hook {hook}; policy accept;", *body, "  }"]


def ruleset(table: str, match: Match, direction: str, devices: Sequence[str], egress: bool) -> str:
    """The script that makes these tables in one transaction, or none of them if one is there already.

    Removing what may be there first would triple the time that the kernel takes, and so the uncertainty of the instant.
    """
    chosen = list(match.interfaces) or [name for name in devices if name != "lo"]
    inet: list[str] = []
    netdev: list[str] = []
    if direction in ("both", "in"):
        where = f"iifname {_quoted(match.interfaces)} " if match.interfaces else 'iifname != "lo" '
        inet += _chain("incoming", f"prerouting priority {BEFORE_EVERYTHING}", where, _rules(match, "saddr"))
    if direction in ("both", "out") and egress:
        devices_now = "{ " + ", ".join(chosen) + " }"
        netdev += _chain("outgoing", f"egress devices = {devices_now} priority 0", "", _rules(match, "daddr"))
    elif direction in ("both", "out"):
        where = f"oifname {_quoted(match.interfaces)} " if match.interfaces else 'oifname != "lo" '
        inet += _chain("outgoing", f"postrouting priority {BEFORE_EVERYTHING}", where, _rules(match, "daddr"))
    lines = []
    for family, chains in (("inet", inet), ("netdev", netdev)):
        if chains:
            lines += [f"create table {family} {table}", f"table {family} {table} {{", *chains, "}"]
    return "\n".join(lines) + "\n"


def removal(table: str, families: Sequence[str]) -> str:
    """The script that removes the tables, there or not."""
    return "".join(f"add table {family} {table}\ndelete table {family} {table}\n" for family in families)


def lossy(fault_id: str, words: str, match: Match, direction: str, facts: Facts) -> Plan:
    """The plan that loses these packets. Raises Refusal without nft, or for an interface that is not there."""
    if not facts["nft"]:
        raise Refusal("There is no nft on this node: install the package nftables.")
    absent = sorted(set(match.interfaces) - set(facts["devices"]))
    if absent:
        raise Refusal(f"No interface {', '.join(absent)} on this node; there are: {', '.join(facts['devices'])}.")
    table, egress = table_of(fault_id), bool(facts["egress"])
    script = ruleset(table, match, direction, facts["devices"], egress)
    families = [family for family in ("inet", "netdev") if f"create table {family} {table}\n" in script]
    client = facts["connection"].get("client", "")
    severed = bool(client) and match.percent == 100 and not match.protocol and _covers(match.peers, client)
    return Plan(
        words=words,
        start=(run(["nft", "-f", "-"], stdin=script, seconds=20),),
        heal=(run(["nft", "-f", "-"], stdin=removal(table, families), seconds=20),),
        check=tuple(run(["nft", "list", "table", family, table], seconds=20) for family in families),
        notes=() if egress or direction == "in" else (EGRESS_NOTE,),
        shown=script,
        needs_delay=f"Ansible is connected from {client}, which is cut off" if severed else "",
    )


def _covers(peers: Sequence[str], address: str) -> bool:
    if not peers:
        return True
    try:
        host = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(host in ipaddress.ip_network(peer) for peer in peers)
