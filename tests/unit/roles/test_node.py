# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role node: hosts file, openings, and the tool that carries them out, in a network namespace of its own."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest
from node import addresses, hosts, openings, trust

TOOL = Path(__file__).resolve().parents[3] / "roles" / "node" / "files" / "steadfast-firewall"

PAIR = [
    {"name": "web1.example", "addresses": ["10.0.0.1", "fd00::1"], "aliases": ["one"]},
    {"name": "web2.example", "addresses": ["10.0.0.2"]},
]
BLOCK = (
    f"{hosts.BEGIN}\n10.0.0.1 web1.example web1 one\n10.0.0.2 web2.example web2\n"
    f"fd00::1 web1.example web1 one\n{hosts.END}\n"
)


def test_other_lines_stay_and_contradicting_ones_go() -> None:
    before = "127.0.0.1\tlocalhost\n127.0.1.1\tweb1.example web1\n# mine\n10.0.0.9\tnas WEB2 # disk\n\n"
    after = hosts.with_members(before, PAIR)
    assert after == f"127.0.0.1\tlocalhost\n# mine\n10.0.0.9\tnas # disk\n{BLOCK}"
    assert hosts.with_members(after, PAIR) == after


def test_a_member_that_is_not_told_keeps_its_line() -> None:
    after = hosts.with_members(hosts.with_members("", PAIR), [{"name": "web2.example", "addresses": ["10.0.0.22"]}])
    assert "10.0.0.1 web1.example web1 one" in after
    assert "10.0.0.22 web2.example web2" in after
    assert "10.0.0.2 " not in after


def test_a_wrong_address_is_refused() -> None:
    with pytest.raises(ValueError, match="web1"):
        hosts.with_members("", [{"name": "x", "addresses": ["web1"]}])


def told(member: str, key: str) -> dict[str, Any]:
    """What a member tells about itself."""
    return {
        "member": member,
        "names": [member, member, "10.0.0.1"],
        "sources": ["10.0.0.1", "10.1.0.1"],
        "key": f"ssh-ed25519 {key} root@somewhere\n",
        "host_key": f"ssh-ed25519 host{key} root@{member}\n",
    }


def test_members_trust_each_other_and_keep_whom_they_trusted() -> None:
    mine = "ssh-rsa AAAA me\n"
    first = trust.authorized_keys(mine, [told("web1", "K1"), told("web2", "K2")], ["web1", "web2"])
    assert first.splitlines() == [
        "ssh-rsa AAAA me",
        trust.BEGIN,
        'from="10.0.0.1,10.1.0.1" ssh-ed25519 K1 web1',
        'from="10.0.0.1,10.1.0.1" ssh-ed25519 K2 web2',
        trust.END,
    ]
    assert trust.authorized_keys(first, [told("web1", "K1")], ["web1", "web2"]) == first
    # one has a new key, one has left
    later = trust.authorized_keys(first, [told("web1", "K9")], ["web1"])
    assert later.splitlines()[2:-1] == ['from="10.0.0.1,10.1.0.1" ssh-ed25519 K9 web1']


def test_members_know_each_other_by_all_their_names() -> None:
    text = trust.known_hosts("", [told("web1", "K1")], ["web1"])
    assert text.splitlines() == [trust.BEGIN, "web1,10.0.0.1 ssh-ed25519 hostK1 web1", trust.END]
    assert trust.known_hosts(text, [], ["web1"]) == text


def test_what_is_no_public_key_is_refused() -> None:
    with pytest.raises(ValueError, match="no public key"):
        trust.known_hosts("", [{**told("web1", "K1"), "host_key": "-----BEGIN"}], ["web1"])


def test_own_addresses_are_the_primary_ones_default_route_first() -> None:
    facts = {
        "interfaces": ["lo", "eth0", "eth1", "eth2"],
        "default_ipv4": {"interface": "eth1"},
        "lo": {"type": "loopback", "ipv4": {"address": "127.0.0.1"}},
        "eth0": {"ipv4": {"address": "10.0.0.1"}, "ipv4_secondaries": [{"address": "10.0.0.99"}]},
        "eth1": {"ipv4": {"address": "192.0.2.1"}},
        "eth2": {"ipv4": {"address": "10.1.0.1"}, "active": False},
    }
    assert addresses.own(facts) == ["192.0.2.1", "10.0.0.1"]


