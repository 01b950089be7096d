# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""corosync.conf: what the role's variables become, what is refused, and what a change of it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pacemaker import corosync_change as change
from pacemaker import corosync_conf as conf
from pacemaker import corosync_times as times
from pacemaker import qdevice_state
from pacemaker.corosync_syntax import Unusable, flat, parse, render

#: what `corosync-cmapctl` of corosync 3.1.9 prints for TWO below, as far as the file says it, and what it adds
CMAP = """\
logging.timestamp (str) = on
logging.to_logfile (str) = no
logging.to_syslog (str) = yes
nodelist.local_node_pos (u32) = 0
nodelist.node.0.name (str) = node1
nodelist.node.0.nodeid (u32) = 1
nodelist.node.0.ring0_addr (str) = 10.0.1.11
nodelist.node.0.ring1_addr (str) = 10.0.0.11
nodelist.node.1.name (str) = node2
nodelist.node.1.nodeid (u32) = 2
nodelist.node.1.ring0_addr (str) = 10.0.1.12
nodelist.node.1.ring1_addr (str) = 10.0.0.12
quorum.provider (str) = corosync_votequorum
quorum.two_node (u8) = 1
runtime.config.totem.token (u32) = 1500
totem.cluster_name (str) = lab
totem.crypto_cipher (str) = aes256
totem.crypto_hash (str) = sha256
totem.interface.0.bindnetaddr (str) = 10.0.1.11
totem.interface.1.bindnetaddr (str) = 10.0.0.11
totem.interface.1.knet_link_priority (u8) = 5
totem.link_mode (str) = passive
totem.token (u32) = 1500
totem.transport (str) = knet
totem.version (u32) = 2
"""


def node(number: int, **more: Any) -> dict[str, Any]:
    return {
        "host": f"node{number}",
        "name": f"node{number}",
        "id": 0,
        "votes": 1,
        "addresses": [f"10.0.1.1{number}", f"10.0.0.1{number}"],
        **more,
    }


def request(count: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "cluster_name": "lab",
        "transport": "knet",
        "links": [{"number": 1, "priority": 5}],
        "link_mode": "passive",
        "cipher": "aes256",
        "hash": "sha256",
        "totem": {"token": 1500, "consensus": None},
        "quorum": {},
        "qdevice": {},
        "logging": {},
        "nodes": [node(number) for number in range(1, count + 1)],
        **more,
    }


TWO = conf.configuration(request(), {})


def running(text: str = CMAP) -> dict[str, str]:
    return change.running_keys(text)


def test_a_file_is_what_corosync_reads_from_it() -> None:
    """The wanted file, key by key, is what a corosync that has read it tells: nothing to do."""
    found = change.Found(conf=TWO, running=running(), is_key_right=True)
    assert change.plan(found, TWO) == (change.Action.NONE, [])


def test_a_file_survives_reading_and_writing() -> None:
    assert render(parse(TWO)) == TWO.split("\n", 1)[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("totem {\n", "not closed"),
        ("}\n", "line 1"),
        ("totem {\n  token\n}\n", "line 2"),
    ],
)
def test_a_broken_file_is_named_by_its_line(text: str, words: str) -> None:
    with pytest.raises(Unusable, match=words):
        parse(text)


def test_two_nodes_are_two_node_and_three_are_not() -> None:
    assert flat(parse(TWO))["quorum.two_node"] == "1"
    assert "quorum.two_node" not in flat(parse(conf.configuration(request(3), {})))


