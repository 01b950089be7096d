# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The node as a function: start-up, who steers, deaths and returns."""

from __future__ import annotations

from typing import Any

import pytest

from heartbeat.core import steering
from heartbeat.core.clock import MS
from heartbeat.core.desk import Desk
from heartbeat.core.effects import (
    BecameActive,
    Exit,
    PeerStatusChanged,
    StartGroup,
)
from heartbeat.core.events import (
    Command,
    Tick,
    Verb,
)
from heartbeat.core.node import Node
from heartbeat.core.ownership import State
from heartbeat.settings.model import DialectChoice
from heartbeat.simulator.samples import VIP, WEB, sample, sample_groups
from heartbeat.wire.message import Message

# --- start-up ---------------------------------------------------------------------------------------------


def test_the_first_words_are_init_and_up(kit: Any) -> None:
    effects = Node("n1", sample(), now=0).start(0)
    assert [message.get("st") for message in kit.sent(effects)] == ["init", "up"]
    first = kit.sent(effects)[0]
    assert [field.name for field in first] == ["t", "st", "dt", "protocol", "sf", "sv"]
    assert first.get("dt") == "3e8"


def test_in_classic_words_there_is_no_field_of_ours(kit: Any) -> None:
    effects = Node("n1", sample(dialect=DialectChoice.CLASSIC), now=0).start(0)
    assert {field.name for message in kit.sent(effects) for field in message} == {"t", "st", "dt", "protocol"}


def test_lone_start_becomes_active_after_initdead_and_takes(kit: Any) -> None:
    node = kit.started()
    effects = kit.drive(node, 1999 * MS)
    assert {message.get("st") for message in kit.sent(effects)} == {"up"}
    effects = node.handle(Tick(), 2000 * MS)
    assert effects[:2] == (StartGroup(VIP), StartGroup(WEB))
    assert BecameActive() in effects
    assert PeerStatusChanged("n2", "dead") in effects
    assert "peer-never-heard" in kit.codes(effects)


def test_a_native_peer_is_not_asked_for_its_node_list(kit: Any) -> None:
    node = kit.started()
    effects = node.handle(kit.heard("n2", kit.status("up")), MS)
    assert BecameActive() in effects
    assert kit.sent(effects, "reqnodes") == []


def test_reqnodes_is_always_answered(kit: Any) -> None:
    node = kit.started()
    effects = node.handle(kit.heard("n2", Message.of(("t", "reqnodes"), ("dest", "n1"))), MS)
    (answer,) = kit.sent(effects, "repnodes")
    assert [(field.name, field.text()) for field in answer] == [
        ("dest", "n2"),
        ("t", "repnodes"),
        ("nodelist", "n1 n2 "),
        ("delnodelist", " "),
    ]


@pytest.mark.usefixtures("classic_stub")
def test_a_classic_peer_is_asked_each_second_but_not_for_ever(kit: Any) -> None:
    node = kit.started()
    plain = kit.status("up", ("protocol", "1"))
    effects = node.handle(kit.heard("n2", plain), MS)
    assert [message.get("dest") for message in kit.sent(effects, "reqnodes")] == ["n2"]
    effects = ()
    for ms in range(100, 2101, 100):
        assert node.statuses()["n1"] == "up"
        effects += (*node.handle(kit.heard("n2", plain), ms * MS), *node.handle(Tick(), ms * MS))
    assert len(kit.sent(effects, "reqnodes")) == 1
    assert "nodelist-unanswered" in kit.codes(effects)
    assert node.statuses()["n1"] == "active"


@pytest.mark.usefixtures("classic_stub")
def test_repnodes_ends_the_waiting(kit: Any) -> None:
    node = kit.started()
    node.handle(kit.heard("n2", kit.status("up", ("protocol", "1"))), MS)
    effects = node.handle(kit.heard("n2", Message.of(("t", "repnodes"), ("dest", "n1"))), 2 * MS)
    assert BecameActive() in effects


# --- who steers -------------------------------------------------------------------------------------------


def test_the_dialect_follows_the_peer_and_a_shutdown_goes_on(kit: Any, classic_stub: list[Any]) -> None:
    node = kit.pair("n1")
    assert node.snapshot(MS)["dialect"] == "native"
    node.handle(Command(Verb.SHUTDOWN, request=1), 2 * MS)
    effects = node.handle(kit.heard("n2", kit.status("init", ("protocol", "1")), restarted=True), 3 * MS)
    assert node.snapshot(3 * MS)["dialect"] == "classic"
    assert [call.verb for call in classic_stub] == [Verb.SHUTDOWN]
    assert Exit() in effects


