# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Against recorded runs of two C daemons: same message types, fields and order per node, after normalisation.

What is left out on both sides: periodic statuses, delivery (NS_*), messages to oneself, time stamps, numbers,
uuids. Every other deviation is in DIFFERENCES, by the name of its row in docs/heartbeat-differences.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Callable

import pytest

from heartbeat.core.events import Verb
from heartbeat.simulator.world import shut_down

#: row -> what it allows here
DIFFERENCES = {
    "Dead time after start": "dt of the first statuses",
    "Messages to oneself": "ip-request-resp to oneself",
    "The 10 s rule": "the time between the first report and the own groups",
    "After a lone start": "a report two keepalives after the start",
    "Healed partition": "starting and reports instead of two shutdowns",
}

#: cause -> effect, in short form: in whatever run, the effect must not come before its first cause of the other node
REPLIES = [
    ("reqnodes", "repnodes"),
    ("ask_resources foreign me", "ask_resources foreign other"),
    ("ask_resources all me", "ask_resources all other"),
    ("ask_resources foreign other", "resource local 0 standby"),
    ("ask_resources all other", "resource none 0 standby"),
    ("hb_takeover all", "ask_resources all me"),
    ("hb_takeover local", "ask_resources foreign me"),
    ("shutdone dead", "resource foreign mach_down"),
]


def said(lines: Iterable[Any], sender: str) -> list[Any]:
    """The messages of one node, with the dead time of the first seconds taken for the configured one."""
    return [
        tuple((name, "7d0" if name == "dt" and value == "fa0" else value) for name, value in line.said)
        for line in lines
        if line.sender == sender
    ]


def check(ours: list[Any], theirs: list[Any], nodes: Iterable[str]) -> None:
    assert theirs
    for node in nodes:
        assert said(ours, node) == said(theirs, node), node
    check_order(theirs)
    check_order(ours)
    # What is more than a keepalive and a reaction apart in the recording is in the same order here.
    for late, b in enumerate(theirs):
        for a in theirs[:late]:
            if a.sender != b.sender and b.at_s - a.at_s > 0.25:
                assert position(ours, theirs, a) < position(ours, theirs, b), (a.text(), b.text())


def position(ours: list[Any], theirs: list[Any], line: Any) -> int:
    """Where the message that corresponds to a recorded one is on our tape."""
    nth = [other for other in theirs if other.sender == line.sender].index(line)
    return [n for n, other in enumerate(ours) if other.sender == line.sender][nth]


def check_order(lines: list[Any]) -> None:
    for cause, effect in REPLIES:
        for n, line in enumerate(lines):
            if line.text() == effect and any(other.text() == cause for other in lines):
                assert any(o.text() == cause and o.sender != line.sender for o in lines[:n]), (cause, effect)


def test_the_allowed_differences_are_documented(project: Path) -> None:
    text = (project / "docs" / "heartbeat-differences.md").read_text(encoding="utf-8")
    for row in DIFFERENCES:
        assert f"\n| {row} |" in text, row


# --- start-up ---------------------------------------------------------------------------------------------


def test_cold_start_of_both(tape: Callable[..., Any], recording: Callable[..., Any]) -> None:
    theirs = recording("tl-main", "startup")
    world = tape("tl-main")
    world.boot("n5")
    world.run(0.0001)  # before its first packet arrives
    world.boot("n6")
    world.run(3)
    check(world.played(), theirs, ["n5", "n6"])
    assert world.where() == [("n5",)]
    settled = {line.at_s: line for line in theirs if line.get("isstable") == "1"}
    first = next(line for line in theirs if line.get("isstable") == "0")
    assert min(settled) - first.at_s > 10  # the 10 s rule ...
    ours = world.played()
    first = next(line for line in ours if line.get("isstable") == "0")
    assert (
        min(line.at_s for line in ours if line.get("isstable") == "1") - first.at_s < 0.5
    )  # ... is two keepalives here


@pytest.mark.parametrize("run", ["v-md5", "v-crc", "v-sha1-netstring"])
def test_other_runs_are_part_of_what_we_do(run: str, tape: Callable[..., Any], recording: Callable[..., Any]) -> None:
    """Of these runs one message of each kind was kept: cold start, clean stop and return of n1."""
    theirs = [line for line in recording(run) if line.get("t") != "bigtest"]
    world = tape(run)
    world.boot("n1")
    world.boot("n2")
    world.run(4)
    shut_down(world, "n1")
    world.run(6)
    world.boot("n1")
    world.run(4)
    ours = world.played()
    for node in ("n1", "n2"):
        available = said(ours, node)
        for message in said(theirs, node):
            assert message in available, (node, message)
    check_order(ours)


def test_lone_start(tape: Callable[..., Any], recording: Callable[..., Any]) -> None:
    theirs = recording("alone")
    world = tape("alone")
    world.boot("n5")
    world.run(12)
    ours = world.played()
    late = ours[-1]
    assert late.text() == "resource all 1"  # the C daemon says it 10 s after, beyond the end of the recording
    assert [line.text() for line in ours[:2]] == ["status init", "status up"]  # before the recording begins
    recorded_part = ours[1:-1]
    check(recorded_part, theirs, ["n5"])
    assert world.where() == [("n5",)]


# --- stop, return, crash ----------------------------------------------------------------------------------