def test_a_quorum_device_takes_the_place_of_two_node() -> None:
    device = {"host": "10.0.0.9", "algorithm": None, "tls": None, "heuristics": {"ping": "/bin/ping -c1 10.0.0.1"}}
    found = flat(parse(conf.configuration(request(qdevice=device), {})))
    assert "quorum.two_node" not in found
    assert found["quorum.device.votes"] == "1"
    assert found["quorum.device.net.algorithm"] == "ffsplit"
    assert found["quorum.device.net.tls"] == "required"
    assert found["quorum.device.heuristics.mode"] == "sync"
    lms = conf.configuration(request(qdevice={"host": "10.0.0.9", "algorithm": "lms"}), {})
    assert "quorum.device.votes" not in flat(parse(lms))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"cluster_name": "a b"}, "pacemaker_cluster_name"),
        (
            {"nodes": [node(1), node(2, addresses=["10.0.1.12"])]},
            "node2: pacemaker_addresses has 1 addresses, node1 has 2",
        ),
        ({"nodes": [node(1), node(2, name="node1")]}, "pacemaker_node_name: node1 is there more than once"),
        ({"nodes": [node(1), node(2, addresses=["10.0.1.11", "10.0.0.12"])]}, "10.0.1.11 is there more than once"),
        ({"nodes": [node(1), node(2, votes=-1)]}, "node2: pacemaker_votes"),
        ({"nodes": [node(1, addresses=[]), node(2, addresses=[])]}, "node1: pacemaker_addresses is empty"),
        ({"links": [{"number": 2, "priority": 5}]}, "there is no link 2"),
        ({"links": [{"number": 1}, {"number": 1}]}, "link 1 is described more than once"),
        ({"hash": "none"}, "pacemaker_crypto_hash"),
        ({"transport": "udpu", "cipher": "none", "hash": "none"}, "udpu has one link, not 2"),
        (
            {
                "transport": "udpu",
                "links": [],
                "nodes": [node(1, addresses=["10.0.1.1"]), node(2, addresses=["10.0.1.2"])],
            },
            "neither signs nor encrypts",
        ),
        ({"quorum": {"two_node": True}, "nodes": [node(n) for n in (1, 2, 3)]}, "is for two nodes, and there are 3"),
        ({"quorum": {"two_node": True, "auto_tie_breaker": True}}, "can't be together with two_node"),
        ({"quorum": {"auto_tie_breaker_node": "lowest"}}, "means nothing without auto_tie_breaker"),
        ({"quorum": {"last_man_standing": True}, "qdevice": {"host": "10.0.0.9"}}, "beside pacemaker_qdevice"),
        ({"qdevice": {"algorithm": "ffsplit"}}, "pacemaker_qdevice.host"),
        ({"qdevice": {"host": "q"}, "nodes": [node(1, votes=2), node(2)]}, "one vote for each node"),
        ({"totem": {"token": 1500, "consensus": 1500}}, "at least 1800"),
    ],
)
def test_what_cannot_work_is_refused_by_its_variable(more: dict[str, Any], words: str) -> None:
    with pytest.raises(Unusable, match=words):
        conf.configuration(request(**more), {})


def test_a_consensus_that_corosync_works_out_is_not_held_to_what_it_was_rounded_from() -> None:
    assert "token: 2272" in conf.configuration(request(totem={"token": 2272}), {})


def test_numbers_of_nodes_stay_and_new_nodes_take_what_nobody_had() -> None:
    nodes = [node(1), node(2), node(3)]
    assert conf.node_ids(nodes, {}) == {"node1": 1, "node2": 2, "node3": 3}
    # the order of the inventory means nothing to a cluster that is there; number 2 belonged to a node that has left
    assert conf.node_ids([node(3), node(1)], {"node1": 1, "gone": 2}) == {"node3": 3, "node1": 1}
    with pytest.raises(Unusable, match="a number is for life"):
        conf.node_ids([node(1, id=7)], {"node1": 1})
    with pytest.raises(Unusable, match="the same number 1"):
        conf.node_ids([node(1, id=1), node(2)], {"node2": 1})


def test_members_whose_files_contradict_each_other_are_not_one_cluster() -> None:
    other = TWO.replace("nodeid: 2", "nodeid: 5")
    assert conf.known_ids({"node1": TWO, "node2": TWO}) == {"node1": 1, "node2": 2}
    with pytest.raises(Unusable, match=r"node2 is number 2 in the corosync\.conf of node1 and 5 in that of node2"):
        conf.known_ids({"node1": TWO, "node2": other})


def test_an_absent_member_is_remembered_and_a_packages_own_file_is_not() -> None:
    settings = {key: value for key, value in request(3).items() if key != "nodes"}
    three = conf.configuration(request(3), {})
    hosts = {name: {"__pacemaker_here": node(number)} for number, name in ((1, "node1"), (2, "node2"))}
    package = "nodelist {\n node {\n name: node1\n nodeid: 9\n ring0_addr: 127.0.0.1\n }\n}\n"
    texts = {"node1": three, "node2": package}
    assert conf.for_members(settings, ["node1", "node2", "node3"], hosts, texts) == three
    with pytest.raises(Unusable, match="node4 is absent"):
        conf.for_members(settings, ["node1", "node2", "node4"], hosts, texts)


