# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue between events and hooks: order, bounds, and that nothing starts before the loop is done."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.control.happenings import KINDS, Happening
from heartbeat.host.loop import Timer
from heartbeat.host.notify import BREATH_NS, MAX_WAITING, TIMEOUT_S, Notifications
from heartbeat.host.worker import Outcome, Task

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from heartbeat.core.effects import Level

HOOKS = ("/etc/ha.d/notify.d/10-a", "/etc/ha.d/notify.d/20-b")


class Bench:
    """A clock, a runner and a log that do nothing by themselves."""

    def __init__(self, hooks: tuple[str, ...] = HOOKS, *, systemd: bool = False) -> None:
        self.time = 0
        self.timers: list[Timer] = []
        self.tasks: list[tuple[Task, Callable[[Outcome], None]]] = []
        self.logged: list[tuple[str, str]] = []
        self.number = 0
        self.notifications = Notifications(self, self, self.log)
        self.notifications.configure(hooks, systemd=systemd)

    def now(self) -> int:
        return self.time

    def call_at(self, due_ns: int, call: Callable[[], None]) -> Timer:
        self.timers.append(Timer(due_ns, call))
        return self.timers[-1]

    def run(self, task: Task, done: Callable[[Outcome], None]) -> int:
        self.tasks.append((task, done))
        return len(self.tasks)

    def log(self, level: Level, code: str, subject: str, facts: Mapping[str, str]) -> None:
        self.logged.append((code, facts["detail"]))

    def tell(self, code: str, **facts: str) -> None:
        self.number += 1
        self.notifications.tell(Happening(self.number, 1, "n1", "notice", code, KINDS[code], "why", facts))

    def breathe(self) -> None:
        self.time += BREATH_NS
        timers, self.timers = self.timers, []
        for timer in timers:
            assert timer.due_ns <= self.time
            if timer.call is not None:
                timer.call()

    def finish(self, outcome: Outcome | None = None) -> dict[str, Any]:
        """End the program that runs; returns what it was told, with its path as ``hook``."""
        ((task, done),) = self.tasks
        self.tasks = []
        done(outcome or Outcome(0))
        return {"hook": task.argv[-1], **json.loads(task.stdin)}


def test_nothing_starts_while_an_event_is_told() -> None:
    bench = Bench()
    bench.tell("peer-silent", group="g", peer="n2")
    assert bench.tasks == []
    bench.breathe()
    assert len(bench.tasks) == 1


def test_hooks_in_order_and_one_event_after_the_other() -> None:
    bench = Bench()
    bench.tell("peer-silent", group="g", peer="n2")
    bench.tell("group-started", group="g")
    bench.breathe()
    told = [bench.finish() for _call in range(4)]
    assert [(found["event"], found["hook"]) for found in told] == [
        ("peer-silent", HOOKS[0]),
        ("peer-silent", HOOKS[1]),
        ("group-started", HOOKS[0]),
        ("group-started", HOOKS[1]),
    ]
    assert bench.tasks == []
    bench.tell("group-stopped", group="g")
    bench.breathe()
    assert bench.finish()["event"] == "group-stopped"


def test_what_a_hook_gets() -> None:
    bench = Bench(HOOKS[:1])
    bench.tell("failback", group="g", peer="n2")
    bench.breathe()
    ((task, _done),) = bench.tasks
    assert task.argv == (HOOKS[0],)
    assert task.timeout_s == TIMEOUT_S
    environment = dict(task.env)
    assert environment["HB_EVENT"] == "failback"
    assert environment["HB_GROUP"] == "g"
    assert environment["HB_WHY"] == "why"
    assert set(environment) >= {"PATH", "LC_ALL"}
    told = json.loads(task.stdin)
    assert (told["event"], told["kind"], told["replaced"], told["missed"]) == ("failback", "given", 0, 0)


