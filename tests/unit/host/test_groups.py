# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from heartbeat.core.events import Stage
from heartbeat.host.agents import Toolbox
from heartbeat.host.clock import MS, SECOND
from heartbeat.host.groups import STOP_RETRIES, Groups
from heartbeat.host.worker import Outcome
from heartbeat.settings.model import Address, Group, Service

KEY = "vip"
RUNS, STOPPED, DONE, BAD = Outcome(0, "running"), Outcome(3, "stopped"), Outcome(0), Outcome(1, "no way\n")


class Kernel:
    """Stands for Addresses and Announcer."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.problem: str | None = None
        self.unready = 0

    def add(self, key: str) -> str | None:
        self.calls.append("add")
        return self.problem

    def remove(self, key: str) -> str | None:
        self.calls.append("remove")
        return None

    def ready(self, key: str) -> bool:
        self.unready -= 1
        return self.unready < 0

    def places(self, key: str) -> tuple[()]:
        return ()

    def announce(self, key: str) -> None:
        self.calls.append("announce")

    def silence(self, key: str) -> None:
        self.calls.append("silence")


class AnyMachine:
    def is_executable(self, path: str) -> bool:
        return "missing" not in path

    def has_unit(self, unit: str) -> bool:
        return False


class Bench:
    def __init__(self, loop: Any, runner: Any, *services: str) -> None:
        self.loop, self.runner, self.kernel = loop, runner, Kernel()
        self.stages: list[Stage] = []
        self.details: list[str] = []
        self.answers: dict[Stage, Any] = {}  # stage -> the order that its report leads to at once
        kernel: Any = self.kernel
        self.groups = Groups(loop, runner, kernel, kernel, report=self._report, log=lambda *_: None)
        self.configure(*services)

    def configure(self, *services: str) -> None:
        resources = (Address("10.0.0.9"), *(Service(name, (), name) for name in services))
        machine: Any = AnyMachine()
        self.groups.configure([Group(KEY, "n1", resources)], Toolbox(machine))

    def _report(self, report: Any) -> None:
        self.stages.append(report.stage)
        self.details.append(report.detail)
        self.kernel.calls.append(report.stage.value)
        order = self.answers.pop(report.stage, None)
        if order is not None:
            order(KEY)

    def called(self) -> list[str]:
        return [" ".join(word.rpartition("/")[2] for word in task.argv) for task, _done in self.runner.tasks]

    def end(self, *outcomes: Outcome) -> None:
        for outcome in outcomes:
            self.runner.end(outcome)


def test_an_address_group_is_up_announced_and_started_before_start_returns(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner)
    bench.groups.start(KEY)
    assert bench.kernel.calls == ["add", "announce", "addresses-up", "started"]
    assert runner.tasks == []
    assert set(bench.groups.last_take_us) == {"add_us", "ready_us", "garp_us"}


def test_services_follow_left_to_right_and_only_what_does_not_run_is_started(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner, "web", "db")
    bench.groups.start(KEY)
    assert bench.stages == [Stage.ADDRESSES_UP]
    bench.end(RUNS, STOPPED)
    assert bench.called() == ["web status", "db status", "db start"]
    bench.end(DONE)
    assert bench.stages == [Stage.ADDRESSES_UP, Stage.STARTED]


def test_a_failed_start_is_stopped_again_right_to_left(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner, "web", "db")
    bench.groups.start(KEY)
    bench.end(STOPPED, DONE, STOPPED, BAD, DONE, DONE)
    assert bench.called()[-2:] == ["db stop", "web stop"]
    assert bench.kernel.calls[-2:] == ["remove", "start-failed"]
    assert bench.details[-1] == "db start: exit code 1: no way"


def test_an_address_that_cannot_be_added_fails_the_start(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner, "web")
    bench.kernel.problem = "10.0.0.9: no"
    bench.groups.start(KEY)
    assert bench.stages == [Stage.START_FAILED]
    assert "announce" not in bench.kernel.calls
    assert runner.tasks == []


def test_stop_goes_right_to_left_and_addresses_last(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner, "web", "db")
    bench.groups.stop(KEY)
    bench.end(DONE, DONE)
    assert bench.called() == ["db stop", "web stop"]
    assert bench.kernel.calls == ["silence", "remove", "stopped"]


def test_stop_services_keeps_the_addresses_and_a_later_stop_only_drops_them(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner, "web")
    bench.groups.stop_services(KEY)
    bench.end(DONE)
    assert bench.kernel.calls == ["silence", "services-stopped"]
    bench.groups.stop(KEY)
    assert bench.called() == ["web stop"]
    assert bench.kernel.calls[-2:] == ["remove", "stopped"]


def test_a_failed_stop_is_retried_each_second_and_then_keeps_the_group_here(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner, "web")
    bench.groups.stop(KEY)
    for attempt in range(STOP_RETRIES):
        assert bench.called().count("web stop") == attempt + 1
        bench.end(BAD, RUNS)
        virtual.run_until(virtual.time + SECOND)
    assert bench.stages == [Stage.STOP_FAILED]
    assert "remove" not in bench.kernel.calls


def test_a_stop_that_fails_on_something_stopped_is_good_enough(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner, "web")
    bench.groups.stop(KEY)
    bench.end(BAD, STOPPED)
    assert bench.stages == [Stage.STOPPED]


def test_a_start_during_a_stop_waits_for_the_script_but_not_for_the_address(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner, "web", "db")
    bench.groups.stop(KEY)
    bench.groups.start(KEY)
    assert bench.kernel.calls == ["silence", "add", "announce", "addresses-up"]
    assert bench.called() == ["db stop"]
    bench.end(DONE)  # the stop of db; its procedure is over with it
    assert bench.called() == ["db stop", "web status"]
    bench.end(RUNS, STOPPED, DONE)
    assert bench.stages == [Stage.ADDRESSES_UP, Stage.STARTED]
    assert "remove" not in bench.kernel.calls


def test_a_start_ends_the_pause_between_stop_attempts(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner, "web")
    bench.groups.stop(KEY)
    bench.end(BAD, RUNS)
    bench.groups.start(KEY)
    assert bench.called()[-1] == "web status"
    bench.end(RUNS)
    virtual.run_until(5 * SECOND)
    assert bench.called().count("web stop") == 1
    assert bench.stages[-1] is Stage.STARTED


def test_a_stop_during_a_start_stops_everything(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner, "web", "db")
    bench.groups.start(KEY)
    bench.end(STOPPED)
    bench.groups.stop(KEY)
    bench.end(DONE)  # web start
    bench.end(DONE, DONE)
    assert bench.called() == ["web status", "web start", "db stop", "web stop"]
    assert bench.stages == [Stage.ADDRESSES_UP, Stage.STOPPED]


def test_an_address_is_announced_only_when_the_kernel_takes_its_packets(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner)
    bench.kernel.unready = 3
    bench.groups.start(KEY)
    assert bench.kernel.calls == ["add"]
    virtual.run_until(5 * MS)
    assert bench.kernel.calls == ["add", "announce", "addresses-up", "started"]


@pytest.mark.parametrize("order", ["stop", "stop_services"])
def test_an_order_to_stop_ends_the_wait_for_the_kernel(virtual: Any, runner: Any, order: str) -> None:
    bench = Bench(virtual, runner)
    bench.kernel.unready = 10**6
    bench.groups.start(KEY)
    getattr(bench.groups, order)(KEY)
    virtual.run_until(5 * SECOND)
    assert "announce" not in bench.kernel.calls
    assert Stage.STARTED not in bench.stages


def test_a_missing_script_fails_the_start_and_is_no_obstacle_to_a_stop(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner, "missing")
    bench.groups.start(KEY)
    assert bench.stages[-1] is Stage.START_FAILED
    bench.groups.stop(KEY)
    assert bench.stages[-1] is Stage.STOPPED
    assert runner.tasks == []


def test_a_service_that_a_reload_removed_is_stopped_at_the_next_start(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner, "web", "db")
    bench.groups.start(KEY)
    bench.end(RUNS, RUNS)
    bench.configure("db")
    bench.groups.start(KEY)
    bench.end(DONE, RUNS)
    assert bench.called()[-2:] == ["web stop", "db status"]


def test_the_end_of_a_start_may_lead_to_a_stop_at_once(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner, "web")
    bench.answers[Stage.STARTED] = bench.groups.stop_services
    bench.groups.start(KEY)
    bench.end(STOPPED, DONE, DONE)
    assert bench.called() == ["web status", "web start", "web stop"]
    assert bench.stages == [Stage.ADDRESSES_UP, Stage.STARTED, Stage.SERVICES_STOPPED]


def test_the_end_of_a_stop_may_lead_to_a_start_at_once(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner, "web")
    bench.answers[Stage.SERVICES_STOPPED] = bench.groups.start
    bench.groups.stop_services(KEY)
    bench.end(DONE, STOPPED, DONE)
    assert bench.called() == ["web stop", "web status", "web start"]
    assert bench.stages == [Stage.SERVICES_STOPPED, Stage.ADDRESSES_UP, Stage.STARTED]


def test_a_stop_that_follows_from_the_addresses_being_up_is_not_undone(virtual: Any, runner: Any) -> None:
    bench = Bench(virtual, runner)
    bench.kernel.unready = 1
    bench.answers[Stage.ADDRESSES_UP] = bench.groups.stop
    bench.groups.start(KEY)
    virtual.run_until(5 * SECOND)
    assert bench.stages == [Stage.ADDRESSES_UP, Stage.STOPPED]
    assert bench.kernel.calls[-2:] == ["remove", "stopped"]
