# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directed scenarios, one per fault that has a name.

keepalive 200 ms, deadtime 1000 ms, initdead 2000 ms unless said otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from heartbeat.core.clock import MS, SECOND
from heartbeat.core.events import CarrierChanged, GroupReport, Stage, Verb
from heartbeat.settings.model import Address, Failback, Group, Service
from heartbeat.simulator.samples import sample, sample_groups

Build = Callable[..., Any]
ON, OFF = Failback.ON, Failback.OFF


# --- start ------------------------------------------------------------------------------------------------


def test_simultaneous_cold_start(cluster: Build, vip: str, web: str) -> None:
    c = cluster()
    for node in ("n1", "n2"):
        c.world.boot(node)
    c.run(600)  # three keepalives, no 10 s wait
    assert c.holders(vip) == ("n1",)
    assert c.holders(web) == ("n2",)
    assert c.moves(vip) == ["n1"]


@pytest.mark.parametrize("failback", [ON, OFF])
def test_the_preferred_node_gets_its_group_even_when_it_starts_last(cluster: Build, vip: str, failback: Any) -> None:
    c = cluster(failback=failback)
    c.world.boot("n2")
    c.run(1000)
    c.world.boot("n1")
    c.run(5000)
    assert c.holders(vip) == ("n1",)


def test_lone_start_waits_for_initdead(cluster: Build, vip: str) -> None:
    c = cluster()
    c.world.boot("n2")
    c.run(1990)
    assert c.holders(vip) == ()
    assert c.snapshot("n2")["state"] == "up"
    c.run(20)
    assert c.holders(vip) == ("n2",)
    assert c.snapshot("n2")["rscstatus"] == "transition"  # the service is still starting
    c.run(1000)
    assert c.snapshot("n2")["rscstatus"] == "all"


@pytest.mark.parametrize(("failback", "holder"), [(ON, "n1"), (OFF, "n2")])
def test_start_while_the_peer_holds(cluster: Build, vip: str, failback: Any, holder: str) -> None:
    c = cluster(failback=failback).up("n2")
    c.watch_for_holes().up("n1")
    assert c.holders(vip) == (holder,)
    assert c.holes() == 0


def test_both_start_with_leftovers(cluster: Build, vip: str) -> None:
    c = cluster()
    for name in ("n1", "n2"):
        c.world.machines[name].addresses.add(vip)
    c.up()
    assert c.holders(vip) == ("n1",)


# --- stop, crash, return ----------------------------------------------------------------------------------


@pytest.mark.parametrize("failback", [ON, OFF])
def test_clean_stop_loses_nothing(cluster: Build, vip: str, failback: Any) -> None:
    c = cluster(failback=failback).up().watch_for_holes()
    asked = c.ask("n1", Verb.SHUTDOWN)
    c.run(5)  # a round trip, not a dead time
    assert c.holders(vip) == ("n2",)
    assert c.holes() == 0
    assert [answer.ok for answer in asked.answers] == [True]
    assert c.world.machines["n1"].node is None


def test_a_lone_stop_ends_at_once(cluster: Build, vip: str) -> None:
    c = cluster().up("n1")
    asked = c.ask("n1", Verb.SHUTDOWN)
    c.run(300)
    assert c.world.machines["n1"].node is None
    assert c.holders(vip) == ()
    assert asked.answers


def test_a_stop_whose_peer_is_out_of_reach_ends_within_a_second(cluster: Build, vip: str) -> None:
    c = cluster(keepalive_ms=2000, deadtime_ms=30000, initdead_ms=30000).up()
    c.do("isolate", "n1")
    asked = c.ask("n1", Verb.SHUTDOWN)
    c.run(1000)
    assert c.world.machines["n1"].node is None
    assert vip not in c.world.machines["n1"].addresses
    assert asked.answers


def test_a_second_shutdown_is_harmless(cluster: Build, web: str) -> None:
    c = cluster().up()
    first, second = c.ask("n2", Verb.SHUTDOWN), c.ask("n2", Verb.SHUTDOWN)
    c.run(2000)
    assert [len(asked.answers) for asked in (first, second)] == [1, 1]
    assert c.holders(web) == ("n1",)


