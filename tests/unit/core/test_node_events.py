# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node as a function: quiet events, pauses, leftovers, commands, reloads, reports."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from heartbeat.core.clock import MS
from heartbeat.core.effects import (
    Announce,
    Exit,
    PeerStatusChanged,
    StartGroup,
    StopGroup,
)
from heartbeat.core.events import (
    CarrierChanged,
    Command,
    GroupReport,
    LinkAlive,
    PingAnswered,
    Reloaded,
    Stage,
    Tick,
    Verb,
    Woke,
)
from heartbeat.core.invariant import BrokenInvariant
from heartbeat.core.node import Node
from heartbeat.core.ownership import State
from heartbeat.settings.model import Service
from heartbeat.simulator.samples import VIP, WEB, sample, sample_groups

# --- quiet events -----------------------------------------------------------------------------------------


def test_a_keepalive_that_tells_nothing_new_costs_nothing(kit: Any) -> None:
    node = kit.pair("n2")
    kit.drive(node, 300 * MS)
    before = node.next_deadline()
    assert node.handle(kit.heard("n1", kit.holding(node)), 301 * MS) == ()
    assert node.handle(LinkAlive("n1", "eth1"), 302 * MS) == ()
    assert node.next_deadline() == before
    assert "link-up" in kit.codes(node.handle(LinkAlive("n1", "eth2"), 303 * MS))


@pytest.mark.parametrize("dt", ["", "xyz", "-1", "f" * 20000, "1_0", " 1"])
def test_a_dead_time_that_is_none_is_our_own(kit: Any, dt: str) -> None:
    node = kit.started()
    node.handle(kit.heard("n2", kit.status(dt=dt)), MS)
    (peer,) = [peer for peer in node.snapshot(MS)["peers"] if peer["name"] == "n2"]
    assert json.dumps(peer)
    assert "peer-dead" in kit.codes(kit.drive(node, 1100 * MS))


def test_ping_answers(kit: Any) -> None:
    node = kit.started(sample(pings=("gateway",)))
    effects = node.handle(PingAnswered("gateway"), MS)
    assert PeerStatusChanged("gateway", "ping") in effects
    assert node.handle(LinkAlive("gateway", "gateway"), 2 * MS) == ()
    assert node.snapshot(MS)["pings"] == [{"name": "gateway", "state": "ping"}]
    node.handle(kit.heard("n2", kit.status()), 3 * MS)
    assert "ping-dead" in kit.codes(kit.drive(node, 1100 * MS))


def test_carrier_changes_are_told_once(kit: Any) -> None:
    node = kit.started()
    assert "carrier-down" in kit.codes(node.handle(CarrierChanged("eth0", False), MS))
    assert "carrier-down" not in kit.codes(node.handle(CarrierChanged("eth0", False), 2 * MS))
    assert "carrier-up" in kit.codes(node.handle(CarrierChanged("eth0", True), 3 * MS))


def test_reports_that_mean_nothing_are_ignored(kit: Any) -> None:
    node = kit.alone()
    assert "report-ignored" in kit.codes(node.handle(GroupReport(VIP, Stage.STOPPED), 2001 * MS))
    assert node.state_of(VIP) is State.HELD
    assert node.state_of("10.9.9.9") is None
    node.handle(GroupReport("10.9.9.9", Stage.STARTED), 2002 * MS)


def test_an_address_that_comes_up_unasked_is_taken_down(kit: Any) -> None:
    node = kit.started()
    assert StopGroup(VIP) in node.handle(GroupReport(VIP, Stage.ADDRESSES_UP), MS)


# --- pauses -----------------------------------------------------------------------------------------------


def test_after_a_pause_nothing_is_said_before_two_keepalives(kit: Any) -> None:
    node = kit.alone()
    effects = node.handle(Woke(3000), 5000 * MS)
    assert "woke" in kit.codes(effects)
    assert not node.announces(VIP)
    effects = kit.drive(node, 5399 * MS)
    assert kit.sent(effects) == []
    effects = kit.drive(node, 5400 * MS)
    assert Announce(VIP) in effects
    assert kit.sent(effects)
    assert node.announces(VIP)
    assert not node.announces("10.9.9.9")


def test_a_pause_that_nobody_noticed_is_noticed_here(kit: Any) -> None:
    node = kit.pair("n1")
    effects = node.handle(Tick(), 3000 * MS)
    assert "woke" in kit.codes(effects)
    assert not any(isinstance(effect, StartGroup) for effect in effects)
    assert node.statuses()["n2"] == "active"


def test_a_short_pause_only_restarts_the_clocks(kit: Any) -> None:
    node = kit.pair("n1")
    kit.drive(node, 900 * MS)
    effects = node.handle(Woke(100), 990 * MS)
    assert kit.sent(node.handle(Tick(), 1100 * MS))
    assert node.statuses()["n2"] == "active"
    assert "woke" in kit.codes(effects)


def test_a_paused_holder_yields_to_its_successor_before_it_speaks(kit: Any) -> None:
    node = kit.alone()
    node.handle(Woke(3000), 5000 * MS)
    effects = node.handle(kit.heard("n2", kit.holding(node, claim=9)), 5001 * MS)
    assert {effect for effect in effects if isinstance(effect, StopGroup)} == {StopGroup(VIP), StopGroup(WEB)}
    assert kit.sent(effects) == []


# --- leftovers, commands, reload --------------------------------------------------------------------------