@pytest.mark.usefixtures("classic_stub")
def test_retiring_undoes_what_was_under_way(kit: Any) -> None:
    node = kit.alone()
    desk = node._desk
    node.handle(kit.heard("n2", kit.status()), 2100 * MS)
    node.handle(Command(Verb.STANDBY, request=1), 2101 * MS)
    assert [node.state_of(key) for key in (VIP, WEB)] == [State.GIVING, State.GIVING]
    desk.table.reconfigure(sample_groups(), desk.now)
    effects = node.handle(kit.heard("n2", kit.status("init", ("protocol", "1")), restarted=True), 2102 * MS)
    assert node.state_of(VIP) is State.TAKING
    assert node.state_of(WEB) is State.RELEASING  # its services were still stopping
    assert any(effect.request == 1 and not effect.ok for effect in effects if hasattr(effect, "request"))


@pytest.mark.usefixtures("classic_stub")
def test_retiring_withdraws_claims(kit: Any) -> None:
    node = kit.started()
    node.handle(kit.heard("n2", kit.status("active")), MS)
    node._dialect.timer("look")
    assert node.state_of(VIP) is State.WANTING
    node.handle(kit.heard("n2", kit.status("init", ("protocol", "1")), restarted=True), 2 * MS)
    assert node._dialect.name == "classic"


def test_by_configuration_everybody_is_classic(kit: Any) -> None:
    desk = Desk("n1", sample(dialect=DialectChoice.CLASSIC), 0)
    assert steering.steering(desk) == "classic"
    assert steering.learn_speech(desk, "n2", kit.status())
    assert desk.membership.peers["n2"].speech.value == "classic"


# --- deaths and returns -----------------------------------------------------------------------------------


def test_on_the_death_of_the_only_peer_the_start_comes_first(kit: Any) -> None:
    node = kit.pair("n1")
    kit.drive(node, 1000 * MS)
    effects = node.handle(Tick(), 1001 * MS)
    assert isinstance(effects[0], StartGroup)
    assert isinstance(effects[1], StartGroup)
    assert "peer-dead" in kit.codes(effects)
    assert node.snapshot(1001 * MS)["last_move"]["code"] == "peer-silent"  # type: ignore[index]


def test_late_heartbeats_are_told(kit: Any) -> None:
    node = kit.pair("n1")
    kit.drive(node, 700 * MS)
    assert "late-heartbeat" in kit.codes(node.handle(kit.heard("n2", kit.holding(node)), 700 * MS))


def test_a_peer_that_said_goodbye_is_not_missed(kit: Any) -> None:
    node = kit.pair("n1")
    effects = node.handle(kit.heard("n2", Message.of(("t", "shutdone"), ("st", "dead"))), 2 * MS)
    assert "peer-left" in kit.codes(effects)
    assert effects[:2] == (StartGroup(VIP), StartGroup(WEB))
    effects = node.handle(kit.heard("n2", kit.holding(node, version=9)), 3 * MS)  # a status that was overtaken
    assert node.snapshot(3 * MS)["groups"][0]["holder"] == "n1"  # type: ignore[index]
    kit.drive(node, 900 * MS)
    assert "peer-gone" in kit.codes(kit.drive(node, 1200 * MS))


def test_goodbye_of_a_stranger_is_harmless(kit: Any) -> None:
    node = kit.started()
    node.handle(kit.heard("n2", Message.of(("t", "shutdone"), ("st", "dead"))), MS)
    assert node.handle(kit.heard("stranger", kit.status()), 2 * MS) is not None
    assert node.statuses() == {"n1": "up", "n2": "init"}


def test_overtaken_gossip_is_ignored(kit: Any) -> None:
    node = kit.pair("n2")
    node.handle(kit.heard("n1", kit.holding(node, version=5)), 2 * MS)
    node.handle(kit.heard("n1", kit.holding(node, "i", 0, version=4)), 3 * MS)
    assert node.snapshot(3 * MS)["groups"][0]["holder"] == "n1"  # type: ignore[index]


def test_a_restarted_peer_holds_nothing(kit: Any) -> None:
    node = kit.pair("n2")
    effects = node.handle(kit.heard("n1", kit.status("init", ("sf", "1"), ("sv", "2.1")), restarted=True), 2 * MS)
    assert "peer-restarted" in kit.codes(effects)
    assert node.state_of(VIP) is State.WANTING
    assert kit.sent(effects)


def test_what_is_no_status_of_a_living_node_is_ignored(kit: Any) -> None:
    node = kit.started()
    node.handle(kit.heard("n2", kit.status("dead")), MS)
    node.handle(kit.heard("n2", Message.of(("t", "resource"), ("rsc_hold", "all"))), 2 * MS)
    node.handle(kit.heard("n2", Message.of(("t", "reqnodes"), ("dest", "n9")), for_us=False), 3 * MS)
    assert node.statuses()["n2"] == "init"


@pytest.mark.parametrize("dt", ["", "zz", "-5"])
def test_without_a_sane_dead_time_our_own_counts(kit: Any, dt: str) -> None:
    node = kit.started()
    node.handle(kit.heard("n2", kit.status("active", dt=dt)), MS)
    assert node.snapshot(MS)["peers"][0]["dead_ms"] == 1000  # type: ignore[index]