def test_a_stop_during_the_start_ends(cluster: Build, vip: str) -> None:
    c = cluster()
    c.world.boot("n1")
    c.run(500)
    asked = c.ask("n1", Verb.SHUTDOWN)
    c.run(300)
    assert c.world.machines["n1"].node is None
    assert asked.answers[0].ok
    assert c.holders(vip) == ()


def test_a_stop_while_services_start_hands_over(cluster: Build, web: str) -> None:
    c = cluster()
    c.do("scripts-slow", "n2", value=3000, word=web)
    c.up("n1", "n2").ask("n1", Verb.SHUTDOWN)
    c.run(100)
    assert c.world.machines["n1"].node is None
    c.do("boot", "n1").run(2000)
    c.do("kill", "n2").do("power-off", "n2").run(1200)
    c.do("boot", "n2").run(100)
    assert c.holders(web) == ("n1",)


def test_both_stop_at_once(cluster: Build, vip: str, web: str) -> None:
    c = cluster().up()
    for name in ("n1", "n2"):
        c.ask(name, Verb.SHUTDOWN)
    c.run(5000)
    assert [machine.node for machine in c.world.machines.values()] == [None, None]
    assert c.holders(vip) == c.holders(web) == ()


def test_crash_costs_the_dead_time(cluster: Build, vip: str) -> None:
    c = cluster().up().watch_for_holes().do("power-off", "n1").run(3000)
    assert c.holders(vip) == ("n2",)
    # the last status was at most a keepalive old, the address comes up within a ms
    assert 800 * MS <= c.holes() <= 1002 * MS
    move = c.snapshot("n2")["last_move"]
    assert (move["from"], move["to"], move["code"]) == ("n1", "n2", "peer-silent")
    assert "fell silent" in move["why"]


@pytest.mark.parametrize(("failback", "holder"), [(ON, "n1"), (OFF, "n2")])
def test_the_crashed_node_returns(cluster: Build, vip: str, failback: Any, holder: str) -> None:
    c = cluster(failback=failback).up().do("power-off", "n1").run(5000)
    c.watch_for_holes().up("n1")
    assert c.holders(vip) == (holder,)
    assert c.holes() == 0


def test_kill_9_and_a_quick_restart_keep_the_address(cluster: Build, vip: str) -> None:
    c = cluster().up().watch_for_holes().do("kill", "n1").run(300)
    c.world.boot("n1")
    c.run(1000)
    assert c.holders(vip) == ("n1",)
    assert c.holes() == 0
    assert c.moves(vip) == ["n1"]


def test_kill_9_and_a_late_restart_sweep_the_address(cluster: Build, vip: str) -> None:
    c = cluster(failback=OFF).up().do("kill", "n1").run(3000)
    assert c.holders(vip) == ("n1", "n2")  # nothing runs on n1 that could remove it
    c.world.boot("n1")
    c.run(1000)
    assert c.holders(vip) == ("n2",)


def test_kill_9_of_a_lone_node_adopts_within_a_second(cluster: Build, vip: str) -> None:
    c = cluster(initdead_ms=60_000)
    c.world.machines["n1"].addresses.add(vip)
    c.world.boot("n1")
    c.run(1001)
    assert c.snapshot("n1")["state"] == "up"
    assert c.snapshot("n1")["groups"][0]["state"] == "held"


# --- network ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failback", [ON, OFF])
@pytest.mark.parametrize("seed", range(5))
def test_split_and_heal(cluster: Build, vip: str, failback: Any, seed: int) -> None:
    c = cluster(failback=failback, seed=seed).up().do("isolate", "n1").run(5000)
    assert c.holders(vip) == ("n1", "n2")  # what two nodes without an arbiter cannot avoid
    c.watch_for_holes().do("heal").do("delay", value=50).run(600)  # three keepalives
    assert len(c.holders(vip)) == 1
    c.run(20_000)
    assert c.holders(vip) == ("n1" if failback is ON else "n2",)
    assert c.holes() == 0


