# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace

import pytest

from heartbeat.core.clock import MS, earliest, to_ms
from heartbeat.core.membership import ACTIVE, DEAD, INIT, MAX_DEATHS, PING, UP, Judged, Membership
from heartbeat.settings.model import PingNode
from heartbeat.simulator.samples import sample


@pytest.fixture(name="members")
def _members() -> Membership:
    """n1's view of n2, n3 and two ping nodes; deadtime 1 s, initdead 2 s."""
    settings = sample(3, pings=("gateway",)).settings
    pings = (*settings.pings, PingNode("farm", ("10.0.0.1", "10.0.0.2"), "ping_group"))
    return Membership("n1", replace(settings, pings=pings), 0)


def alive(members: Membership, name: str, now: int, dt_ms: int | None = None) -> None:
    members.status(name, ACTIVE, dt_ms, now, restarted=False)


def test_nobody_is_known_at_first(members: Membership) -> None:
    assert [peer.status for peer in members.peers.values()] == [INIT, INIT]
    assert members.alive() == ()
    assert not members.complete()
    assert members.next_deadline() == 2000 * MS


def test_initdead_is_the_limit_for_who_was_never_heard(members: Membership) -> None:
    assert members.judge(2000 * MS - 1) == Judged()
    assert members.judge(2000 * MS) == Judged(("n2", "n3"), (), ("gateway", "farm"))
    assert members.complete()
    assert members.judge(9000 * MS) == Judged()
    assert members.next_deadline() is None
    assert members.peers["n2"].deaths == []  # it has not flapped, it never came


def test_the_dead_time_is_the_peers_own(members: Membership) -> None:
    alive(members, "n2", 100 * MS, 300)
    alive(members, "n3", 100 * MS)  # without dt our own deadtime counts
    assert members.judge(400 * MS - 1).peers == ()
    assert members.judge(400 * MS).peers == ("n2",)
    assert members.judge(1100 * MS).peers == ("n3",)
    assert members.deadtime_ns() == 1000 * MS


def test_the_shortest_dead_time_in_force(members: Membership) -> None:
    alive(members, "n2", 0, 300)
    assert members.deadtime_ns() == 300 * MS


def test_links_live_by_packets_and_die_by_the_dead_time(members: Membership) -> None:
    alive(members, "n2", 0, 300)
    assert members.packet("n2", "eth1", 0)
    assert not members.packet("n2", "eth1", 10 * MS)
    assert members.packet("n2", "eth2", 200 * MS)
    alive(members, "n2", 200 * MS, 300)
    assert members.next_deadline() == 310 * MS
    assert members.judge(310 * MS).links == (("n2", "eth1"),)
    assert members.judge(311 * MS).links == ()
    assert members.packet("n2", "eth1", 400 * MS)
    assert not members.packet("stranger", "eth1", 0)


def test_silence_is_told_but_not_for_the_first_word(members: Membership) -> None:
    assert members.status("n2", UP, 300, 1500 * MS, restarted=False) == (INIT, 0)
    assert members.status("n2", UP, 300, 1700 * MS, restarted=False) == (UP, 200 * MS)
    assert members.status("n2", UP, 300, 1900 * MS, restarted=True) == (UP, 0)


def test_a_death_is_remembered_unless_it_was_announced(members: Membership) -> None:
    alive(members, "n2", 0)
    alive(members, "n3", 0)
    members.peers["n3"].goodbye = True
    members.judge(1000 * MS)
    assert members.peers["n2"].deaths == [1000 * MS]
    assert members.peers["n3"].deaths == []
    for second in range(2, 60):
        alive(members, "n2", second * 1000 * MS - 1)
        members.judge(second * 2000 * MS)
    assert len(members.peers["n2"].deaths) == MAX_DEATHS


def test_a_new_life_counts_its_own_time(members: Membership) -> None:
    alive(members, "n2", 100)
    alive(members, "n2", 200)
    assert (members.peers["n2"].alive_since_ns, members.peers["n2"].active_since_ns) == (100, 100)
    members.peers["n2"].goodbye = True
    members.status("n2", ACTIVE, None, 300, restarted=True)
    assert (members.peers["n2"].alive_since_ns, members.peers["n2"].active_since_ns) == (300, 300)
    assert not members.peers["n2"].goodbye


def test_ping_nodes(members: Membership) -> None:
    assert members.pings_up() == 0
    assert members.answered("gateway", 0)
    assert not members.answered("gateway", 1)
    assert members.answered("10.0.0.2", 0)  # any member speaks for its group
    assert not members.answered("10.9.9.9", 0)
    assert members.pings_up() == 2
    assert members.pings["farm"].status == PING
    assert members.judge(1000 * MS).pings == ("farm",)
    assert members.pings["gateway"].status == PING
    assert members.judge(1000 * MS + 1).pings == ("gateway",)
    assert members.pings["gateway"].status == DEAD


def test_our_own_pause_is_nobodys_silence(members: Membership) -> None:
    alive(members, "n2", 0)
    members.packet("n2", "eth1", 0)
    members.answered("gateway", 0)
    members.restart_clocks(5000 * MS)
    assert members.judge(5999 * MS) == Judged()
    judged = members.judge(6000 * MS)
    assert (judged.peers, judged.links, judged.pings) == (("n2",), (("n2", "eth1"),), ("gateway",))


def test_a_new_configuration_keeps_who_stays(members: Membership) -> None:
    alive(members, "n2", 0)
    members.reconfigure(sample(2, pings=("other",)).settings, 100)
    assert [peer.name for peer in members.alive()] == ["n2"]
    assert list(members.pings) == ["other"]
    assert members.rank("n1") == 0
    assert members.rank("n3") == 2


def test_clock_helpers() -> None:
    assert earliest([None, 5, 3]) == 3
    assert earliest([None]) is None
    assert to_ms(1_999_999) == 1