HEARTBEAT = {"name": "heartbeat", "protocol": "udp", "port": 694, "from": ["a", "b", "198.51.100.0/24"]}
TOLD = {"a": ["10.0.0.1", "fd00::1"], "b": ["10.0.0.2"]}


def test_openings_are_resolved() -> None:
    assert openings.resolved([HEARTBEAT], TOLD) == [
        {
            "name": "heartbeat",
            "protocol": "udp",
            "ports": ["694"],
            "sources": ["10.0.0.1", "10.0.0.2", "198.51.100.0/24", "fd00::1"],
        }
    ]


def test_a_host_that_is_down_is_remembered() -> None:
    earlier = {"hosts": openings.told_and_known(TOLD, [HEARTBEAT], {})}
    assert openings.told_and_known({"a": TOLD["a"]}, [HEARTBEAT], earlier) == TOLD


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"from": ["c"]}, "c is neither an address nor a host"),
        ({"port": 70000}, "neither a port nor a range"),
        ({"port": "9-5"}, "neither a port nor a range"),
        ({"name": 'x" drop'}, "the name of an opening"),
    ],
)
def test_an_unusable_opening_says_why(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(openings.Unusable, match=complaint):
        openings.resolved([{**HEARTBEAT, **change}], TOLD)


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("steadfast_firewall", str(TOOL))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def chain(name: str, policy: str, table: str = "filter") -> dict[str, Any]:
    base = {"hook": "input", "type": "filter", "policy": policy}
    return {"chain": {"family": "inet", "table": table, "name": name, **base}}


def test_only_chains_that_drop_the_unknown_get_rules(tool: ModuleType) -> None:
    reject = {"family": "inet", "table": "filter", "chain": "rejects", "handle": 9, "expr": [{"reject": None}]}
    ruleset = {
        "nftables": [chain("open", "accept"), chain("drops", "drop"), chain("rejects", "accept"), {"rule": reject}]
    }
    assert [place[2] for place in tool.strict_chains(ruleset)] == ["drops", "rejects"]


def test_nothing_open_is_nothing_left(tool: ModuleType) -> None:
    assert tool.own_table([]) == "table inet steadfast\ndelete table inet steadfast\n"


VRRP = {"name": "keepalived", "protocol": "vrrp", "from": ["a", "b"]}


def test_protocols_without_ports_are_opened_by_number(tool: ModuleType) -> None:
    """A small system has no /etc/protocols to tell the names."""
    rules = tool.own_rules(openings.resolved([VRRP, {**VRRP, "name": "signed", "protocol": "ah"}], TOLD))
    assert "ip saddr { 10.0.0.1, 10.0.0.2 } meta l4proto 112 counter accept" in rules
    assert "ip6 saddr { fd00::1 } meta l4proto 112 counter accept" in rules
    assert 'meta l4proto 112 counter drop comment "steadfast: keepalived from others"' in rules
    assert 'meta l4proto 51 counter drop comment "steadfast: signed from others"' in rules


def test_sctp_has_ports_and_ufw_is_refused_with_it(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    found = openings.resolved([{**HEARTBEAT, "name": "corosync over sctp", "protocol": "sctp", "port": 5405}], TOLD)
    assert "ip6 saddr { fd00::1 } sctp dport { 5405 } counter accept" in tool.own_rules(found)
    assert '<source address="10.0.0.1"/><port port="5405" protocol="sctp"/><accept/>' in tool.policy(found)
    monkeypatch.setattr(tool, "UFW", str(TOOL))
    with pytest.raises(SystemExit, match="ufw has no rules for sctp: corosync over sctp"):
        tool.told_to_ufw(found)


def test_tables_of_ufw_and_firewalld_are_left_to_them(tool: ModuleType) -> None:
    def place(family: str, table: str) -> dict[str, Any]:
        return {"chain": {**chain("INPUT", "drop", table)["chain"], "family": family}}

    ruleset = {"nftables": [place("ip", "filter"), place("ip6", "filter"), place("inet", "firewalld")]}
    assert len(tool.strict_chains(ruleset)) == 3
    assert tool.strict_chains(ruleset, ("ufw",)) == [("inet", "firewalld", "INPUT")]
    assert tool.strict_chains(ruleset, ("ufw", "firewalld")) == []


def test_ufw_is_told_only_what_it_lacks(tool: ModuleType) -> None:
    redis = {"name": "redis", "protocol": "tcp", "port": ["6379-6380", 7000], "from": ["b"]}
    wanted = tool.ufw_rules(openings.resolved([VRRP, redis], TOLD))
    assert wanted == [
        "allow from 10.0.0.1 proto vrrp comment 'steadfast: keepalived'",
        "allow from 10.0.0.2 proto vrrp comment 'steadfast: keepalived'",
        "allow from fd00::1 proto vrrp comment 'steadfast: keepalived'",
        "allow from 10.0.0.2 to any port 6379:6380 proto tcp comment 'steadfast: redis'",
        "allow from 10.0.0.2 to any port 7000 proto tcp comment 'steadfast: redis'",
    ]
    assert not any("fd00" in rule for rule in tool.ufw_rules(openings.resolved([VRRP], TOLD), has_six=False))
    old = "allow from 10.0.0.9 proto vrrp comment 'steadfast: keepalived'"
    shown = "Added user rules (see 'ufw status' for running firewall):\nufw allow 22/tcp\n" + "".join(
        f"ufw {rule}\n" for rule in [*wanted[1:], old]
    )
    assert tool.ufw_commands(wanted, tool.ufw_marked(shown)) == [
        ["--force", "delete", "allow", "from", "10.0.0.9", "proto", "vrrp"],
        ["prepend", "allow", "from", "10.0.0.1", "proto", "vrrp", "comment", "steadfast: keepalived"],
    ]
    assert tool.ufw_commands(wanted, wanted) == []


def test_firewalld_gets_a_policy_of_its_own(tool: ModuleType) -> None:
    written = ElementTree.fromstring(tool.policy(openings.resolved([VRRP, HEARTBEAT], TOLD)))
    assert written.find("ingress-zone").attrib == {"name": "ANY"}
    assert written.find("egress-zone").attrib == {"name": "HOST"}
    rules = [
        (rule.attrib["family"], rule.find("source").attrib["address"], rule[1].tag, *rule[1].attrib.values())
        for rule in written.findall("rule")
    ]
    assert ("ipv4", "10.0.0.1", "protocol", "112") in rules
    assert ("ipv6", "fd00::1", "protocol", "112") in rules
    assert ("ipv4", "198.51.100.0/24", "port", "694", "udp") in rules
    assert len(rules) == 7
    assert tool.policy([]) == ""


@pytest.mark.needs_root
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("nft"), reason="needs root and nft")
def test_rules_come_and_go_in_a_real_kernel(tmp_path: Path) -> None:
    """Beside a ruleset of somebody else, which is as before when everything is taken back."""
    wanted = {
        "openings": openings.resolved([HEARTBEAT, VRRP, {"name": "ping", "protocol": "icmp", "from": ["a"]}], TOLD)
    }
    (tmp_path / "openings.json").write_text(json.dumps(wanted))
    tool = tmp_path / "firewall"
    tool.write_text(TOOL.read_text().replace("/etc/steadfast/openings.json", str(tmp_path / "openings.json")))
    script = f"""
        set -eu
        nft -f - <<'RULES'
        table inet filter {{
          chain input {{ type filter hook input priority filter; policy drop; tcp dport 22 accept; }}
          chain other {{ type filter hook input priority 10; policy accept; }}
        }}
RULES
        nft list ruleset > {tmp_path}/before
        if python3 {tool} check > /dev/null; then echo 'check saw nothing missing'; exit 1; fi
        python3 {tool} apply; python3 {tool} check
        nft list ruleset > {tmp_path}/first
        python3 {tool} apply; python3 {tool} check
        nft list ruleset | diff {tmp_path}/first -
        nft flush chain inet filter input
        if python3 {tool} check > /dev/null; then echo 'check saw no flush'; exit 1; fi
        nft add rule inet filter input tcp dport 22 accept
        python3 {tool} apply; python3 {tool} check
        python3 {tool} remove
        nft list ruleset | diff {tmp_path}/before -
    """
    done = subprocess.run(["unshare", "--net", "sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    applied = (tmp_path / "first").read_text()
    assert applied.count("policy drop") == 1
    assert (
        applied.count('accept comment "steadfast: heartbeat"') == 4
    )  # IPv4 and IPv6, in our table and in the strict one
    assert 'udp dport 694 counter packets 0 bytes 0 drop comment "steadfast: heartbeat from others"' in applied