def test_the_winner_of_a_split_announces_again(cluster: Build, vip: str) -> None:
    c = cluster(failback=OFF).up().do("isolate", "n1").run(5000)
    c.world.lines.clear()
    c.do("heal").run(600)
    texts = [line.text for line in c.world.lines if line.machine == "n2" and vip in line.text]
    assert texts[0] == f"{vip}: also held by n1; our claim goes first, announcing it again"
    assert texts[-1] == f"{vip}: n1 has released it, announcing it again"


def test_a_silent_release_is_announced_too(cluster: Build, vip: str) -> None:
    """The loser was killed and swept while nobody could hear it."""
    c = cluster(failback=OFF).up().do("isolate", "n1").run(3000)
    c.ask("n1", Verb.SHUTDOWN)
    c.run(1000)
    c.world.boot("n1")
    c.run(1500).world.lines.clear()
    c.do("heal").run(600)
    assert any(vip in line.text and "announcing" in line.text for line in c.world.lines if line.machine == "n2")


def test_one_way_cut_away_from_the_holder(cluster: Build, vip: str) -> None:
    c = cluster(failback=OFF).up().do("cut", "n1", "n2").run(5000)
    assert c.holders(vip) == ("n2",)  # it does not hear n1, so n1, which hears it, yields
    c.do("heal").run(5000)
    assert c.holders(vip) == ("n2",)
    assert c.moves(vip) == ["n1", "n2"]


def test_one_way_cut_towards_the_holder(cluster: Build, vip: str) -> None:
    c = cluster(failback=OFF).up().watch_for_holes().do("cut", "n2", "n1").run(5000)
    assert c.holders(vip) == ("n1",)
    assert c.holes() == 0
    assert c.moves(vip) == ["n1"]


def test_an_outage_shorter_than_the_dead_time_changes_nothing(cluster: Build, vip: str) -> None:
    c = cluster().up().do("isolate", "n1").run(700).do("heal").run(5000)
    assert c.moves(vip) == ["n1"]


def test_a_flapping_node_gets_its_group_back_ever_more_slowly(cluster: Build, vip: str) -> None:
    c = cluster(failback=ON).up()
    for _ in range(20):
        c.do("power-off", "n1").run(3000).do("boot", "n1").run(3000)
    assert c.moves(vip) == ["n1", "n2", "n1", "n2", "n1", "n2"]
    c.run(300_000)
    assert c.holders(vip) == ("n1",)


def test_a_flapping_network_moves_a_group_once_per_split(cluster: Build, vip: str) -> None:
    """A split of two nodes without an arbiter always makes the other end take; failback must not add to that."""
    c = cluster(failback=ON).up()
    for _ in range(30):
        c.do("isolate", "n1").run(3000).do("heal").run(3000)
    assert len(c.moves(vip)) <= 30 + 3
    assert len(c.holders(vip)) == 1


@pytest.mark.parametrize("percent", [10, 30])
def test_loss_within_the_budget_moves_nothing(cluster: Build, vip: str, percent: int) -> None:
    losses = {10: 8, 30: 13}[percent]
    c = cluster(keepalive_ms=100, deadtime_ms=100 * losses, initdead_ms=3000).up()
    c.do("loss", value=percent).run(120_000)
    assert c.moves(vip) == ["n1"]


def test_duplicates_and_reordering_change_nothing(cluster: Build, vip: str) -> None:
    c = cluster().up().do("duplicates", value=50).do("delay", value=450).run(30_000)
    assert c.moves(vip) == ["n1"]


# --- pauses -----------------------------------------------------------------------------------------------


def test_a_frozen_standby_moves_nothing(cluster: Build, vip: str) -> None:
    c = cluster(groups=(sample_groups()[0],)).up()
    for _ in range(20):
        c.do("freeze", "n2", value=2000).run(4000)
    assert c.moves(vip) == ["n1"]


def test_a_frozen_holder_yields_when_it_wakes(cluster: Build, vip: str) -> None:
    c = cluster(failback=OFF).up().do("freeze", "n1", value=3000).run(2999)
    assert c.holders(vip) == ("n1", "n2")  # its kernel keeps the address; nothing in the process can help that
    c.run(51)
    assert c.holders(vip) == ("n2",)
    assert c.moves(vip) == ["n1", "n2"]  # it never announced again


