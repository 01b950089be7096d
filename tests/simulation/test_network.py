# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directed scenarios, one per fault that has a name: networks, pauses, ping nodes, carrier, stray hands, three nodes.

keepalive 200 ms, deadtime 1000 ms, initdead 2000 ms unless said otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from heartbeat.core.clock import MS
from heartbeat.core.events import CarrierChanged, GroupReport, Stage, Verb
from heartbeat.settings.model import Failback
from heartbeat.simulator.samples import sample_groups

Build = Callable[..., Any]
ON, OFF = Failback.ON, Failback.OFF


# --- network -------------------------------------------------------------------------------------------


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


# --- pauses --------------------------------------------------------------------------------------------


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


# --- ping nodes, carrier, stray hands ------------------------------------------------------------------


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


# --- three nodes ---------------------------------------------------------------------------------------


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