@pytest.fixture
def running(tape: Callable[..., Any]) -> Any:
    """n5 and n6 run, n5 holds its group."""
    world = tape("tl-main")
    world.boot("n5")
    world.boot("n6")
    world.run(5)
    assert world.where() == [("n5",)]
    return world


def without_status(lines: list[Any]) -> list[Any]:
    return [line for line in lines if line.get("t") != "status"]


def test_clean_stop(running: Any, recording: Callable[..., Any]) -> None:
    since = running.seconds()
    shut_down(running, "n5")
    running.run(1.5)
    check(running.played(since), without_status(recording("tl-main", "clean stop")), ["n5", "n6"])
    assert running.where() == [("n6",)]
    running.run(3)
    assert running.texts("n6", since)[-1] == "stonith unneeded"  # as recorded in v-md5 and v-crc


def test_return_with_failback(running: Any, recording: Callable[..., Any]) -> None:
    shut_down(running, "n5")
    running.run(6)
    since = running.seconds()
    running.boot("n5")
    running.run(4)
    theirs = recording("tl-main", "n5 starts again")
    known = [line for line in theirs if line.sender == "n5" or line.get("t") != "status"]
    check(running.played(since), known, ["n5", "n6"])
    assert running.where() == [("n5",)]


def test_return_without_failback(tape: Callable[..., Any], recording: Callable[..., Any]) -> None:
    world = tape("tl-afb-off")
    world.boot("n6")
    world.run(8)
    since = world.seconds()
    world.boot("n5")
    world.run(4)
    theirs = recording("tl-afb-off", "n5 joins")
    check(
        world.played(since),
        [line for line in theirs if line.text() != "status active" or line.sender == "n5"],
        ["n5", "n6"],
    )
    assert world.where() == [("n6",)]


def test_crash(running: Any, recording: Callable[..., Any]) -> None:
    since = running.seconds()
    running.power_off("n5")
    running.run(4)
    check(running.played(since), without_status(recording("tl-main", "crash")), ["n6"])
    assert running.where() == [("n6",)]


# --- operators --------------------------------------------------------------------------------------------


def test_standby_and_takeover(tape: Callable[..., Any], recording: Callable[..., Any]) -> None:
    world = tape("tl-afb-off")
    world.boot("n6")
    world.run(8)
    world.boot("n5")
    world.run(4)
    steps = [
        ("hb_standby all on n6", "n6", Verb.STANDBY, "all", "n5"),
        ("hb_takeover all on n6", "n6", Verb.TAKEOVER, "all", "n6"),
        ("hb_takeover local on n5", "n5", Verb.TAKEOVER, "local", "n5"),
    ]
    for situation, node, verb, scope, holder in steps:
        since = world.seconds()
        world.command(node, verb, scope)
        world.run(3)
        check(world.played(since), without_status(recording("tl-afb-off", situation)), ["n5", "n6"])
        assert world.where() == [(holder,)]
        assert [answer.ok for answer in world.asked[-1].answers] == [True]


# --- split brain ------------------------------------------------------------------------------------------


def test_healed_partition(tape: Callable[..., Any], recording: Callable[..., Any]) -> None:
    world = tape("tl-split")
    world.boot("n7")
    world.boot("n8")
    world.run(5)
    world.cut()
    world.run(5)
    assert world.where() == [("n7", "n8")]
    since = world.seconds()
    world.network.cut.clear()
    world.run(10)
    ours = world.played(since)
    first = without_status(recording("tl-split", "split-brain heal: first packets"))
    for node in ("n7", "n8"):
        assert said(ours, node)[0] == said(first, node)[0]  # stonith unneeded, as the C daemon
    theirs = recording("tl-split", "split-brain heal: both nodes give up")
    assert [line.text() for line in theirs if line.get("t") == "shutdone"] == ["shutdone dead"] * 2
    assert [line.text() for line in ours if line.sender == "n7"] == [
        "stonith unneeded",
        "starting",
        "resource all 1",
        "resource local 1",
    ]
    assert not [line for line in ours if line.get("t") == "shutdone"]
    assert world.where() == [("n7",)]


def test_a_short_cut_changes_nothing(running: Any) -> None:
    since = running.seconds()
    running.cut()
    running.run(1.3)
    running.network.cut.clear()
    running.run(3)
    assert running.played(since) == []
    asked = [m for at, _, m in running.messages if m.kind == "NS_rexmit" and at >= since]
    assert len(asked) >= 10
    assert running.where() == [("n5",)]


# --- auto_failback legacy ---------------------------------------------------------------------------------


def test_legacy(tape: Callable[..., Any], recording: Callable[..., Any]) -> None:
    world = tape("legacy")
    world.boot("n5")
    world.boot("n6")
    world.run(3)
    assert world.where() == [("n5",)]
    shut_down(world, "n5")
    world.run(6)
    assert world.where() == [("n6",)]
    world.boot("n5")
    world.run(3)
    assert world.where() == [("n5",)]
    ours = world.played()
    for node in ("n5", "n6"):
        for message in said(recording("legacy"), node):
            assert message in said(ours, node), (node, message)
    kinds = {line.get("t") for line in ours}
    assert kinds == {"status", "reqnodes", "repnodes", "shutdone", "stonith", "ip-request", "ip-request-resp"}
    assert not {line.get("t") for line in recording("legacy")} - kinds