def test_a_lone_frozen_holder_announces_again_after_a_silence(cluster: Build, vip: str) -> None:
    c = cluster().up("n1").do("freeze", "n1", value=3000).run(3000)
    c.oracle.moves.clear()
    c.run(399)
    assert c.moves(vip) == []
    c.run(2)
    assert c.moves(vip) == ["n1"]


def test_both_frozen_change_nothing(cluster: Build, vip: str) -> None:
    c = cluster().up().do("freeze", "n1", value=5000).do("freeze", "n2", value=5000).run(15_000)
    assert c.moves(vip) == ["n1"]


# --- operators --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failback", [ON, OFF])
def test_standby_stays_until_takeover(cluster: Build, vip: str, web: str, failback: Any) -> None:
    c = cluster(failback=failback).up().watch_for_holes()
    asked = c.ask("n1", Verb.STANDBY)
    c.run(20_000)
    assert [(answer.ok, answer.text) for answer in asked.answers] == [(True, f"{vip}: moved to n2")]
    assert c.holders(vip) == c.holders(web) == ("n2",)
    back = c.ask("n1", Verb.TAKEOVER, "local")
    c.run(3000)
    assert [answer.ok for answer in back.answers] == [True]
    assert c.holders(vip) == ("n1",)
    assert c.holes(vip) == c.holes(web) == 0


def test_a_takeover_is_not_failed_back(cluster: Build, vip: str) -> None:
    c = cluster(failback=ON).up()
    asked = c.ask("n2", Verb.TAKEOVER, "group", vip)
    c.run(20_000)
    assert asked.answers[0].ok
    assert c.holders(vip) == ("n2",)


def test_standby_ends_when_the_holder_dies(cluster: Build, vip: str) -> None:
    c = cluster(failback=OFF).up()
    c.ask("n1", Verb.STANDBY)
    c.run(2000).do("power-off", "n2").run(2000)
    assert c.holders(vip) == ("n1",)


def test_standby_without_a_peer_is_refused(cluster: Build, vip: str) -> None:
    c = cluster().up("n1")
    asked = c.ask("n1", Verb.STANDBY)
    assert not asked.answers[0].ok
    assert "no peer" in asked.answers[0].text
    c.run(2000)
    assert c.holders(vip) == ("n1",)


def test_commands_before_the_start_is_over_are_refused(cluster: Build) -> None:
    c = cluster()
    c.world.boot("n1")
    assert not c.ask("n1", Verb.STANDBY).answers[0].ok
    assert not c.ask("n1", Verb.TAKEOVER).answers[0].ok


def test_a_scope_nobody_knows_is_refused(cluster: Build) -> None:
    c = cluster().up()
    for scope, key in (("everything", None), ("group", "10.9.9.9"), ("group", None)):
        asked = c.ask("n1", Verb.STANDBY, scope, key)
        assert [answer.ok for answer in asked.answers] == [False]


def test_standby_and_takeover_in_a_race(cluster: Build, vip: str) -> None:
    c = cluster(failback=OFF).up().watch_for_holes()
    first, second = c.ask("n1", Verb.STANDBY, "local"), c.ask("n2", Verb.TAKEOVER, "foreign")
    c.run(3000)
    assert first.answers[0].ok
    assert second.answers[0].ok
    assert c.holders(vip) == ("n2",)
    assert c.holes() == 0


def test_standby_of_both_at_once_ends_with_one_holder(cluster: Build, vip: str, web: str) -> None:
    c = cluster().up()
    asked = [c.ask(name, Verb.STANDBY) for name in ("n1", "n2")]
    c.run(5000)
    assert all(len(each.answers) == 1 for each in asked)
    assert len(c.holders(vip)) == len(c.holders(web)) == 1


