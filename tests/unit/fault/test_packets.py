# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that lose packets, word by word, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from drill.fault.cut import CUT
from drill.fault.icmp import ICMP_DROP
from drill.fault.loss import LOSS
from drill.fault.model import Kind, Plan, Refusal

FACTS: dict[str, Any] = {"devices": ["lo", "eth0", "eth1"], "egress": True, "nft": True, "connection": {}}


def planned(kind: Kind, facts: dict[str, Any] | None = None, **arguments: Any) -> Plan:
    return kind.plan({"id": "a-1.b", **arguments}, {**FACTS, **(facts or {})})


def rules(plan: Plan) -> list[str]:
    return [line.strip() for line in plan.shown.splitlines() if line.startswith("    ") and "drop" in line]


def test_a_cut_both_ways() -> None:
    plan = planned(CUT, peers=["192.0.2.2", "2001:db8::2", "192.0.2.2/32"])
    assert plan.words == "cuts both ways, 192.0.2.2, 2001:db8::2"
    assert plan.shown == (
        "create table inet steadfast_fault_a-1.b\n"
        "table inet steadfast_fault_a-1.b {\n"
        "  chain incoming {\n"
        "    type filter hook prerouting priority -310; policy accept;\n"
        '    iifname != "lo" ip saddr { 192.0.2.2 } counter drop\n'
        '    iifname != "lo" ip6 saddr { 2001:db8::2 } counter drop\n'
        "  }\n"
        "}\n"
        "create table netdev steadfast_fault_a-1.b\n"
        "table netdev steadfast_fault_a-1.b {\n"
        "  chain outgoing {\n"
        "    type filter hook egress devices = { eth0, eth1 } priority 0; policy accept;\n"
        "    ip daddr { 192.0.2.2 } counter drop\n"
        "    ip6 daddr { 2001:db8::2 } counter drop\n"
        "  }\n"
        "}\n"
    )
    assert plan.start[0]["stdin"] == plan.shown
    assert plan.heal[0]["stdin"] == (
        "add table inet steadfast_fault_a-1.b\ndelete table inet steadfast_fault_a-1.b\n"
        "add table netdev steadfast_fault_a-1.b\ndelete table netdev steadfast_fault_a-1.b\n"
    )
    assert [step["argv"][3] for step in plan.check] == ["inet", "netdev"]
    assert plan.instant


def test_one_way_touches_one_way() -> None:
    incoming = planned(CUT, peers=["192.0.2.2"], direction="in")
    assert rules(incoming) == ['iifname != "lo" ip saddr { 192.0.2.2 } counter drop']
    assert "netdev" not in incoming.heal[0]["stdin"]
    outgoing = planned(CUT, peers=["192.0.2.2"], direction="out")
    assert rules(outgoing) == ["ip daddr { 192.0.2.2 } counter drop"]
    assert "inet" not in outgoing.heal[0]["stdin"]
    assert outgoing.notes == ()


def test_an_older_kernel_drops_where_programs_notice_and_says_so() -> None:
    plan = planned(CUT, {"egress": False}, peers=["192.0.2.2"], direction="out", interfaces=["eth1"])
    assert "hook postrouting" in plan.shown
    assert rules(plan) == ['oifname { "eth1" } ip daddr { 192.0.2.2 } counter drop']
    assert "EPERM" in plan.notes[0]
    assert planned(CUT, {"egress": False}, peers=["192.0.2.2"], direction="in").notes == ()


def test_a_port_at_both_ends_throws_the_dice_once() -> None:
    plan = planned(LOSS, percent=30, peers=["192.0.2.2"], protocol="udp", ports=[694], direction="in")
    assert rules(plan) == [
        'iifname != "lo" ip saddr { 192.0.2.2 } meta l4proto 17 th dport { 694 } '
        "numgen random mod 100 < 30 counter drop",
        'iifname != "lo" ip saddr { 192.0.2.2 } meta l4proto 17 th dport != { 694 } th sport { 694 } '
        "numgen random mod 100 < 30 counter drop",
    ]


def test_total_loss_needs_no_dice() -> None:
    assert rules(planned(LOSS, percent=100, direction="out")) == ["counter drop"]


@pytest.mark.parametrize("percent", [0, 101, -5])
def test_a_percentage_has_bounds(percent: int) -> None:
    with pytest.raises(Refusal, match="between 1 and 100"):
        planned(LOSS, percent=percent)


def test_vrrp_to_its_group() -> None:
    plan = planned(CUT, peers=["224.0.0.18"], direction="out", protocol="vrrp", interfaces=["eth0"])
    assert rules(plan) == ["ip daddr { 224.0.0.18 } meta l4proto 112 counter drop"]
    assert "devices = { eth0 }" in plan.shown
    assert plan.words == "cuts what goes out, 224.0.0.18 by vrrp on eth0"


def test_icmp_never_takes_neighbour_discovery() -> None:
    assert rules(planned(ICMP_DROP, direction="in")) == [
        'iifname != "lo" meta l4proto icmp counter drop',
        'iifname != "lo" icmpv6 type { echo-request, echo-reply } counter drop',
    ]
    assert rules(planned(ICMP_DROP, direction="out", peers=["2001:db8::1"])) == [
        "ip6 daddr { 2001:db8::1 } icmpv6 type { echo-request, echo-reply } counter drop"
    ]
    assert rules(planned(ICMP_DROP, direction="out", peers=["192.0.2.1"])) == [
        "ip daddr { 192.0.2.1 } meta l4proto icmp counter drop"
    ]


@pytest.mark.parametrize("direction", ["both", "in"])
def test_a_cut_from_who_is_asking_waits_for_the_answer(direction: str) -> None:
    facts = {"connection": {"client": "192.0.2.77", "server": "192.0.2.1"}}
    assert "192.0.2.77" in planned(CUT, facts, peers=["192.0.2.0/24"], direction=direction).needs_delay
    assert planned(CUT, facts, peers=["192.0.2.2"], direction=direction).needs_delay == ""
    assert planned(CUT, facts, peers=["192.0.2.0/24"], protocol="udp", direction=direction).needs_delay == ""
    assert planned(LOSS, facts, percent=99).needs_delay == ""
    assert planned(LOSS, facts, percent=100).needs_delay != ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"peers": ["node2", "192.0.2.2", "300.1.1.1"]}, "'node2', '300.1.1.1'"),
        ({"peers": ["192.0.2.2"], "protocol": "udb"}, "protocol 'udb'"),
        ({"peers": ["192.0.2.2"], "ports": [1]}, "ports go with protocol"),
        ({"peers": ["192.0.2.2"], "protocol": "icmp", "ports": [1]}, "ports go with protocol"),
        ({"peers": ["192.0.2.2"], "protocol": "tcp", "ports": [0]}, "between 1 and 65535"),
        ({"peers": ["192.0.2.2"], "interfaces": ["eth7"]}, "No interface eth7"),
        ({"peers": []}, "needs peers"),
    ],
)
def test_nonsense_is_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(Refusal, match=words):
        planned(CUT, **arguments)


def test_without_nft_nothing_is_cut() -> None:
    with pytest.raises(Refusal, match="install the package nftables"):
        planned(CUT, {"nft": False}, peers=["192.0.2.2"])