def test_with_systemd_a_hook_runs_in_a_unit_that_is_killed_as_a_whole() -> None:
    bench = Bench(HOOKS[:1], systemd=True)
    bench.tell("failback", group="g", peer="n2")
    bench.breathe()
    ((task, _done),) = bench.tasks
    assert task.argv[0] == "systemd-run"
    assert task.argv[-2:] == ("--", HOOKS[0])
    assert "--pipe" in task.argv
    assert "--setenv=HB_EVENT=failback" in task.argv
    (unit,) = [word.split("=", 1)[1] for word in task.argv if word.startswith("--unit=")]
    assert task.on_timeout == ("systemctl", "kill", "--signal=KILL", unit)
    bench.finish()
    bench.tell("failback", group="g", peer="n2")
    bench.breathe()
    assert f"--unit={unit}" not in bench.tasks[0][0].argv


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (Outcome(0), "ok"),
        (Outcome(3, "cannot connect\n"), "failed"),
        (Outcome(None, error="cannot run"), "failed"),
        (Outcome(None, timed_out=True), "timeout"),
    ],
)
def test_a_hook_that_fails_is_counted_said_and_does_not_stop_the_next(outcome: Outcome, result: str) -> None:
    bench = Bench()
    bench.tell("failback", group="g", peer="n2")
    bench.breathe()
    bench.finish(outcome)
    assert bench.finish()["hook"] == HOOKS[1]
    expected = {"ok": 1, "failed": 0, "timeout": 0}
    expected[result] += 1
    assert {name: bench.notifications.counts[name] for name in expected} == expected
    assert bench.logged == ([] if outcome.ok else [("hook-failed", outcome.describe())])


def test_newer_news_of_a_link_replaces_older_that_waits_but_moves_are_all_told() -> None:
    bench = Bench(HOOKS[:1])
    bench.tell("started", node="n1")
    bench.breathe()  # this one runs; the others wait
    for _round in range(3):
        bench.tell("link-dead", peer="n2", link="eth0")
        bench.tell("link-up", peer="n2", link="eth0")
        bench.tell("link-up", peer="n2", link="eth1")
        bench.tell("peer-silent", group="g", peer="n2")
    told = [bench.finish() for _call in range(6)]
    assert [(found["event"], found["replaced"]) for found in told] == [
        ("started", 0),
        ("peer-silent", 0),
        ("peer-silent", 0),
        ("link-up", 5),
        ("link-up", 2),
        ("peer-silent", 0),
    ]
    assert told[3]["facts"]["link"] == "eth0"
    assert bench.tasks == []
    assert bench.notifications.counts["replaced"] == 7


def test_the_queue_is_bounded_and_the_next_call_says_what_is_missing() -> None:
    bench = Bench(HOOKS[:1])
    for number in range(MAX_WAITING + 5):
        bench.tell("group-started", group=f"g{number}")
    assert bench.notifications.waiting() == MAX_WAITING
    bench.breathe()
    first, second = bench.finish(), bench.finish()
    assert (first["group"], first["missed"]) == ("g5", 5)
    assert (second["group"], second["missed"]) == ("g6", 0)
    assert bench.notifications.counts["dropped"] == 5


def test_lateness_is_told_of_once_a_minute_and_peer() -> None:
    bench = Bench(HOOKS[:1])
    told = []
    for second in range(0, 130, 5):
        bench.time = 1_000_000_000 * (second + 1)
        for _again in range(2):
            bench.tell("late-heartbeat", peer="n2", silence_ms="700")
        if second == 10:
            bench.tell("woke", gap_ms="812")
        bench.breathe()
        while bench.tasks:
            found = bench.finish()
            told.append((second, found["event"], found["replaced"]))
    assert told == [
        (0, "late-heartbeat", 0),
        (10, "woke", 0),
        (60, "late-heartbeat", 23),
        (120, "late-heartbeat", 23),
    ]


def test_without_hooks_nothing_waits() -> None:
    bench = Bench(())
    bench.tell("group-started", group="g")
    assert bench.timers == []
    assert bench.notifications.waiting() == 0


def test_hooks_that_are_removed_meanwhile_get_nothing_more() -> None:
    bench = Bench()
    bench.tell("group-started", group="g")
    bench.tell("group-started", group="h")
    bench.breathe()
    bench.notifications.configure((), systemd=False)
    bench.finish()
    bench.finish()
    assert bench.tasks == []
    bench.notifications.configure(HOOKS[1:], systemd=False)
    bench.tell("group-started", group="i")
    bench.breathe()
    assert bench.finish()["group"] == "i"
