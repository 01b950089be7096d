# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classic dialect where no recording speaks: leftovers, pauses, partitions, ipfail, legacy, changing software."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Callable

import pytest

from heartbeat.core.classic import messages
from heartbeat.core.classic.holdings import Holding
from heartbeat.core.events import Verb
from heartbeat.core.membership import PING
from heartbeat.settings.model import DialectChoice, Failback, PingNode
from heartbeat.simulator.oracle import Oracle
from heartbeat.simulator.world import shut_down
from heartbeat.wire.message import Message

KEY = "IPaddr::10.0.0.1/24/eth0"  # at home on n5


# --- leftovers, pauses, partitions ------------------------------------------------------------------------


def test_a_killed_daemon_adopts_its_addresses_again(two: Any) -> None:
    two.kill("n5")
    two.run(0.3)
    two.boot("n5")
    two.run(3)
    assert two.where() == [("n5",), ("n6",)]


def test_leftovers_that_the_other_node_has_taken_are_swept(tape: Callable[..., Any]) -> None:
    world = tape(groups="two", auto_failback=Failback.OFF)
    world.boot("n5")
    world.boot("n6")
    world.run(5)
    world.kill("n5")
    world.run(4)
    assert world.where()[0] == ("n5", "n6")
    world.boot("n5")
    world.run(1)
    assert world.where() == [("n6",), ("n6",)]


def test_a_woken_node_listens_before_it_speaks(two: Any) -> None:
    two.freeze("n5")
    two.run(5)
    assert two.where() == [("n5", "n6"), ("n6",)]
    since = two.seconds()
    two.thaw("n5")
    two.run(0.3)
    assert [m for at, name, m in two.messages if name == "n5" and at >= since and not m.kind.startswith("NS_")] == []
    two.run(5)
    assert two.where() == [("n5",), ("n6",)]


def test_a_woken_node_does_not_take_on_old_news(two: Any) -> None:
    """While n6 sleeps, n5 says goodbye, starts again and takes everything; the goodbye is still in n6's queue."""
    two.freeze("n6")
    shut_down(two, "n5")
    two.run(4)
    two.boot("n5")
    two.run(8)
    announced: list[tuple[str, str]] = []
    two._watcher.announced = lambda world, machine, key: announced.append((machine.name, key))
    two.thaw("n6")
    two.run(5)
    assert ("n6", KEY) not in announced
    assert [line.text for line in two.lines if line.machine == "n6" and f"{KEY}: taken" in line.text] == []
    assert two.where() == [("n5",), ("n6",)]


@pytest.mark.parametrize("failback", [Failback.ON, Failback.OFF])
def test_a_healed_partition_costs_no_outage(tape: Callable[..., Any], failback: Failback) -> None:
    world = tape(groups="two", auto_failback=failback)
    watcher = Oracle(world.configuration.settings)
    world = tape(groups="two", watcher=watcher, auto_failback=failback)
    world.boot("n5")
    world.boot("n6")
    world.run(5)
    watcher.lossless_from = world.now
    world.cut()
    world.run(8)
    world.network.cut.clear()
    world.run(3)
    assert world.where() == [("n5",), ("n6",)]
    assert watcher.holes == {}


def test_old_news_does_not_override_new(two: Any) -> None:
    """A report that was lost and comes again after a newer one."""
    node = two.machines["n5"].node
    manner, ledger = node._dialect._nice, node._dialect._ledger

    def report(holding: Holding, stable: bool, seq: str) -> Message:
        return Message.of(*messages.resource(holding, stable=stable), ("seq", seq))

    manner.peer_reports("n6", report(Holding.LOCAL, True, "fff"))
    manner.peer_reports("n6", report(Holding.NONE, False, "ffe"))
    assert (ledger.theirs, ledger.other_stable) == (Holding.LOCAL, True)
    manner.peer_reports("n6", report(Holding.NONE, False, "1000"))
    assert (ledger.theirs, ledger.other_stable) == (Holding.NONE, False)


# --- ipfail -----------------------------------------------------------------------------------------------


PINGS = (PingNode("10.0.0.254", ("10.0.0.254",), "ping"),)


@pytest.fixture
def pinging(tape: Callable[..., Any]) -> Any:
    world = tape(groups="two", pings=PINGS, ipfail=True, deadping_ms=1000, auto_failback=Failback.OFF)
    world.boot("n5")
    world.boot("n6")
    world.run(6)
    assert world.where() == [("n5",), ("n6",)]
    assert world.machines["n5"].node.statuses()["10.0.0.254"] == PING
    return world


def test_the_node_that_loses_its_ping_node_gives_everything(pinging: Any) -> None:
    pinging.network.dark_pings.add(("n5", "10.0.0.254"))
    pinging.run(5)
    assert pinging.where() == [("n6",), ("n6",)]
    assert "num_ping_nodes" in pinging.texts("n5")


