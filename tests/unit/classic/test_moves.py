# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planned moves in the classic dialect: without a hole, and what becomes of them when something fails."""

from __future__ import annotations

from typing import Any, Callable

from heartbeat.core.clock import SECOND
from heartbeat.core.events import Verb
from heartbeat.simulator.oracle import Oracle
from heartbeat.simulator.world import shut_down

KEY = "IPaddr::10.0.0.1/24/eth0"  # at home on n5


# --- no hole in planned moves -----------------------------------------------------------------------------


def test_planned_moves_leave_no_hole(tape: Callable[..., Any]) -> None:
    world = tape(groups="two")
    watcher = Oracle(world.configuration.settings)
    world = tape(groups="two", watcher=watcher)
    world.boot("n5")
    world.boot("n6")
    world.run(5)
    watcher.lossless_from = world.now
    world.command("n5", Verb.STANDBY, "all")
    world.run(3)
    assert (world.where(), world.answers()) == ([("n6",), ("n6",)], [(True, "moved to n6")])
    world.command("n5", Verb.TAKEOVER, "local")
    world.run(3)
    assert (world.where(), world.answers()) == ([("n5",), ("n6",)], [(True, "held here")])
    shut_down(world, "n5")
    world.run(6)
    assert world.where() == [("n6",), ("n6",)]
    world.boot("n5")
    world.run(6)
    assert world.where() == [("n5",), ("n6",)]
    assert watcher.holes == {}
    assert watcher.troubles(world) == []
    assert world.machines["n5"].services == {KEY}


def test_only_the_taker_announces(two: Any) -> None:
    announced: list[str] = []
    two._watcher.announced = lambda world, machine, key: announced.append(machine.name)
    two.command("n5", Verb.STANDBY, "local")
    two.run(3)
    assert announced == ["n6"]


def test_the_giver_keeps_its_addresses_until_the_taker_has_them(two: Any) -> None:
    both = False
    two.command("n5", Verb.STANDBY, "local")
    for _ in range(4000):
        two.run(0.00005)
        assert two.where()[0], "nobody has the address"
        both = both or two.where()[0] == ("n5", "n6")
        assert not both or KEY not in two.machines["n5"].services  # its services have stopped by then
    assert both
    assert two.where()[0] == ("n6",)


def test_a_stop_alone_is_quick(two: Any) -> None:
    two.power_off("n6")
    two.run(4)
    shut_down(two, "n5")
    two.run(0.9)
    assert two.machines["n5"].node is None
    assert two.where() == [(), ()]


def test_a_stop_with_a_silent_peer_ends(two: Any) -> None:
    two.cut()
    shut_down(two, "n5")
    two.run(2.5)
    assert two.machines["n5"].node is None
    assert "n5" not in two.where()[0]
    assert "shutdone dead" in two.texts("n5")


def test_both_stop_at_once(two: Any) -> None:
    shut_down(two, "n5")
    shut_down(two, "n6")
    two.run(4)
    assert [machine.node for machine in two.machines.values()] == [None, None]
    assert two.where() == [(), ()]


def test_a_stop_waits_for_a_hand_over(two: Any) -> None:
    two.machines["n6"].script(KEY).extra_ns = SECOND
    two.command("n5", Verb.STANDBY, "local")
    two.run(0.001)
    shut_down(two, "n5")
    two.run(5)
    words = two.texts("n5")
    assert words.index("ask_resources local done") < words.index("resource none 0 shutdown")
    assert two.where() == [("n6",), ("n6",)]


def test_a_stop_before_anything_has_started(tape: Callable[..., Any]) -> None:
    world = tape(groups="two")
    world.boot("n5")
    world.run(0.5)
    shut_down(world, "n5")
    world.run(2)
    assert world.machines["n5"].node is None
    assert world.texts("n5") == ["status init", "status up", "shutdone dead"]


# --- failures ---------------------------------------------------------------------------------------------


