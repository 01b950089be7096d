# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The classic dialect where no recording speaks: hand-overs without a hole, failures, leftovers, ipfail,
operators, bad luck."""

from __future__ import annotations

from typing import Any, Callable

import pytest

from heartbeat.core.classic import handover, messages, phases
from heartbeat.core.classic.holdings import Holding, parse_holding
from heartbeat.core.clock import SECOND
from heartbeat.core.events import Verb
from heartbeat.core.membership import PING
from heartbeat.settings.model import Address, Failback, Group, PingNode, Service
from heartbeat.simulator.oracle import Oracle
from heartbeat.simulator.world import shut_down


def group(number: int, node: str, *services: str) -> Group:
    ip = f"10.0.0.{number}"
    resources = (Address(ip, 24, "eth0", text=ip), *(Service(name) for name in services))
    return Group(f"IPaddr::{ip}/24/eth0", node, resources)


TWO = (group(1, "n5", "httpd"), group(2, "n6"))


@pytest.fixture
def two(tape: Callable[..., Any]) -> Any:
    """One group at home on each node, both running."""
    world = tape(groups=TWO)
    world.boot("n5")
    world.boot("n6")
    world.run(5)
    assert world.where() == [("n5",), ("n6",)]
    return world


def answers(world: Any) -> list[tuple[bool, str]]:
    return [(answer.ok, answer.text) for answer in world.asked[-1].answers]


# --- the parts --------------------------------------------------------------------------------------------


def test_holdings_are_seen_from_the_other_side() -> None:
    assert Holding.LOCAL.mirrored() is Holding.FOREIGN
    for holding in Holding.NONE, Holding.LOCAL, Holding.FOREIGN, Holding.ALL:
        assert parse_holding(holding.word()) is holding
        assert holding.mirrored().mirrored() is holding
    assert parse_holding("some") is None


def test_both_tables_lead_somewhere_and_back() -> None:
    assert {side for side, _ in handover.TABLE} == set(handover.Side)
    assert {row[0] for row in handover.TABLE.values()} == set(handover.Side)
    for side in set(handover.Side) - {handover.Side.NOT}:
        assert handover.TABLE[side, handover.Word.CANCEL][0] is handover.Side.NOT
    for phase in set(phases.Phase) - {phases.Phase.SHUTDOWN}:
        assert phases.TABLE[phase, phases.Turn.LEAVE][0] is phases.Phase.SHUTDOWN
    assert all(why for _, why in (*handover.TABLE.values(), *phases.TABLE.values()))


def test_every_message_has_the_fields_of_the_recorded_ones(recorded: Any) -> None:
    """Names and order of the specific fields, for each type that this dialect sends."""
    control = {"srcuuid", "destuuid", "seq", "hg", "ts", "ld", "ttl", "auth"}
    ours = [
        messages.STARTING,
        messages.SHUTDONE,
        messages.MACH_DOWN,
        messages.resource(Holding.ALL, stable=True),
        messages.resource(Holding.ALL, stable=True, info="shutdown"),
        messages.ask_resources(Holding.ALL, "me"),
        messages.hb_takeover(Holding.ALL),
        messages.stonith("n1", needed=True),
        messages.ip_request("key"),
        messages.ip_request_resp("n1", "key", owned=True),
        messages.client_status("join", "n1", "signon"),
        messages.client_answer("n1", "ipfail", "1", online=True),
        messages.num_ping_nodes("n1", "n2", 1),
        messages.you_are_dead("n2"),
        messages.abort_giveup("n1", "n2"),
    ]
    for pairs in ours:
        kind, names = dict(pairs)["t"], [name for name, _ in pairs]
        creator_writes_src = "src" in names
        seen = []
        for packet in recorded.packets:
            if packet.kind == kind:
                fields = [f["name"] for f in packet.facts["fields"] if f["name"] not in control]
                seen.append([name for name in fields if creator_writes_src or name != "src"])
        assert names in seen, kind


# --- no hole in planned moves -----------------------------------------------------------------------------


def test_planned_moves_leave_no_hole(tape: Callable[..., Any]) -> None:
    world = tape(groups=TWO)
    watcher = Oracle(world.configuration.settings)
    world = tape(groups=TWO, watcher=watcher)
    world.boot("n5")
    world.boot("n6")
    world.run(5)
    watcher.lossless_from = world.now
    world.command("n5", Verb.STANDBY, "all")
    world.run(3)
    assert (world.where(), answers(world)) == ([("n6",), ("n6",)], [(True, "moved to n6")])
    world.command("n5", Verb.TAKEOVER, "local")
    world.run(3)
    assert (world.where(), answers(world)) == ([("n5",), ("n6",)], [(True, "held here")])
    shut_down(world, "n5")
    world.run(6)
    assert world.where() == [("n6",), ("n6",)]
    world.boot("n5")
    world.run(6)
    assert world.where() == [("n5",), ("n6",)]
    assert watcher.holes == {}
    assert watcher.troubles(world) == []
    assert world.machines["n5"].services == {TWO[0].key}


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
        assert not both or TWO[0].key not in two.machines["n5"].services  # its services have stopped by then
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
    two.machines["n6"].script(TWO[0].key).extra_ns = SECOND
    two.command("n5", Verb.STANDBY, "local")
    two.run(0.001)
    shut_down(two, "n5")
    two.run(5)
    words = two.texts("n5")
    assert words.index("ask_resources local done") < words.index("resource none 0 shutdown")
    assert two.where() == [("n6",), ("n6",)]


def test_a_stop_before_anything_has_started(tape: Callable[..., Any]) -> None:
    world = tape(groups=TWO)
    world.boot("n5")
    world.run(0.5)
    shut_down(world, "n5")
    world.run(2)
    assert world.machines["n5"].node is None
    assert world.texts("n5") == ["status init", "status up", "shutdone dead"]


# --- failures ---------------------------------------------------------------------------------------------


def test_what_would_not_stop_is_never_given_away(two: Any) -> None:
    two.machines["n5"].script(TWO[0].key).stop_fails = True
    two.command("n5", Verb.STANDBY, "all")
    two.run(5)
    assert two.where()[0] == ("n5",)
    assert answers(two) == [(False, f"would not stop: {TWO[0].key}")]
    assert "ask_resources all done" not in two.texts("n5")


def test_a_stop_that_fails_says_no_goodbye(two: Any) -> None:
    two.machines["n5"].script(TWO[0].key).stop_fails = True
    shut_down(two, "n5")
    two.run(3)
    assert "shutdone dead" not in two.texts("n5")
    assert answers(two)[0][0] is False


def test_what_would_not_start_goes_to_the_other_node(tape: Callable[..., Any]) -> None:
    world = tape(groups=TWO)
    world.machines["n5"].script(TWO[0].key).start_fails = True
    world.boot("n5")
    world.boot("n6")
    world.run(8)
    assert world.where() == [("n6",), ("n6",)]


def test_the_other_node_dies_in_the_middle_of_a_hand_over(two: Any) -> None:
    two.machines["n5"].script(TWO[0].key).extra_ns = SECOND
    two.command("n5", Verb.STANDBY, "local")
    two.run(0.5)
    two.power_off("n6")
    two.run(6)
    assert two.where() == [("n5",), ("n5",)]
    assert answers(two) == [(False, "n6 died")]
    assert two.machines["n5"].services == {TWO[0].key}


def test_nobody_answers_an_offer(two: Any) -> None:
    """A C daemon whose queue is stuck: heartbeats come, answers do not."""
    two.machines["n6"].node._dialect._nice.standby.heard = lambda peer, message: None
    two.command("n5", Verb.STANDBY, "local")
    two.run(12)
    assert answers(two) == [(False, "n6 does not answer")]
    assert two.where() == [("n5",), ("n6",)]


# --- leftovers, pauses, partitions ------------------------------------------------------------------------


def test_a_killed_daemon_adopts_its_addresses_again(two: Any) -> None:
    two.kill("n5")
    two.run(0.3)
    two.boot("n5")
    two.run(3)
    assert two.where() == [("n5",), ("n6",)]


def test_leftovers_that_the_other_node_has_taken_are_swept(tape: Callable[..., Any]) -> None:
    world = tape(groups=TWO, auto_failback=Failback.OFF)
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
    assert ("n6", TWO[0].key) not in announced
    assert [line.text for line in two.lines if line.machine == "n6" and f"{TWO[0].key}: taken" in line.text] == []
    assert two.where() == [("n5",), ("n6",)]


@pytest.mark.parametrize("failback", [Failback.ON, Failback.OFF])
def test_a_healed_partition_costs_no_outage(tape: Callable[..., Any], failback: Failback) -> None:
    world = tape(groups=TWO, auto_failback=failback)
    watcher = Oracle(world.configuration.settings)
    world = tape(groups=TWO, watcher=watcher, auto_failback=failback)
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
    from heartbeat.wire.message import Message

    def report(holding: Holding, stable: bool, seq: str) -> Message:
        return Message.of(*messages.resource(holding, stable=stable), ("seq", seq))

    manner.peer_reports("n6", report(Holding.LOCAL, True, "fff"))
    manner.peer_reports("n6", report(Holding.NONE, False, "ffe"))
    assert (ledger.theirs, ledger.other_stable) == (Holding.LOCAL, True)
    manner.peer_reports("n6", report(Holding.NONE, False, "1000"))
    assert (ledger.theirs, ledger.other_stable) == (Holding.NONE, False)


# --- operators --------------------------------------------------------------------------------------------


def test_single_groups(two: Any) -> None:
    two.command("n5", Verb.STANDBY, "group", TWO[0].key)
    two.run(3)
    assert (two.where(), answers(two)[0][0]) == ([("n6",), ("n6",)], True)
    two.command("n5", Verb.TAKEOVER, "group", "IPaddr::1.1.1.1")
    assert answers(two) == [(False, "there is no group IPaddr::1.1.1.1")]


def test_a_single_group_out_of_a_class_cannot_be_moved(tape: Callable[..., Any]) -> None:
    world = tape(groups=(*TWO, group(3, "n5")))
    world.boot("n5")
    world.boot("n6")
    world.run(5)
    world.command("n5", Verb.STANDBY, "group", TWO[0].key)
    assert answers(world)[0][0] is False
    assert "classes" in answers(world)[0][1]


def test_refusals(two: Any) -> None:
    two.command("n5", Verb.STANDBY, "some")
    assert answers(two) == [(False, "unknown scope some")]
    two.command("n5", Verb.STANDBY, "all")
    two.command("n5", Verb.STANDBY, "all")
    assert answers(two) == [(False, "another hand-over is under way")]
    two.run(3)
    two.power_off("n6")
    two.run(4)
    two.command("n5", Verb.TAKEOVER, "all")
    assert answers(two) == [(False, "no other node is alive")]


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


# --- ipfail -----------------------------------------------------------------------------------------------


PINGS = (PingNode("10.0.0.254", ("10.0.0.254",), "ping"),)


@pytest.fixture
def pinging(tape: Callable[..., Any]) -> Any:
    world = tape(groups=TWO, pings=PINGS, ipfail=True, deadping_ms=1000, auto_failback=Failback.OFF)
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


def hear(world: Any, sender: str, *pairs: tuple[str, str]) -> None:
    """Let a node say something that our own code would not."""
    from heartbeat.wire.message import Message

    machine = world.machines[sender]
    world._transmit(machine, machine.courier.send(Message.of(*pairs), world.now))


def test_fewer_ping_nodes_than_the_other_one_is_reason_enough(pinging: Any) -> None:
    hear(pinging, "n6", *messages.num_ping_nodes("n6", "n5", 2))
    pinging.run(3)
    assert pinging.where() == [("n6",), ("n6",)]
    assert "you_are_dead" not in pinging.texts("n6")


def test_a_balance_in_time_keeps_everything(pinging: Any) -> None:
    hear(pinging, "n6", *messages.num_ping_nodes("n6", "n5", 2))
    pinging.run(0.1)
    hear(pinging, "n6", *messages.abort_giveup("n6", "n5"))
    pinging.run(3)
    assert pinging.where() == [("n5",), ("n6",)]


def test_the_c_daemons_takeover_failback_gets_the_askers_own_groups(two: Any) -> None:
    two.command("n6", Verb.TAKEOVER, "all")
    two.run(3)
    hear(two, "n5", ("t", "hb_takeover"), ("rsc_hold", "failback"))
    two.run(3)
    assert two.where() == [("n5",), ("n6",)]


def test_questions_about_our_ipfail_are_answered(pinging: Any) -> None:
    hear(pinging, "n5", ("t", "query-cstatus"), ("dest", "n6"), ("cn", "ipfail"), ("from_id", "3326"))
    pinging.run(0.1)
    reply = [line for line in pinging.played() if line.get("t") == "respond-cstatus"][-1]
    assert reply.said[1:] == (("dest", "n5"), ("result", "OK"), ("cn", "ipfail"), ("to_id", "3326"), ("cs", "online"))


# --- auto_failback legacy ---------------------------------------------------------------------------------


def test_legacy_asks_and_gives(tape: Callable[..., Any]) -> None:
    world = tape("legacy", groups=TWO)
    world.boot("n5")
    world.run(8)
    assert world.where() == [("n5",), ("n5",)]
    world.boot("n6")
    world.run(3)
    assert world.where() == [("n5",), ("n6",)]
    world.command("n5", Verb.STANDBY, "all")
    assert answers(world)[0][0] is False
    world.power_off("n5")
    world.run(4)
    assert world.where() == [("n6",), ("n6",)]
    assert world.texts("n6")[-1] == "stonith n_stnth"
    assert world.told("n6")["rscstatus"] == "none"


# --- changing software under way --------------------------------------------------------------------------


def test_a_native_node_follows_a_peer_that_changes_its_dialect(tape: Callable[..., Any]) -> None:
    """A migration: the other node is a C daemon (here: told to be one), later one of ours, then a C daemon again."""
    from dataclasses import replace

    from heartbeat.settings.model import DialectChoice

    world = tape(groups=TWO)
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
