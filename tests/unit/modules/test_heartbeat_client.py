# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a daemon's answers, planning a node's change, switching groups: plain functions on recorded answers."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from heartbeat_client import answers, artefact, lines, links, planning, switching

from heartbeat.settings.ha_cf import parse_ha_cf
from heartbeat.settings.model import Configuration, Key, KeyRing, Method

RECORDED = Path(__file__).resolve().parent / "recorded"
WEB, PAGE = "IPaddr::10.81.244.200/24/eth0", "IPaddr::10.81.244.201/24/eth0"


@pytest.fixture
def status() -> dict[str, Any]:
    """Answer of node1, recorded from a live pair: it holds WEB, node2 holds PAGE."""
    loaded: dict[str, Any] = json.loads((RECORDED / "node1.json").read_text())
    return loaded


@pytest.fixture
def other() -> dict[str, Any]:
    """Answer of node2, recorded at the same time."""
    loaded: dict[str, Any] = json.loads((RECORDED / "node2.json").read_text())
    return loaded


def test_a_recorded_answer_is_read(status: dict[str, Any]) -> None:
    assert answers.understood(status) is status
    assert answers.holders(status) == {WEB: "node1", PAGE: "node2"}
    assert answers.held_here(status) == [WEB]
    assert answers.active_peers(status) == ["node2"]
    assert answers.problems(status) == []


def test_another_schema_is_refused(status: dict[str, Any]) -> None:
    with pytest.raises(answers.BadAnswer, match="schema version 2"):
        answers.understood({**status, "schema_version": 2})


def test_problems_are_named_and_absent_peers_excused(status: dict[str, Any]) -> None:
    status["peers"][0]["state"] = "dead"
    status["groups"][1]["holder"] = None
    assert answers.problems(status) == [
        "node1 sees node2 as dead, not active",
        f"node1 knows no holder of group {PAGE}",
    ]
    assert answers.problems(status, ["node2"]) == [f"node1 knows no holder of group {PAGE}"]


def test_a_healthy_pair_has_no_disagreement(status: dict[str, Any], other: dict[str, Any]) -> None:
    assert answers.disagreements({"a": status, "b": other}) == []


def test_two_holders_are_found(status: dict[str, Any], other: dict[str, Any]) -> None:
    other["groups"][0].update(state="held", holder="node2")
    found = answers.disagreements({"a": status, "b": other})
    assert f"group {WEB} is held by 2 nodes at once: node1, node2" in found
    assert any("disagree about the holder" in sentence for sentence in found)


def test_no_holder_and_different_configurations_are_found(status: dict[str, Any], other: dict[str, Any]) -> None:
    status["groups"][0]["state"] = "idle"
    other["cluster_hash"] = "another"
    found = answers.disagreements({"a": status, "b": other})
    assert f"group {WEB} is held by none of the nodes asked" in found
    assert any("different configurations" in sentence for sentence in found)


def test_the_holder_may_be_an_absent_member(status: dict[str, Any]) -> None:
    status["peers"][0]["state"] = "dead"
    assert answers.disagreements({"a": status}, ["node2"]) == []


class Daemon:
    """Answers like the daemon of node1; moves a group some looks after it was asked to."""

    def __init__(self, status: dict[str, Any], looks: int = 2, refusal: str = "") -> None:
        self.status, self.looks, self.refusal = copy.deepcopy(status), looks, refusal
        self.asked: list[dict[str, Any]] = []
        self.now = 0.0

    def ask(self, request: Any) -> dict[str, Any]:
        self.asked.append(dict(request))
        if request["command"] != "status":
            return {"ok": not self.refusal, "text": self.refusal or "under way"}
        if len(self.asked) > 1:
            self.looks -= 1
        if self.looks == 0:
            for group in self.status["groups"]:
                if group["key"] == self.asked[1].get("key"):
                    group.update(holder="node2" if self.asked[1]["command"] == "standby" else "node1")
                    group["state"] = "idle" if group["holder"] == "node2" else "held"
        return copy.deepcopy(self.status)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def switch(self, group: str, node: str, *, dry_run: bool = False) -> switching.Outcome:
        return switching.switch(
            self.ask, group, node, timeout_s=5, dry_run=dry_run, clock=lambda: self.now, sleep=self.sleep
        )