def test_the_target_dies_during_the_move(cluster: Build, web: str) -> None:
    c = cluster().up()
    c.do("scripts-slow", "n2", value=500, word=web)
    asked = c.ask("n2", Verb.STANDBY, "local")
    c.run(100).do("power-off", "n1").run(5000)
    assert c.holders(web) == ("n2",)
    assert [answer.ok for answer in asked.answers] == [False]
    assert web in c.world.machines["n2"].services


def test_a_takeover_of_what_is_just_being_given_brings_it_back(cluster: Build, web: str) -> None:
    c = cluster(failback=OFF).up().watch_for_holes()
    c.do("scripts-slow", "n2", value=500, word=web)
    away = c.ask("n2", Verb.STANDBY, "local")
    back = c.run(100).ask("n2", Verb.TAKEOVER, "local")
    c.run(10_000)
    assert [answer.ok for answer in away.answers] == [False]
    assert [answer.ok for answer in back.answers] == [True]
    assert c.holders(web) == ("n2",)
    assert c.holes(web) == 0


def test_what_would_not_stop_can_only_be_taken_where_it_is(cluster: Build, web: str) -> None:
    c = cluster(failback=OFF).up()
    c.do("stop-fails", "n2", word=web)
    c.ask("n2", Verb.STANDBY, "local")
    c.run(500)
    assert c.snapshot("n2")["groups"][1]["state"] == "failed"
    assert not c.ask("n2", Verb.STANDBY, "local").answers[0].ok
    back = c.ask("n2", Verb.TAKEOVER, "local")
    c.run(1000)
    assert [answer.ok for answer in back.answers] == [True]


def test_an_answer_never_stays_open_for_ever(cluster: Build, web: str) -> None:
    c = cluster(failback=OFF).up()
    c.do("scripts-slow", "n1", value=200_000, word=web)
    asked = c.ask("n2", Verb.STANDBY, "local")
    c.run(121_000)
    assert [(answer.ok, answer.text) for answer in asked.answers] == [(False, f"{web}: not finished yet")]
    stuck = c.ask("n1", Verb.TAKEOVER, "foreign")
    c.run(1000)
    assert len(stuck.answers) == 0
    c.run(120_000)
    assert len(stuck.answers) == 1


def test_a_holder_that_does_not_hear_us_does_not_give(cluster: Build, vip: str) -> None:
    c = cluster(failback=OFF, deadtime_ms=8000, initdead_ms=8000).up().do("cut", "n2", "n1")
    asked = c.ask("n2", Verb.TAKEOVER, "group", vip)
    c.run(17_000)
    assert [answer.ok for answer in asked.answers] == [False]


# --- scripts ----------------------------------------------------------------------------------------------


def test_a_failing_start_moves_to_the_peer(cluster: Build, web: str) -> None:
    c = cluster()
    c.do("start-fails", "n2", word=web).up()
    assert c.holders(web) == ("n1",)
    c.run(60_000)
    assert c.moves(web) == ["n2", "n1"]  # no failback to a node that could not start it


def test_a_failing_start_after_a_move_comes_back(cluster: Build, web: str) -> None:
    c = cluster(failback=OFF).up()
    c.do("start-fails", "n1", word=web)
    asked = c.ask("n2", Verb.STANDBY, "local")
    c.run(5000)
    assert c.holders(web) == ("n2",)
    assert [answer.ok for answer in asked.answers] == [False]


def test_a_start_that_fails_everywhere_is_tried_again(cluster: Build, web: str) -> None:
    c = cluster()
    for name in ("n1", "n2"):
        c.do("start-fails", name, word=web)
    c.up()
    assert c.holders(web) == ()
    for name in ("n1", "n2"):
        c.do("scripts-work", name, word=web)
    c.run(35_000)
    assert len(c.holders(web)) == 1


def test_a_takeover_forgives_a_failed_start(cluster: Build, web: str) -> None:
    c = cluster()
    c.do("start-fails", "n2", word=web).up()
    failed = c.ask("n2", Verb.TAKEOVER, "local")
    c.run(3000)
    assert [answer.ok for answer in failed.answers] == [False]
    c.do("scripts-work", "n2", word=web)
    asked = c.ask("n2", Verb.TAKEOVER, "local")
    c.run(3000)
    assert [answer.ok for answer in asked.answers] == [True]
    assert c.holders(web) == ("n2",)