@pytest.mark.parametrize(
    ("more", "action", "reason"),
    [
        ({"totem": {"token": 5000}}, "reload", "totem.token is 1500, to be 5000"),
        ({"totem": {}}, "reload", "totem.token is 1500, to be not set"),
        ({"links": [{"number": 1, "priority": 7}]}, "reload", "totem.interface.1.knet_link_priority is 5, to be 7"),
        ({"nodes": [node(n) for n in (1, 2, 3)]}, "reload", "nodelist.node.2.name is not set, to be node3"),
        ({"qdevice": {"host": "10.0.0.9"}}, "reload", "quorum.device.model is not set, to be net"),
        ({"cluster_name": "other"}, "together", "totem.cluster_name is lab, to be other"),
        ({"cipher": "aes128"}, "together", "totem.crypto_cipher is aes256, to be aes128"),
        (
            {"links": [{"number": 1, "priority": 5, "transport": "sctp"}]},
            "together",
            "knet_transport is not set, to be sctp",
        ),
        ({"quorum": {"wait_for_all": False}}, "together", "quorum.wait_for_all is not set, to be 0"),
    ],
)
def test_a_change_takes_no_more_than_it_needs(more: dict[str, Any], action: str, reason: str) -> None:
    wanted = conf.configuration(request(**more), {"node1": 1, "node2": 2})
    found, reasons = change.plan(change.Found(conf=TWO, running=running(), is_key_right=True), wanted)
    assert found.value == action
    assert any(reason in sentence for sentence in reasons), reasons


def test_a_file_that_was_written_and_not_loaded_is_still_pending() -> None:
    wanted = conf.configuration(request(totem={"token": 5000}), {})
    assert change.plan(change.Found(conf=wanted, running=running(), is_key_right=True), wanted)[0].value == "reload"


def test_another_key_restarts_everybody_and_a_comment_nobody() -> None:
    assert change.plan(change.Found(conf=TWO, running=running(), is_key_right=False), TWO)[0].value == "together"
    assert (
        change.plan(change.Found(conf="# old\n" + TWO, running=running(), is_key_right=True), TWO)[0].value == "write"
    )
    assert change.plan(change.Found(conf="", running=None, is_key_right=False), TWO)[0].value == "start"


@pytest.mark.parametrize(
    ("actions", "way"),
    [
        (["start", "start"], "start"),
        (["reload", "reload", "start"], "reload"),
        (["together", "none", "start"], "together"),
        (["write", "none"], "write"),
        (["none", "none"], "none"),
        (["none", "start"], "reload"),
    ],
)
def test_nodes_are_changed_in_one_way(actions: list[str], way: str) -> None:
    assert change.for_all(actions) == way


def test_pacemaker_restarts_for_its_environment_and_its_program() -> None:
    environment = ["PATH=/bin", "PCMK_debug=no"]
    assert change.restart_reasons(environment, "/usr/sbin/pacemakerd", {}) == []
    assert change.restart_reasons(environment, "/usr/sbin/pacemakerd", {"PCMK_debug": "no"}) == []
    assert change.restart_reasons(environment, "/usr/sbin/pacemakerd", {"PCMK_debug": "yes"}) == [
        "PCMK_debug is no, to be yes"
    ]
    assert change.restart_reasons(environment, "/usr/sbin/pacemakerd (deleted)", {}) == [
        "the program on disk is another one"
    ]


def test_a_variable_that_is_taken_away_is_a_reason_to_restart() -> None:
    ours = "# BEGIN steadfast.ha.pacemaker\nPCMK_debug=yes\nPCMK_gone=1\n# END steadfast.ha.pacemaker\n"
    block = f"OTHER=1\n{ours}PCMK_theirs=1\n"
    assert change.of_ours(block) == ["PCMK_debug", "PCMK_gone"]
    assert change.of_ours("PCMK_theirs=1\n") == []
    environment = ["PCMK_debug=yes", "PCMK_theirs=1"]
    assert change.restart_reasons(environment, "/usr/sbin/pacemakerd", {}, change.of_ours(block)) == [
        "PCMK_debug is yes, to be not set"
    ]
    assert change.restart_reasons(environment, "/usr/sbin/pacemakerd", {"PCMK_debug": "yes"}, ["PCMK_debug"]) == []


def test_the_client_of_the_device_restarts_for_what_a_reload_does_not_reach() -> None:
    wanted = conf.configuration(request(qdevice={"host": "10.0.0.9"}), {"node1": 1, "node2": 2})
    with_device = {**flat(parse(wanted)), "nodelist.local_node_pos": "0"}
    assert not change.restarts_device(with_device, wanted)
    moved = {**with_device, "quorum.device.net.host": "10.0.0.8"}
    assert change.restarts_device(moved, wanted)
    # one that comes is started, one that goes is stopped
    assert not change.restarts_device(running(), wanted)
    assert not change.restarts_device(with_device, TWO)
    assert not change.restarts_device(None, wanted)
    assert not change.restarts_device({**with_device, "quorum.device.heuristics.mode": "on"}, wanted)
    assert not change.restarts_device({**with_device, "totem.token": "1"}, wanted)