@pytest.mark.parametrize(
    ("group", "node", "command", "holders"),
    [
        (WEB, "node2", {"command": "standby", "scope": "group", "key": WEB}, ("node1", "node2")),
        (PAGE, "node1", {"command": "takeover", "scope": "group", "key": PAGE}, ("node2", "node1")),
        (PAGE, "NODE1", {"command": "takeover", "scope": "group", "key": PAGE}, ("node2", "node1")),
    ],
)
def test_a_group_is_moved_with_exactly_these_requests(
    status: dict[str, Any], group: str, node: str, command: dict[str, str], holders: tuple[str, str]
) -> None:
    daemon = Daemon(status)
    outcome = daemon.switch(group, node)
    assert daemon.asked == [{"command": "status"}, command, {"command": "status"}, {"command": "status"}]
    assert (outcome.changed, outcome.before, outcome.after) == (True, {group: holders[0]}, {group: holders[1]})


def test_a_group_that_is_there_already_is_left_alone(status: dict[str, Any]) -> None:
    daemon = Daemon(status)
    assert daemon.switch(WEB, "node1") == switching.Outcome(False, {WEB: "node1"}, {WEB: "node1"})
    assert daemon.asked == [{"command": "status"}]


def test_a_dry_run_only_looks(status: dict[str, Any]) -> None:
    daemon = Daemon(status)
    outcome = daemon.switch("all", "node2", dry_run=True)
    assert outcome == switching.Outcome(True, {WEB: "node1", PAGE: "node2"}, {WEB: "node2", PAGE: "node2"})
    assert daemon.asked == [{"command": "status"}]


def test_a_move_that_takes_too_long_says_what_to_do(status: dict[str, Any]) -> None:
    with pytest.raises(switching.NotInTime, match=r"not at node2 after 5 s.*hbctl status"):
        Daemon(status, looks=1000).switch(WEB, "node2")


def test_a_refusal_is_passed_on(status: dict[str, Any]) -> None:
    with pytest.raises(switching.CannotSwitch, match="peer is busy"):
        Daemon(status, refusal="peer is busy").switch(WEB, "node2")


@pytest.mark.parametrize(
    ("group", "node", "peer", "complaint"),
    [
        ("IPaddr::1.2.3.4", "node2", "active", "has no group"),
        (WEB, "node3", "active", "not a node of this cluster"),
        (WEB, "node2", "dead", "does not see node2 as active"),
    ],
)
def test_an_impossible_move_is_refused(
    status: dict[str, Any], group: str, node: str, peer: str, complaint: str
) -> None:
    status["peers"][0]["state"] = peer
    with pytest.raises(switching.CannotSwitch, match=complaint):
        Daemon(status).switch(group, node)


NONE, RELOAD, RESTART = planning.Action.NONE, planning.Action.RELOAD, planning.Action.RESTART


@pytest.mark.parametrize(
    ("found", "action"),
    [
        (planning.Found(True, {}, "r", "h"), NONE),
        (planning.Found(False, {}, None, None), planning.Action.START),
        (planning.Found(True, {"ha.cf": RELOAD}, "r", "h"), RELOAD),
        (planning.Found(True, {"ha.cf": RELOAD, "unit": RESTART}, "r", "h"), RESTART),
        # written earlier, never loaded
        (planning.Found(True, {}, "r", "old"), RELOAD),
        (planning.Found(True, {}, "old", "h"), RESTART),
        (planning.Found(True, {}, "r", None), RESTART),
    ],
)
def test_what_a_node_needs(found: planning.Found, action: planning.Action) -> None:
    planned = planning.plan(found, "r", "h")
    assert planned.action is action
    assert bool(planned.reasons) is (action is not NONE)


def configuration(media: str, active: int, *keys: tuple[int, str]) -> Configuration:
    parsed = parse_ha_cf(f"node a b\nkeepalive 1\ndeadtime 5\n{media}\n", file="ha.cf", node_name="a")
    assert parsed.settings is not None
    ring = KeyRing(active, tuple(Key(number, Method.SHA1, secret.encode()) for number, secret in keys))
    return Configuration(parsed.settings, ring, ())


ETH0, ETH1, PORT = "ucast eth0 192.0.2.2", "ucast eth1 192.0.2.2", "udpport 700\nucast eth0 192.0.2.2"


