# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import signal
from typing import Any

from heartbeat.host.clients import NEVER_AGAIN, SHORT_LIVES, STOP_PATIENCE_NS, Clients
from heartbeat.host.clock import SECOND
from heartbeat.host.worker import Outcome
from heartbeat.settings.model import Respawn

A, B = Respawn("hacluster", "/usr/lib/a -x"), Respawn("root", "/usr/lib/b")


def make(virtual: Any, runner: Any, *definitions: Respawn) -> tuple[Clients, list[str]]:
    codes: list[str] = []
    clients = Clients(virtual, runner, lambda level, code, facts: codes.append(code))
    clients.configure(definitions, {"HA_x": "1"})
    return clients, codes


def test_clients_start_in_file_order_as_their_user(virtual: Any, runner: Any) -> None:
    make(virtual, runner, A, B)
    tasks = [task for task, _done in runner.tasks]
    assert [task.argv for task in tasks] == [
        ("/bin/sh", "-c", "exec /usr/lib/a -x"),
        ("/bin/sh", "-c", "exec /usr/lib/b"),
    ]
    assert [(task.user, task.timeout_s) for task in tasks] == [("hacluster", 0), ("root", 0)]


def test_after_a_long_life_a_client_is_back_at_once(virtual: Any, runner: Any) -> None:
    make(virtual, runner, A)
    virtual.run_until(31 * SECOND)
    runner.end(Outcome(1))
    assert len(runner.tasks) == 2


def test_after_a_short_life_it_pauses_and_after_too_many_it_stays_away(virtual: Any, runner: Any) -> None:
    _clients, codes = make(virtual, runner, A)
    for life in range(SHORT_LIVES):
        runner.end(Outcome(1))
        assert len(runner.tasks) == life + 1
        virtual.run_until(virtual.time + SECOND)
        assert len(runner.tasks) == life + 2
    runner.end(Outcome(1))
    virtual.run_until(virtual.time + 60 * SECOND)
    assert len(runner.tasks) == SHORT_LIVES + 1
    assert codes[-1] == "client-too-fast"


def test_exit_code_100_means_never_again(virtual: Any, runner: Any) -> None:
    make(virtual, runner, A)
    runner.end(Outcome(NEVER_AGAIN))
    virtual.run_until(60 * SECOND)
    assert len(runner.tasks) == 1


def test_they_are_stopped_last_first_one_after_the_other(virtual: Any, runner: Any) -> None:
    clients, _codes = make(virtual, runner, A, B)
    done: list[bool] = []
    clients.stop(lambda: done.append(True))
    assert runner.killed == [(2, signal.SIGTERM)]
    runner.end(Outcome(-15), 1)
    assert runner.killed == [(2, signal.SIGTERM), (1, signal.SIGTERM)]
    assert not done
    runner.end(Outcome(-15), 0)
    assert done == [True]
    assert len(runner.tasks) == 2


def test_one_that_ignores_sigterm_is_killed(virtual: Any, runner: Any) -> None:
    clients, _codes = make(virtual, runner, A)
    clients.stop(lambda: None)
    virtual.run_until(STOP_PATIENCE_NS + 1)
    assert runner.killed[-1] == (1, signal.SIGKILL)


def test_without_clients_the_stop_is_done_at_once(virtual: Any, runner: Any) -> None:
    clients, _codes = make(virtual, runner)
    done: list[bool] = []
    clients.stop(lambda: done.append(True))
    assert done == [True]


def test_a_reload_starts_what_is_new_and_stops_what_is_gone(virtual: Any, runner: Any) -> None:
    clients, _codes = make(virtual, runner, A)
    clients.configure([B], {})
    assert runner.killed == [(1, signal.SIGTERM)]
    assert len(runner.tasks) == 2
    runner.end(Outcome(-15), 0)
    virtual.run_until(60 * SECOND)
    assert len(runner.tasks) == 2
