# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directed scenarios, one per fault that has a name. Operators, scripts, reloads.

keepalive 200 ms, deadtime 1000 ms, initdead 2000 ms unless said otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from heartbeat.core.clock import MS, SECOND
from heartbeat.core.events import Verb
from heartbeat.settings.model import Address, Failback, Group, Service
from heartbeat.simulator.samples import sample, sample_groups

Build = Callable[..., Any]
ON, OFF = Failback.ON, Failback.OFF


# --- operators -----------------------------------------------------------------------------------------


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


# --- scripts -------------------------------------------------------------------------------------------


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


# --- reload --------------------------------------------------------------------------------------------


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