@pytest.mark.parametrize(
    ("old", "new", "hazards"),
    [
        ((ETH0, 1, (1, "secretx")), (ETH0, 1, (1, "secretx")), 0),
        # the three steps of a key change, and the jump that would make nodes deaf
        ((ETH0, 1, (1, "secretx")), (ETH0, 1, (1, "secretx"), (2, "secrety")), 0),
        ((ETH0, 1, (1, "secretx"), (2, "secrety")), (ETH0, 2, (1, "secretx"), (2, "secrety")), 0),
        ((ETH0, 2, (1, "secretx"), (2, "secrety")), (ETH0, 2, (2, "secrety")), 0),
        ((ETH0, 1, (1, "secretx")), (ETH0, 1, (1, "secrety")), 2),
        ((ETH0, 1, (1, "secretx")), (ETH0, 2, (1, "secretx"), (2, "secrety")), 1),
        # links: adding is fine, replacing is not
        ((ETH0, 1, (1, "secretx")), (f"{ETH0}\n{ETH1}", 1, (1, "secretx")), 0),
        ((ETH0, 1, (1, "secretx")), (ETH1, 1, (1, "secretx")), 1),
        ((ETH0, 1, (1, "secretx")), (PORT, 1, (1, "secretx")), 1),
        (("mcast eth0 225.0.0.1 694 1 0", 1, (1, "secretx")), ("mcast eth0 225.0.0.2 694 1 0", 1, (1, "secretx")), 1),
    ],
)
def test_changes_that_would_make_nodes_deaf(old: Any, new: Any, hazards: int) -> None:
    found = planning.hazards(configuration(*old), configuration(*new))
    assert len(found) == hazards
    assert not any("secret" in sentence for sentence in found)


def test_systemctl_output() -> None:
    assert planning.parse_properties("MainPID=12\nFragmentPath=\njunk\n") == {"MainPID": "12", "FragmentPath": ""}
    assert planning.revision_in(2**30) is None


HOSTS = {
    name: {
        "ansible_facts": {
            "interfaces": ["lo", "br-lan", "eth0"],
            "default_ipv4": {"interface": "eth0"},
            "eth0": {"device": "eth0", "ipv4": {"address": f"192.0.2.{number}"}},
            "br_lan": {"device": "br-lan", "ipv4": {"address": f"10.0.0.{number}"}},
        }
    }
    for number, name in enumerate(("a", "b", "c"), 1)
}


@pytest.mark.parametrize(
    ("link", "wanted"),
    [
        ({}, ["ucast eth0 192.0.2.2", "ucast eth0 192.0.2.3"]),
        ({"device": "br-lan"}, ["ucast br-lan 10.0.0.2", "ucast br-lan 10.0.0.3"]),
        ({"network": "10.0.0.0/24"}, ["ucast br-lan 10.0.0.2", "ucast br-lan 10.0.0.3"]),
        ({"device": "eth0", "peer_addresses": ["b.example"]}, ["ucast eth0 b.example"]),
        ({"type": "bcast"}, ["bcast eth0"]),
        ({"type": "mcast", "device": "eth0", "loop": False}, ["mcast eth0 225.0.0.1 694 1 0"]),
    ],
)
def test_links_of_a_node(link: dict[str, Any], wanted: list[str]) -> None:
    assert [" ".join(pair) for pair in links.media([link], "a", ["a", "b", "c"], HOSTS)] == wanted


def test_a_host_may_tell_its_address() -> None:
    hosts = {**HOSTS, "b": {"heartbeat_link_addresses": {"eth0": "198.51.100.2"}}}
    assert links.media([{}], "a", ["a", "b"], {**HOSTS, "b": {**HOSTS["b"]}}) == [("ucast", "eth0 192.0.2.2")]
    assert links.media([{"device": "eth0"}], "a", ["a", "b"], hosts) == [("ucast", "eth0 198.51.100.2")]