#: what corosync-qdevice-tool -s -v says on Debian 12, shortened
TOLD = """Qdevice information
-------------------
Model:			Net
HB interval:		3000ms
Sync HB interval:	30000ms
Configured node list:
    0	Node ID = 1
Last poll call:		2026-11-26T11:46:52 (cast vote)

Qdevice-net information
----------------------
QNetd host:		10.0.0.9:5403
Connect timeout:	2400ms
HB interval:		2400ms
TLS:			Required
Algorithm:		Fifty-Fifty split
Tie-breaker:		Node with lowest node ID
"""


@pytest.mark.parametrize(
    ("differs", "is_outdated"),
    [
        ({}, False),
        ({"timeout": 2000}, True),
        ({"sync_timeout": 9000}, True),
        ({"host": "10.0.0.8"}, True),
        ({"port": 5404}, True),
        ({"connect_timeout": 1000}, True),
        ({"tls": "on"}, True),
        ({"algorithm": "lms"}, True),
        ({"tie_breaker": "highest"}, True),
        ({"tie_breaker": "2"}, True),
        ({"tie_breaker": "lowest", "port": 5403, "sync_timeout": 30000}, False),
    ],
)
def test_a_client_of_the_device_that_a_run_did_not_come_to_restart_is_found(
    differs: dict[str, Any], is_outdated: bool
) -> None:
    asked = {"host": "10.0.0.9", "timeout": 3000, **differs}
    wanted = conf.configuration(request(qdevice=asked), {"node1": 1, "node2": 2})
    assert qdevice_state.is_outdated(TOLD, wanted) == is_outdated
    # it is started, or ended, anyway
    assert not qdevice_state.is_outdated("", wanted)
    assert not qdevice_state.is_outdated(TOLD, TWO)


def test_what_corosync_does_anyway_restarts_nobody() -> None:
    silent = {key: value for key, value in running().items() if key != "totem.link_mode"}
    former = TWO.replace("    link_mode: passive\n", "")
    assert former != TWO
    assert change.plan(change.Found(conf=former, running=silent, is_key_right=True), TWO)[0].value == "write"
    assert change.plan(change.Found(conf=TWO, running=running(), is_key_right=True), former)[0].value == "write"
    active = TWO.replace("link_mode: passive", "link_mode: active")
    assert change.plan(change.Found(conf=former, running=silent, is_key_right=True), active)[0].value == "together"


def test_times_follow_from_the_timers() -> None:
    assert times.token({"token": 1000, "token_coefficient": 650}, 2) == 1000
    assert times.token({"token": 1000, "token_coefficient": 650}, 3) == 1650
    assert times.token({"token": None}, 4) == 3000 + 2 * 650
    assert times.consensus({"token": 1000}, 2) == 1200
    # runtime.config.totem.hold of corosync 3.1.9 with these timers
    assert times.hold({"token": 1500, "token_coefficient": 500}, 3) == 370
    assert times.hold({"token": 1500, "hold": 20}, 2) == 20
    assert times.hold({"token": 2000, "token_retransmits_before_loss_const": 8}, 2) == 184
    assert times.settling({"token": 1500, "token_coefficient": 500}, 3) == 470
    assert times.consensus({"token": 1000, "consensus": 4000}, 2) == 4000
    assert times.promised({"token": 1500, "token_coefficient": 500}, 3, fencing=700) == 2000 + 2400 + 700 + 1500


@pytest.mark.parametrize("name", ["pacemaker_three", "pacemaker_pair_qnetd", "pacemaker_iscsi"])
def test_the_worked_inventories_are_clusters(name: str) -> None:
    folder = Path(__file__).resolve().parents[3] / "inventories" / name
    hosts = yaml.safe_load((folder / "hosts.yml").read_text())["all"]["children"]["pacemaker"]["hosts"]
    declared = yaml.safe_load((folder / "group_vars" / "pacemaker.yml").read_text())
    nodes = [
        {"host": host, "name": host, "id": 0, "votes": 1, "addresses": variables["pacemaker_addresses"]}
        for host, variables in hosts.items()
    ]
    more = {key: declared.get(f"pacemaker_{key}", default) for key, default in (("totem", {}), ("links", []))}
    wanted = request(nodes=nodes, qdevice=declared.get("pacemaker_qdevice", {}), **more)
    assert conf.refusals(wanted) == []
    assert len(conf.nodes_of(conf.configuration(wanted, {}))) == len(hosts)