def test_a_failing_stop_is_never_given_away(cluster: Build, web: str) -> None:
    c = cluster().up()
    c.do("stop-fails", "n2", word=web)
    asked = c.ask("n2", Verb.STANDBY, "local")
    c.run(60_000)
    assert [answer.ok for answer in asked.answers] == [False]
    assert c.holders(web) == ("n2",)
    assert c.moves(web)[-1] == "n2"


def test_a_failing_stop_refuses_the_takeover_of_a_peer(cluster: Build, web: str) -> None:
    c = cluster().up()
    c.do("stop-fails", "n2", word=web)
    asked = c.ask("n1", Verb.TAKEOVER, "foreign")
    c.run(30_000)
    assert [answer.ok for answer in asked.answers] == [False]
    assert c.holders(web) == ("n2",)


def test_a_shutdown_with_a_failing_stop_does_not_say_goodbye(cluster: Build, vip: str, web: str) -> None:
    c = cluster().up()
    c.do("stop-fails", "n2", word=web)
    asked = c.ask("n2", Verb.SHUTDOWN)
    c.run(900)
    assert c.world.machines["n2"].node is None
    assert not asked.answers[0].ok
    assert c.snapshot("n1")["peers"][0]["state"] == "active"  # it must not trust a goodbye
    assert "released everything" not in str([line.text for line in c.world.lines])


def test_a_slow_service_does_not_delay_the_address(cluster: Build, web: str) -> None:
    c = cluster().up()
    c.do("scripts-slow", "n1", value=30_000, word=web).watch_for_holes().do("power-off", "n2").run(1100)
    assert c.holders(web) == ("n1",)
    assert c.holes(web) <= 1002 * MS


# --- ping nodes, carrier, stray hands ---------------------------------------------------------------------


@pytest.mark.parametrize(("failback", "end"), [(ON, "n1"), (OFF, "n2")])
def test_a_ping_node_lost_on_the_holder(cluster: Build, vip: str, failback: Any, end: str) -> None:
    c = cluster(failback=failback, pings=("gateway",)).up().watch_for_holes()
    c.do("ping-lost", "n1", word="gateway").run(1000 + 400 + 50)
    assert c.holders(vip) == ("n2",)
    c.do("ping-back", "n1", word="gateway").run(5000)
    assert c.holders(vip) == (end,)
    assert c.holes() == 0


def test_a_ping_node_lost_on_the_standby_or_on_both_moves_nothing(cluster: Build, vip: str) -> None:
    c = cluster(pings=("gateway",), groups=(sample_groups()[0],)).up()
    c.do("ping-lost", "n2", word="gateway").run(5000)
    c.do("ping-lost", "n1", word="gateway").run(5000)
    assert c.moves(vip) == ["n1"]


def test_pings_without_ipfail_move_nothing(cluster: Build, vip: str) -> None:
    c = cluster(pings=("gateway",))
    for machine in c.world.machines.values():
        settings = replace(machine.configuration.settings, ipfail=False)
        machine.configuration = replace(machine.configuration, settings=settings)
    c.up().do("ping-lost", "n1", word="gateway").run(5000)
    assert c.moves(vip) == ["n1"]


def test_a_lost_carrier_gives_at_once(cluster: Build, vip: str) -> None:
    c = cluster(failback=ON).up()
    n1 = c.world.machines["n1"]
    c.world.deliver(n1, CarrierChanged("eth0", False))
    c.world.deliver(n1, CarrierChanged("eth0", False))
    c.run(20)
    assert c.holders(vip) == ("n2",)
    c.world.deliver(n1, CarrierChanged("eth0", True))
    c.run(3000)
    assert c.holders(vip) == ("n1",)


def test_carrier_lost_everywhere_moves_nothing(cluster: Build, vip: str) -> None:
    c = cluster().up()
    for name in ("n2", "n1"):
        c.world.deliver(c.world.machines[name], CarrierChanged("eth0", False))
        c.run(5000)
    assert c.moves(vip) == ["n1"]