@pytest.mark.parametrize(
    ("link", "hosts", "complaint"),
    [
        ({"device": "eth0"}, {"a": HOSTS["a"], "b": {}}, "set heartbeat_link_addresses for it, e.g. {eth0: 192.0.2.1}"),
        ({"device": "eth9"}, HOSTS, "b has no IPv4 address on eth9"),
        ({"network": "198.51.100.0/24"}, HOSTS, "no address in 198.51.100.0/24"),
        ({"network": "nonsense"}, HOSTS, "nonsense"),
        ({}, {"a": {"ansible_facts": {}}, "b": {}}, "no default route"),
    ],
)
def test_an_unknown_address_names_the_variable(link: dict[str, Any], hosts: Any, complaint: str) -> None:
    with pytest.raises(links.Unknown, match=complaint.replace("{", r"\{")):
        links.media([link], "a", ["a", "b"], hosts)


def test_overrides_replace_in_place_and_follow_at_the_end() -> None:
    pairs = [["udpport", 694], ["ucast", "eth0 1"], ["ucast", "eth0 2"], ["warntime", ""], ["auto_failback", True]]
    assert lines.directives(pairs, {"ucast": ["x 1", "x 2"], "auto_failback": "", "debug": 1}) == (
        "udpport 694\nucast x 1\nucast x 2\ndebug 1"
    )


@pytest.mark.parametrize("value", ["a\nb", "a#b", " a", "a\x00b", "a\rb"])
def test_a_directive_that_can_not_be_written(value: str) -> None:
    with pytest.raises(lines.Unwritable, match="logfile"):
        lines.directives([["logfile", value]])


@pytest.mark.parametrize(
    ("group", "complaint"),
    [
        ({"node": "a b", "services": ["x"]}, "node"),
        ({"node": "a", "services": ["two words"]}, "one word"),
        ({"node": "a", "services": ["a#b"]}, "one word"),
        ({"node": "a", "services": ["a\\"]}, "one word"),
        ({"node": "a", "services": [{"name": "s", "arguments": ["x::y"]}]}, "separates arguments"),
        ({"node": "a", "addresses": [{"ip": "192.0.2.300"}]}, "192.0.2.300"),
        ({"node": "a", "addresses": [{"ip": "192.0.2.3", "prefix": 33}]}, "not between 0 and 32"),
        ({"node": "a", "addresses": [{"ip": "192.0.2.3", "device": "eth0"}]}, "prefix"),
        ({"node": "a"}, "at least one"),
    ],
)
def test_a_group_that_can_not_be_written(group: dict[str, Any], complaint: str) -> None:
    with pytest.raises(lines.Unwritable, match=complaint):
        lines.haresources([group])


@pytest.mark.parametrize("secret", ["two words", "", "#x", "schlüssel", "a\nb"])
def test_a_secret_that_can_not_be_written_is_not_shown(secret: str) -> None:
    with pytest.raises(lines.Unwritable) as caught:
        lines.authkeys([{"id": 1, "method": "sha1", "secret": secret}], 1)
    assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("auth 2\n1 md5 x\n2 sha1 y z\n", (2, "sha1", "y")),
        ("# c\n  auth 1\n1 sha1 old\n1 sha1 new\n", (1, "sha1", "new")),
        ("auth 1\n1 crc\n", None),
        ("1 sha1 x\n", None),
        ("", None),
        ("auth x\nx sha1 y\n", None),
    ],
)
def test_the_signing_key_of_a_file(text: str, key: Any) -> None:
    assert lines.signing_key(text) == key


def test_the_artefact_depends_on_nothing_but_the_sources(tmp_path: Path) -> None:
    for number, order in enumerate((("a.py", "b.py"), ("b.py", "a.py"))):
        package = tmp_path / str(number) / "heartbeat"
        (package / "sub").mkdir(parents=True)
        for name in (*order, "__init__.py", "__main__.py", "sub/__init__.py"):
            (package / name).write_text(f"# {name}\n")
        (package / "__pycache__").mkdir()
        (package / "__pycache__" / f"a.{number}.pyc").write_bytes(bytes(number))
        (package / "notes.txt").write_text(str(number))
    first, second = (artefact.build(str(tmp_path / str(number) / "heartbeat")) for number in range(2))
    assert first == second
    assert first.startswith(b"#!/usr/bin/env python3\n")
    (tmp_path / "0" / "heartbeat" / "a.py").write_text("# changed\n")
    assert artefact.build(str(tmp_path / "0" / "heartbeat")) != first


def test_no_sources_is_said(tmp_path: Path) -> None:
    with pytest.raises(artefact.NoSources, match="installed completely"):
        artefact.sources_beside(str(tmp_path / "plugins" / "action" / "x.py"))
