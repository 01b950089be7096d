# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directed scenarios, one per fault that has a name. Start, stop, crash, return.

keepalive 200 ms, deadtime 1000 ms, initdead 2000 ms unless said otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from heartbeat.core.clock import MS
from heartbeat.core.events import Verb
from heartbeat.settings.model import Failback

Build = Callable[..., Any]
ON, OFF = Failback.ON, Failback.OFF


# --- start ---------------------------------------------------------------------------------------------


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


# --- stop, crash, return -------------------------------------------------------------------------------


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