def test_a_removed_address_is_put_back(cluster: Build, vip: str) -> None:
    c = cluster().up()
    n1 = c.world.machines["n1"]
    for _ in range(2):
        n1.addresses.discard(vip)
        c.world.deliver(n1, GroupReport(vip, Stage.ADDRESS_LOST, "by hand"))
        c.run(50)
        assert c.holders(vip) == ("n1",)
    n1.addresses.discard(vip)
    c.world.deliver(n1, GroupReport(vip, Stage.ADDRESS_LOST, "by hand"))
    c.run(500)
    assert c.holders(vip) == ("n2",)  # three times within a minute: this is no place for it


# --- three nodes ------------------------------------------------------------------------------------------


def test_three_nodes_have_one_successor(cluster: Build, vip: str) -> None:
    c = cluster(3).up().watch_for_holes().do("power-off", "n1").run(3000)
    assert c.holders(vip) == ("n2",)
    assert c.moves(vip) == ["n1", "n2"]
    assert c.holes() <= 1010 * MS  # one round trip more than with two nodes


def test_three_nodes_lose_two(cluster: Build, vip: str) -> None:
    c = cluster(3).up().do("power-off", "n1").do("power-off", "n2").run(3000)
    assert c.holders(vip) == ("n3",)


def test_partial_connectivity_among_three_ends_with_a_holder(cluster: Build, vip: str) -> None:
    c = cluster(3, failback=OFF).up().do("cut", "n1", "n3").do("cut", "n1", "n2").run(10_000)
    assert 1 <= len(c.holders(vip)) <= 2
    c.do("heal").run(5000)
    assert len(c.holders(vip)) == 1


# --- reload -----------------------------------------------------------------------------------------------


def extra(key: str = "10.0.0.7") -> Group:
    return Group(key, "n1", (Address(key, 24, "eth0", text=key),))


def test_reload_moves_nothing_that_stays(cluster: Build, vip: str, web: str) -> None:
    c = cluster().up().watch_for_holes()
    changed = sample(groups=(*sample_groups(), extra()))
    for name in ("n2", "n1"):
        c.world.reload(name, changed)
    c.world.configuration = changed
    c.run(3000)
    assert c.holders("10.0.0.7") == ("n1",)
    for name in ("n1", "n2"):
        c.world.reload(name, sample())
    c.run(3000)
    assert c.holders("10.0.0.7") == ()
    assert (c.moves(vip), c.moves(web)) == (["n1"], ["n2"])
    assert c.holes(vip) == c.holes(web) == 0


def test_reload_starts_what_a_group_has_gained(cluster: Build, vip: str) -> None:
    c = cluster().up().watch_for_holes()
    richer = replace(sample_groups()[0], resources=(*sample_groups()[0].resources, Service("squid", text="squid")))
    for name in ("n1", "n2"):
        c.world.reload(name, sample(groups=(richer, sample_groups()[1])))
    c.run(1000)
    assert vip in c.world.machines["n1"].services
    assert c.holes() == 0


def test_reload_ends_what_operators_wait_for_in_vanished_groups(cluster: Build, web: str) -> None:
    c = cluster().up()
    c.do("scripts-slow", "n2", value=3000, word=web)
    asked = c.ask("n2", Verb.STANDBY, "local")
    c.run(100)
    for name in ("n1", "n2"):
        c.world.reload(name, sample(groups=(sample_groups()[0],)))
    c.run(10_000)
    assert [answer.ok for answer in asked.answers] == [False]
    assert c.holders(web) == ()


def test_reload_can_add_a_node(cluster: Build, vip: str) -> None:
    c = cluster(3)
    two, three = sample(2), sample(3)
    for name in ("n1", "n2"):
        c.world.machines[name].configuration = two
    c.up("n1", "n2")
    for name in ("n1", "n2"):
        c.world.reload(name, three)
    c.up("n3").do("power-off", "n1").do("power-off", "n2").run(3 * 1000)
    assert c.holders(vip) == ("n3",)
    assert c.world.now > 20 * SECOND
