# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node as a function: what one event makes it say and do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from heartbeat.core import steering
from heartbeat.core.clock import MS
from heartbeat.core.desk import Desk
from heartbeat.core.effects import (
    Announce,
    BecameActive,
    Effects,
    Exit,
    Log,
    PeerStatusChanged,
    Send,
    StartGroup,
    StopGroup,
)
from heartbeat.core.events import (
    CarrierChanged,
    Command,
    GroupReport,
    Heard,
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
from heartbeat.settings.model import Configuration, DialectChoice, Service
from heartbeat.simulator.samples import VIP, WEB, sample, sample_groups
from heartbeat.wire.message import Message

NATIVE = (("sf", "1"), ("sv", "1.1"))


def status(st: str = "active", *pairs: tuple[str, str], dt: str = "3e8") -> Message:
    return Message.of(("t", "status"), ("st", st), ("dt", dt), ("protocol", "1"), *(pairs or NATIVE))


def heard(peer: str, message: Message, **options: Any) -> Heard:
    return Heard(peer, message, "eth1", **options)


def sent(effects: Effects, kind: str = "status") -> list[Message]:
    return [effect.message for effect in effects if isinstance(effect, Send) and effect.message.kind == kind]


def codes(effects: Effects) -> list[str]:
    return [effect.code for effect in effects if isinstance(effect, Log)]


def started(configuration: Configuration | None = None, name: str = "n1", **options: Any) -> Node:
    node = Node(name, configuration or sample(), now=0, **options)
    node.start(0)
    return node


def drive(node: Node, until: int) -> Effects:
    """Ticks at every deadline up to a moment; the host of the test starts and stops groups without delay."""
    effects: list[Any] = []
    pending: list[Any] = []
    while True:
        deadline = node.next_deadline()
        assert deadline is not None
        now = min(until, max(deadline, node._desk.now))
        batch = [*node.handle(Tick(), now), *pending]
        pending = []
        for effect in batch:
            effects.append(effect)
            if isinstance(effect, StartGroup):
                for stage in (Stage.ADDRESSES_UP, Stage.STARTED):
                    effects.extend(node.handle(GroupReport(effect.key, stage), now))
            if isinstance(effect, StopGroup):
                effects.extend(node.handle(GroupReport(effect.key, Stage.STOPPED), now))
        if now >= until:
            return tuple(effects)


def alone() -> Node:
    """n1, active, holding everything, its peer never heard."""
    node = started()
    drive(node, 2000 * MS)
    return node


def pair(name: str = "n1", configuration: Configuration | None = None) -> Node:
    """A node that is active beside a live native peer that holds both groups."""
    node = started(configuration, name)
    peer = "n2" if name == "n1" else "n1"
    node.handle(heard(peer, holding(node)), MS)
    return node


def holding(node: Node, letter: str = "h", claim: int = 1, version: int = 1, echo: str = "") -> Message:
    """A peer's status: it holds both groups and hears us."""
    ids = node._dialect._views.ids.values()  # type: ignore[attr-defined]
    groups = ",".join(f"{gid}:{letter}{claim}" for gid in ids)
    return status(
        "active", ("sf", "1"), ("sv", f"1.{version:x}"), ("se", f"{node.name}:{echo or '0.1'}"), ("sg", groups)
    )


# --- start-up ---------------------------------------------------------------------------------------------


def test_the_first_words_are_init_and_up() -> None:
    effects = Node("n1", sample(), now=0).start(0)
    assert [message.get("st") for message in sent(effects)] == ["init", "up"]
    first = sent(effects)[0]
    assert [field.name for field in first] == ["t", "st", "dt", "protocol", "sf", "sv"]
    assert first.get("dt") == "3e8"


def test_in_classic_words_there_is_no_field_of_ours() -> None:
    effects = Node("n1", sample(dialect=DialectChoice.CLASSIC), now=0).start(0)
    assert {field.name for message in sent(effects) for field in message} == {"t", "st", "dt", "protocol"}


def test_lone_start_becomes_active_after_initdead_and_takes() -> None:
    node = started()
    effects = drive(node, 1999 * MS)
    assert {message.get("st") for message in sent(effects)} == {"up"}
    effects = node.handle(Tick(), 2000 * MS)
    assert effects[:2] == (StartGroup(VIP), StartGroup(WEB))
    assert BecameActive() in effects
    assert PeerStatusChanged("n2", "dead") in effects
    assert "peer-never-heard" in codes(effects)


def test_a_native_peer_is_not_asked_for_its_node_list() -> None:
    node = started()
    effects = node.handle(heard("n2", status("up")), MS)
    assert BecameActive() in effects
    assert sent(effects, "reqnodes") == []


def test_reqnodes_is_always_answered() -> None:
    node = started()
    effects = node.handle(heard("n2", Message.of(("t", "reqnodes"), ("dest", "n1"))), MS)
    (answer,) = sent(effects, "repnodes")
    assert [(field.name, field.text()) for field in answer] == [
        ("dest", "n2"),
        ("t", "repnodes"),
        ("nodelist", "n1 n2 "),
        ("delnodelist", " "),
    ]


@pytest.fixture(name="classic_stub")
def _classic_stub(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Stands in for the classic dialect: the native rules under its name, and a record of what is called."""
    calls: list[Any] = []
    from heartbeat.core.dialect_native import NativeDialect

    class Stub(NativeDialect):
        name = "classic"

        def status_fields(self) -> Any:
            return ()

        def commanded(self, command: Command) -> None:
            calls.append(command)
            super().commanded(command)

    monkeypatch.setattr(
        steering, "choose_dialect", lambda name, desk: Stub(desk) if name == "classic" else NativeDialect(desk)
    )
    return calls


@pytest.mark.usefixtures("classic_stub")
def test_a_classic_peer_is_asked_each_second_but_not_for_ever() -> None:
    node = started()
    plain = status("up", ("protocol", "1"))
    effects = node.handle(heard("n2", plain), MS)
    assert [message.get("dest") for message in sent(effects, "reqnodes")] == ["n2"]
    effects = ()
    for ms in range(100, 2101, 100):
        assert node.statuses()["n1"] == "up"
        effects += (*node.handle(heard("n2", plain), ms * MS), *node.handle(Tick(), ms * MS))
    assert len(sent(effects, "reqnodes")) == 1
    assert "nodelist-unanswered" in codes(effects)
    assert node.statuses()["n1"] == "active"


@pytest.mark.usefixtures("classic_stub")
def test_repnodes_ends_the_waiting() -> None:
    node = started()
    node.handle(heard("n2", status("up", ("protocol", "1"))), MS)
    effects = node.handle(heard("n2", Message.of(("t", "repnodes"), ("dest", "n1"))), 2 * MS)
    assert BecameActive() in effects


# --- who steers -------------------------------------------------------------------------------------------


def test_the_dialect_follows_the_peer_and_a_shutdown_goes_on(classic_stub: list[Any]) -> None:
    node = pair("n1")
    assert node.snapshot(MS)["dialect"] == "native"
    node.handle(Command(Verb.SHUTDOWN, request=1), 2 * MS)
    effects = node.handle(heard("n2", status("init", ("protocol", "1")), restarted=True), 3 * MS)
    assert node.snapshot(3 * MS)["dialect"] == "classic"
    assert [call.verb for call in classic_stub] == [Verb.SHUTDOWN]
    assert Exit() in effects


@pytest.mark.usefixtures("classic_stub")
def test_retiring_undoes_what_was_under_way() -> None:
    node = alone()
    desk = node._desk
    node.handle(heard("n2", status()), 2100 * MS)
    node.handle(Command(Verb.STANDBY, request=1), 2101 * MS)
    assert [node.state_of(key) for key in (VIP, WEB)] == [State.GIVING, State.GIVING]
    desk.table.reconfigure(sample_groups(), desk.now)
    effects = node.handle(heard("n2", status("init", ("protocol", "1")), restarted=True), 2102 * MS)
    assert node.state_of(VIP) is State.TAKING
    assert node.state_of(WEB) is State.RELEASING  # its services were still stopping
    assert any(effect.request == 1 and not effect.ok for effect in effects if hasattr(effect, "request"))


@pytest.mark.usefixtures("classic_stub")
def test_retiring_withdraws_claims() -> None:
    node = started()
    node.handle(heard("n2", status("active")), MS)
    node._dialect.timer("look")
    assert node.state_of(VIP) is State.WANTING
    node.handle(heard("n2", status("init", ("protocol", "1")), restarted=True), 2 * MS)
    assert node._dialect.name == "classic"


def test_by_configuration_everybody_is_classic() -> None:
    desk = Desk("n1", sample(dialect=DialectChoice.CLASSIC), 0)
    assert steering.steering(desk) == "classic"
    assert steering.learn_speech(desk, "n2", status())
    assert desk.membership.peers["n2"].speech.value == "classic"


# --- deaths and returns -----------------------------------------------------------------------------------


def test_on_the_death_of_the_only_peer_the_start_comes_first() -> None:
    node = pair("n1")
    drive(node, 1000 * MS)
    effects = node.handle(Tick(), 1001 * MS)
    assert isinstance(effects[0], StartGroup)
    assert isinstance(effects[1], StartGroup)
    assert "peer-dead" in codes(effects)
    assert node.snapshot(1001 * MS)["last_move"]["code"] == "peer-silent"  # type: ignore[index]


def test_late_heartbeats_are_told() -> None:
    node = pair("n1")
    drive(node, 700 * MS)
    assert "late-heartbeat" in codes(node.handle(heard("n2", holding(node)), 700 * MS))


def test_a_peer_that_said_goodbye_is_not_missed() -> None:
    node = pair("n1")
    effects = node.handle(heard("n2", Message.of(("t", "shutdone"), ("st", "dead"))), 2 * MS)
    assert "peer-left" in codes(effects)
    assert effects[:2] == (StartGroup(VIP), StartGroup(WEB))
    effects = node.handle(heard("n2", holding(node, version=9)), 3 * MS)  # a status that was overtaken
    assert node.snapshot(3 * MS)["groups"][0]["holder"] == "n1"  # type: ignore[index]
    drive(node, 900 * MS)
    assert "peer-gone" in codes(drive(node, 1200 * MS))


def test_goodbye_of_a_stranger_is_harmless() -> None:
    node = started()
    node.handle(heard("n2", Message.of(("t", "shutdone"), ("st", "dead"))), MS)
    assert node.handle(heard("stranger", status()), 2 * MS) is not None
    assert node.statuses() == {"n1": "up", "n2": "init"}


def test_overtaken_gossip_is_ignored() -> None:
    node = pair("n2")
    node.handle(heard("n1", holding(node, version=5)), 2 * MS)
    node.handle(heard("n1", holding(node, "i", 0, version=4)), 3 * MS)
    assert node.snapshot(3 * MS)["groups"][0]["holder"] == "n1"  # type: ignore[index]


def test_a_restarted_peer_holds_nothing() -> None:
    node = pair("n2")
    effects = node.handle(heard("n1", status("init", ("sf", "1"), ("sv", "2.1")), restarted=True), 2 * MS)
    assert "peer-restarted" in codes(effects)
    assert node.state_of(VIP) is State.WANTING
    assert sent(effects)


def test_what_is_no_status_of_a_living_node_is_ignored() -> None:
    node = started()
    node.handle(heard("n2", status("dead")), MS)
    node.handle(heard("n2", Message.of(("t", "resource"), ("rsc_hold", "all"))), 2 * MS)
    node.handle(heard("n2", Message.of(("t", "reqnodes"), ("dest", "n9")), for_us=False), 3 * MS)
    assert node.statuses()["n2"] == "init"


@pytest.mark.parametrize("dt", ["", "zz", "-5"])
def test_without_a_sane_dead_time_our_own_counts(dt: str) -> None:
    node = started()
    node.handle(heard("n2", status("active", dt=dt)), MS)
    assert node.snapshot(MS)["peers"][0]["dead_ms"] == 1000  # type: ignore[index]


# --- quiet events -----------------------------------------------------------------------------------------


def test_a_keepalive_that_tells_nothing_new_costs_nothing() -> None:
    node = pair("n2")
    drive(node, 300 * MS)
    before = node.next_deadline()
    assert node.handle(heard("n1", holding(node)), 301 * MS) == ()
    assert node.handle(LinkAlive("n1", "eth1"), 302 * MS) == ()
    assert node.next_deadline() == before
    assert "link-up" in codes(node.handle(LinkAlive("n1", "eth2"), 303 * MS))


def test_ping_answers() -> None:
    node = started(sample(pings=("gateway",)))
    effects = node.handle(PingAnswered("gateway"), MS)
    assert PeerStatusChanged("gateway", "ping") in effects
    assert node.handle(LinkAlive("gateway", "gateway"), 2 * MS) == ()
    assert node.snapshot(MS)["pings"] == [{"name": "gateway", "state": "ping"}]
    node.handle(heard("n2", status()), 3 * MS)
    assert "ping-dead" in codes(drive(node, 1100 * MS))


def test_carrier_changes_are_told_once() -> None:
    node = started()
    assert "carrier-down" in codes(node.handle(CarrierChanged("eth0", False), MS))
    assert "carrier-down" not in codes(node.handle(CarrierChanged("eth0", False), 2 * MS))
    assert "carrier-up" in codes(node.handle(CarrierChanged("eth0", True), 3 * MS))


def test_reports_that_mean_nothing_are_ignored() -> None:
    node = alone()
    assert "report-ignored" in codes(node.handle(GroupReport(VIP, Stage.STOPPED), 2001 * MS))
    assert node.state_of(VIP) is State.HELD
    assert node.state_of("10.9.9.9") is None
    node.handle(GroupReport("10.9.9.9", Stage.STARTED), 2002 * MS)


def test_an_address_that_comes_up_unasked_is_taken_down() -> None:
    node = started()
    assert StopGroup(VIP) in node.handle(GroupReport(VIP, Stage.ADDRESSES_UP), MS)


# --- pauses -----------------------------------------------------------------------------------------------


def test_after_a_pause_nothing_is_said_before_two_keepalives() -> None:
    node = alone()
    effects = node.handle(Woke(3000), 5000 * MS)
    assert "woke" in codes(effects)
    assert not node.announces(VIP)
    effects = drive(node, 5399 * MS)
    assert sent(effects) == []
    effects = drive(node, 5400 * MS)
    assert Announce(VIP) in effects
    assert sent(effects)
    assert node.announces(VIP)
    assert not node.announces("10.9.9.9")


def test_a_pause_that_nobody_noticed_is_noticed_here() -> None:
    node = pair("n1")
    effects = node.handle(Tick(), 3000 * MS)
    assert "woke" in codes(effects)
    assert not any(isinstance(effect, StartGroup) for effect in effects)
    assert node.statuses()["n2"] == "active"


def test_a_short_pause_only_restarts_the_clocks() -> None:
    node = pair("n1")
    drive(node, 900 * MS)
    effects = node.handle(Woke(100), 990 * MS)
    assert sent(node.handle(Tick(), 1100 * MS))
    assert node.statuses()["n2"] == "active"
    assert "woke" in codes(effects)


def test_a_paused_holder_yields_to_its_successor_before_it_speaks() -> None:
    node = alone()
    node.handle(Woke(3000), 5000 * MS)
    effects = node.handle(heard("n2", holding(node, claim=9)), 5001 * MS)
    assert {effect for effect in effects if isinstance(effect, StopGroup)} == {StopGroup(VIP), StopGroup(WEB)}
    assert sent(effects) == []


# --- leftovers, commands, reload --------------------------------------------------------------------------


def test_leftovers_are_swept_when_a_peer_holds() -> None:
    node = Node("n1", sample(), found=frozenset({VIP}), now=0)
    assert "group-found" in codes(node.start(0))
    effects = node.handle(heard("n2", holding(node)), MS)
    assert StopGroup(VIP) in effects


def test_leftovers_are_adopted_within_a_second() -> None:
    node = started(sample(initdead_ms=60_000), found=frozenset({VIP}))
    assert StartGroup(VIP) not in drive(node, 999 * MS)
    assert StartGroup(VIP) in drive(node, 1000 * MS)


def test_shutdown_says_goodbye_and_answers() -> None:
    node = alone()
    node.handle(Command(Verb.SHUTDOWN, request=5), 2001 * MS)
    effects = [
        *node.handle(GroupReport(VIP, Stage.STOPPED), 2002 * MS),
        *node.handle(GroupReport(WEB, Stage.STOPPED), 2003 * MS),
    ]
    assert [message.get("st") for message in sent(tuple(effects), "shutdone")] == ["dead"]
    assert effects[-1] == Exit()
    assert node.snapshot(2003 * MS)["state"] == "leaving"
    again = node.handle(Command(Verb.SHUTDOWN, request=6), 2004 * MS)
    assert [(effect.request, effect.ok) for effect in again if hasattr(effect, "request")] == [(6, True)]
    refused = node.handle(Command(Verb.STANDBY, request=7), 2005 * MS)
    assert [(effect.request, effect.ok) for effect in refused if hasattr(effect, "request")] == [(7, False)]


def test_a_reload_must_keep_this_node() -> None:
    node = started(sample(3), "n3")
    with pytest.raises(BrokenInvariant):
        node.handle(Reloaded(sample(2)), MS)


def test_reload_releases_what_vanished_and_starts_what_is_new_in_a_group() -> None:
    node = alone()
    richer = replace(sample_groups()[0], resources=(*sample_groups()[0].resources, Service("squid", text="squid")))
    effects = node.handle(Reloaded(sample(groups=(richer,))), 2100 * MS)
    assert StopGroup(WEB) in effects
    assert StartGroup(VIP) in effects
    assert "reloaded" in codes(effects)
    node.handle(GroupReport(WEB, Stage.STOPPED), 2101 * MS)
    assert node.state_of(WEB) is None


def test_mistakes_of_the_caller_are_noticed() -> None:
    with pytest.raises(BrokenInvariant):
        Node("stranger", sample(), now=0)
    node = started()
    with pytest.raises(BrokenInvariant):
        node.start(1)
    node.handle(Tick(), 5)
    with pytest.raises(BrokenInvariant):
        node.handle(Tick(), 4)


# --- reports ----------------------------------------------------------------------------------------------


def test_the_snapshot_is_json_and_complete() -> None:
    node = alone()
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
def test_rscstatus(held: tuple[str, ...], company: bool, expected: str) -> None:
    node = alone()
    for key in {VIP, WEB} - set(held):
        node._desk.table.holds[key].state = State.IDLE
        node._desk.table.holds[key].address = False
    assert node.snapshot(3000 * MS)["rscstatus"] == expected


def test_rscstatus_without_foreign_groups_depends_on_company() -> None:
    node = started(sample(groups=sample_groups()[:1]))
    drive(node, 2000 * MS)
    assert node.snapshot(2000 * MS)["rscstatus"] == "all"
    node.handle(heard("n2", status()), 2001 * MS)
    assert node.snapshot(2001 * MS)["rscstatus"] == "local"


def test_a_conflict_is_reported_with_the_holder_that_stays() -> None:
    node = alone()
    node.handle(heard("n2", holding(node, claim=9, echo="0.1")), 2001 * MS)
    assert node.snapshot(2001 * MS)["groups"][0]["holder"] == "n2"  # type: ignore[index]