def test_a_ping_node_that_both_lose_moves_nothing(pinging: Any) -> None:
    pinging.network.dark_pings |= {("n5", "10.0.0.254"), ("n6", "10.0.0.254")}
    pinging.run(6)
    assert pinging.where() == [("n5",), ("n6",)]


def test_fewer_ping_nodes_than_the_other_one_is_reason_enough(pinging: Any) -> None:
    pinging.hear("n6", *messages.num_ping_nodes("n6", "n5", 2))
    pinging.run(3)
    assert pinging.where() == [("n6",), ("n6",)]
    assert "you_are_dead" not in pinging.texts("n6")


@pytest.mark.parametrize("count", ["", "\u00b2", "9" * 5000, "-1"])
def test_a_count_that_is_none_changes_nothing(pinging: Any, count: str) -> None:
    pinging.hear("n6", ("t", "num_ping_nodes"), ("dest", "n5"), ("num_ping", count or "x"))
    pinging.run(3)
    assert pinging.where() == [("n5",), ("n6",)]


def test_a_balance_in_time_keeps_everything(pinging: Any) -> None:
    pinging.hear("n6", *messages.num_ping_nodes("n6", "n5", 2))
    pinging.run(0.1)
    pinging.hear("n6", *messages.abort_giveup("n6", "n5"))
    pinging.run(3)
    assert pinging.where() == [("n5",), ("n6",)]


def test_the_c_daemons_takeover_failback_gets_the_askers_own_groups(two: Any) -> None:
    two.command("n6", Verb.TAKEOVER, "all")
    two.run(3)
    two.hear("n5", ("t", "hb_takeover"), ("rsc_hold", "failback"))
    two.run(3)
    assert two.where() == [("n5",), ("n6",)]


def test_questions_about_our_ipfail_are_answered(pinging: Any) -> None:
    pinging.hear("n5", ("t", "query-cstatus"), ("dest", "n6"), ("cn", "ipfail"), ("from_id", "3326"))
    pinging.run(0.1)
    reply = [line for line in pinging.played() if line.get("t") == "respond-cstatus"][-1]
    assert reply.said[1:] == (("dest", "n5"), ("result", "OK"), ("cn", "ipfail"), ("to_id", "3326"), ("cs", "online"))


# --- auto_failback legacy ---------------------------------------------------------------------------------


def test_legacy_asks_and_gives(tape: Callable[..., Any]) -> None:
    world = tape("legacy", groups="two")
    world.boot("n5")
    world.run(8)
    assert world.where() == [("n5",), ("n5",)]
    world.boot("n6")
    world.run(3)
    assert world.where() == [("n5",), ("n6",)]
    world.command("n5", Verb.STANDBY, "all")
    assert world.answers()[0][0] is False
    world.power_off("n5")
    world.run(4)
    assert world.where() == [("n6",), ("n6",)]
    assert world.texts("n6")[-1] == "stonith n_stnth"
    assert world.told("n6")["rscstatus"] == "none"


def test_legacy_takes_a_group_only_when_the_other_node_has_let_that_one_go(tape: Callable[..., Any]) -> None:
    world = tape("legacy", groups="three")  # two of n5, of which one has a service that takes its time to stop
    world.boot("n6")
    world.run(8)
    assert world.where() == [("n6",)] * 3
    world.boot("n5")
    seen = set()
    for _moment in range(1000):
        world.run(0.005)
        seen.update(enumerate(world.where()))
    assert world.where() == [("n5",), ("n6",), ("n5",)]
    assert [holders for _group, holders in seen if len(holders) > 1] == []


# --- changing software under way --------------------------------------------------------------------------


def test_a_native_node_follows_a_peer_that_changes_its_dialect(tape: Callable[..., Any]) -> None:
    """A migration: the other node is a C daemon (here: told to be one), later one of ours, then a C daemon again."""
    world = tape(groups="two")
    classic = world.configuration
    ours = replace(classic, settings=replace(classic.settings, dialect=DialectChoice.AUTO))
    for machine in world.machines.values():
        machine.configuration = ours
    world.machines["n6"].configuration = classic
    for _ in range(2):
        for configuration, dialect in ((classic, "classic"), (ours, "native")):
            world.machines["n6"].configuration = configuration
            world.boot("n5")
            world.boot("n6")
            world.run(8)
            assert world.where() == [("n5",), ("n6",)]
            assert (world.told("n5")["dialect"], world.told("n6")["dialect"]) == (dialect, dialect)
            shut_down(world, "n6")
            world.run(5)
            assert world.where() == [("n5",), ("n5",)]