def test_leftovers_are_swept_when_a_peer_holds(kit: Any) -> None:
    node = Node("n1", sample(), found=frozenset({VIP}), now=0)
    assert "group-found" in kit.codes(node.start(0))
    effects = node.handle(kit.heard("n2", kit.holding(node)), MS)
    assert StopGroup(VIP) in effects


def test_leftovers_are_adopted_within_a_second(kit: Any) -> None:
    node = kit.started(sample(initdead_ms=60_000), found=frozenset({VIP}))
    assert StartGroup(VIP) not in kit.drive(node, 999 * MS)
    assert StartGroup(VIP) in kit.drive(node, 1000 * MS)


def test_shutdown_says_goodbye_and_answers(kit: Any) -> None:
    node = kit.alone()
    node.handle(Command(Verb.SHUTDOWN, request=5), 2001 * MS)
    effects = [
        *node.handle(GroupReport(VIP, Stage.STOPPED), 2002 * MS),
        *node.handle(GroupReport(WEB, Stage.STOPPED), 2003 * MS),
    ]
    assert [message.get("st") for message in kit.sent(tuple(effects), "shutdone")] == ["dead"]
    assert effects[-1] == Exit()
    assert node.snapshot(2003 * MS)["state"] == "leaving"
    again = node.handle(Command(Verb.SHUTDOWN, request=6), 2004 * MS)
    assert [(effect.request, effect.ok) for effect in again if hasattr(effect, "request")] == [(6, True)]
    refused = node.handle(Command(Verb.STANDBY, request=7), 2005 * MS)
    assert [(effect.request, effect.ok) for effect in refused if hasattr(effect, "request")] == [(7, False)]


def test_a_reload_must_keep_this_node(kit: Any) -> None:
    node = kit.started(sample(3), "n3")
    with pytest.raises(BrokenInvariant):
        node.handle(Reloaded(sample(2)), MS)


def test_reload_releases_what_vanished_and_starts_what_is_new_in_a_group(kit: Any) -> None:
    node = kit.alone()
    richer = replace(sample_groups()[0], resources=(*sample_groups()[0].resources, Service("squid", text="squid")))
    effects = node.handle(Reloaded(sample(groups=(richer,))), 2100 * MS)
    assert StopGroup(WEB) in effects
    assert StartGroup(VIP) in effects
    assert "reloaded" in kit.codes(effects)
    node.handle(GroupReport(WEB, Stage.STOPPED), 2101 * MS)
    assert node.state_of(WEB) is None


def test_mistakes_of_the_caller_are_noticed(kit: Any) -> None:
    with pytest.raises(BrokenInvariant):
        Node("stranger", sample(), now=0)
    node = kit.started()
    with pytest.raises(BrokenInvariant):
        node.start(1)
    node.handle(Tick(), 5)
    with pytest.raises(BrokenInvariant):
        node.handle(Tick(), 4)


# --- reports ----------------------------------------------------------------------------------------------


def test_the_snapshot_is_json_and_complete(kit: Any) -> None:
    node = kit.alone()
    report = json.loads(json.dumps(node.snapshot(3000 * MS)))
    assert set(report) >= {
        *("schema_version", "node", "state", "uptime_ms", "dialect", "peers", "pings", "groups"),
        *("rscstatus", "last_move"),
    }
    assert report["schema_version"] == 1
    assert report["uptime_ms"] == 3000
    assert report["rscstatus"] == "all"
    assert report["groups"][1] == {
        "key": WEB,
        "preferred": "n2",
        "state": "held",
        "holder": "n1",
        "holders": ["n1"],
        "claim": 1,
        "addresses": ["10.0.0.8/24 dev eth0"],
        "addresses_here": True,
        "resources": ["10.0.0.8", "httpd"],
        "why": "everything runs",
        "since_ms": 1000,
    }
    assert report["peers"][0]["last_heard_ms"] is None
    assert report["last_move"]["ago_ms"] == 1000


@pytest.mark.parametrize(
    ("held", "company", "expected"),
    [
        ((VIP, WEB), True, "all"),
        ((VIP,), True, "local"),
        ((WEB,), True, "foreign"),
        ((), True, "none"),
    ],
)
def test_rscstatus(kit: Any, held: tuple[str, ...], company: bool, expected: str) -> None:
    node = kit.alone()
    for key in {VIP, WEB} - set(held):
        node._desk.table.holds[key].state = State.IDLE
        node._desk.table.holds[key].address = False
    assert node.snapshot(3000 * MS)["rscstatus"] == expected


def test_rscstatus_without_foreign_groups_depends_on_company(kit: Any) -> None:
    node = kit.started(sample(groups=sample_groups()[:1]))
    kit.drive(node, 2000 * MS)
    assert node.snapshot(2000 * MS)["rscstatus"] == "all"
    node.handle(kit.heard("n2", kit.status()), 2001 * MS)
    assert node.snapshot(2001 * MS)["rscstatus"] == "local"


def test_a_conflict_is_reported_with_the_holder_that_stays(kit: Any) -> None:
    node = kit.alone()
    node.handle(kit.heard("n2", kit.holding(node, claim=0, echo="0.1")), 2001 * MS)
    group = node.snapshot(2001 * MS)["groups"][0]  # type: ignore[index]
    assert (group["holder"], group["holders"]) == ("n1", ["n1", "n2"])
    node.handle(kit.heard("n2", kit.holding(node, claim=9, echo="0.1")), 2002 * MS)  # a greater claim: we let go
    group = node.snapshot(2002 * MS)["groups"][0]  # type: ignore[index]
    assert (group["holder"], group["holders"]) == ("n2", ["n2"])