def test_what_would_not_stop_is_never_given_away(two: Any) -> None:
    two.machines["n5"].script(KEY).stop_fails = True
    two.command("n5", Verb.STANDBY, "all")
    two.run(5)
    assert two.where()[0] == ("n5",)
    assert two.answers() == [(False, f"would not stop: {KEY}")]
    assert "ask_resources all done" not in two.texts("n5")


def test_a_stop_that_fails_says_no_goodbye(two: Any) -> None:
    two.machines["n5"].script(KEY).stop_fails = True
    shut_down(two, "n5")
    two.run(3)
    assert "shutdone dead" not in two.texts("n5")
    assert two.answers()[0][0] is False


def test_what_would_not_start_goes_to_the_other_node(tape: Callable[..., Any]) -> None:
    world = tape(groups="two")
    world.machines["n5"].script(KEY).start_fails = True
    world.boot("n5")
    world.boot("n6")
    world.run(8)
    assert world.where() == [("n6",), ("n6",)]


def test_the_other_node_dies_in_the_middle_of_a_hand_over(two: Any) -> None:
    two.machines["n5"].script(KEY).extra_ns = SECOND
    two.command("n5", Verb.STANDBY, "local")
    two.run(0.5)
    two.power_off("n6")
    two.run(6)
    assert two.where() == [("n5",), ("n5",)]
    assert two.answers() == [(False, "n6 died")]
    assert two.machines["n5"].services == {KEY}


def test_nobody_answers_an_offer(two: Any) -> None:
    """A C daemon whose queue is stuck: heartbeats come, answers do not."""
    two.machines["n6"].node._dialect._nice.standby.heard = lambda peer, message: None
    two.command("n5", Verb.STANDBY, "local")
    two.run(12)
    assert two.answers() == [(False, "n6 does not answer")]
    assert two.where() == [("n5",), ("n6",)]


# --- operators --------------------------------------------------------------------------------------------


def test_single_groups(two: Any) -> None:
    two.command("n5", Verb.STANDBY, "group", KEY)
    two.run(3)
    assert (two.where(), two.answers()[0][0]) == ([("n6",), ("n6",)], True)
    two.command("n5", Verb.TAKEOVER, "group", "IPaddr::1.1.1.1")
    assert two.answers() == [(False, "there is no group IPaddr::1.1.1.1")]


def test_a_single_group_out_of_a_class_cannot_be_moved(tape: Callable[..., Any]) -> None:
    world = tape(groups="three")
    world.boot("n5")
    world.boot("n6")
    world.run(5)
    world.command("n5", Verb.STANDBY, "group", KEY)
    assert world.answers()[0][0] is False
    assert "classes" in world.answers()[0][1]


def test_refusals(two: Any) -> None:
    two.command("n5", Verb.STANDBY, "some")
    assert two.answers() == [(False, "unknown scope some")]
    two.command("n5", Verb.STANDBY, "all")
    two.command("n5", Verb.STANDBY, "all")
    assert two.answers() == [(False, "another hand-over is under way")]
    two.run(3)
    two.power_off("n6")
    two.run(4)
    two.command("n5", Verb.TAKEOVER, "all")
    assert two.answers() == [(False, "no other node is alive")]


def test_takeover_failback_brings_the_own_groups_only(two: Any) -> None:
    two.command("n6", Verb.TAKEOVER, "all")
    two.run(3)
    assert two.where() == [("n6",), ("n6",)]
    two.command("n5", Verb.TAKEOVER, "failback")
    two.run(3)
    assert two.where() == [("n5",), ("n6",)]


def test_reports(two: Any) -> None:
    told = two.told("n5")
    assert (told["dialect"], told["rscstatus"]) == ("classic", "local")
    assert [entry["holder"] for entry in told["groups"]] == ["n5", "n6"]
    assert told["classic"] == {"phase": "stable", "mine": "local", "theirs": "local", "other_stable": True}
    two.power_off("n6")
    two.run(4)
    assert two.told("n5")["rscstatus"] == "all"
