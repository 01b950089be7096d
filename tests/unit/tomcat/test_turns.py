# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose turn it is, what must be up meanwhile, and how it is told."""

from __future__ import annotations

from tomcat.mod_jk.status import members
from tomcat.turns import expected, left_running, order, put_back, usable

#: app2 is new, app3 needs nothing.
ACTIONS = {"app1": {"main": "restart"}, "app2": {"main": "start"}, "app3": {"main": "none"}}
PLACE = {"cluster_address": "192.0.2.1", "ports": {"cluster": 4000}}
INSTANCES = [{"host": host, "name": "main", "route": host, **PLACE} for host in ACTIONS]


def test_who_only_starts_something_is_first() -> None:
    assert order(["app1", "app2", "app3"], ACTIONS) == ["app2", "app3", "app1"]
    assert order(["b", "a"], {"a": {"x": "restart"}, "b": {"x": "restart", "y": "start"}}) == ["b", "a"]


def test_nobody_waits_for_who_has_not_had_its_turn() -> None:
    assert [found["route"] for found in expected(INSTANCES, ACTIONS, [])] == ["app3"]
    assert [found["route"] for found in expected(INSTANCES, ACTIONS, ["app2"])] == ["app2", "app3"]
    assert [found["route"] for found in expected(INSTANCES, ACTIONS, ["app2", "app1"])] == ["app1", "app2", "app3"]


def test_of_two_on_a_machine_the_other_may_be_all_that_waits() -> None:
    actions = {"app1": {"one": "restart", "two": "none"}}
    found = expected([{"host": "app1", "name": name, "route": name, **PLACE} for name in ("one", "two")], actions, [])
    assert [one["route"] for one in found] == ["two"]


def test_of_who_is_waited_for_nothing_is_told_but_where() -> None:
    (found,) = expected([{**INSTANCES[2], "files": {"conf/server.xml": "a secret"}}], ACTIONS, [])
    assert found == {"route": "app3", **PLACE}


def test_what_stays_up_is_what_is_not_stopped() -> None:
    alone = {"app1": ["main"]}
    assert left_running("app1", ACTIONS, alone) == []
    # the new one was started meanwhile
    assert left_running("app1", ACTIONS, {**alone, "app2": ["main"]}) == ["app2/main"]
    # a start stops nobody, and of two on a machine one may be left alone
    assert left_running("app2", ACTIONS, alone) == ["app1/main"]
    assert left_running("app1", {"app1": {"one": "restart", "two": "none"}}, {"app1": ["one", "two"]}) == ["app1/two"]


def test_a_balancer_uses_who_is_neither_drained_nor_lost_there() -> None:
    rows = [("app1", "ACT", "ERR"), ("app2", "STP", "OK"), ("app3", "DIS", "OK"), ("app4", "ACT", "OK/IDLE")]
    text = "".join(
        f"worker.lb.balance_workers={name}\nworker.{name}.activation={activation}\nworker.{name}.state={state}\n"
        for name, activation, state in rows
    )
    workers = {member.name: member.as_dict() for member in members(text)}
    assert usable(["app1", "app2", "app3"], workers) == []
    assert usable(["app1", "app4"], workers) == ["app4"]
    # a new one, of which the balancer learns when all are through
    assert usable(["app2", "app5"], workers) == ["app5"]


def test_who_was_stopped_before_is_not_said_to_run() -> None:
    assert put_back("app1", {"main": "restart"}, []) == "app1 runs as it did before."
    assert put_back("app1", {"main": "restart"}, ["no"]) == "app1 has its former files back, and is not well: no."
    told = put_back("app1", {"main": "start", "other": "none"}, [])
    assert told == "app1: main did not run before, and is stopped again with its former files."
    assert put_back("app1", {"main": "start", "other": "restart"}, []).startswith("app1 runs as it did before. app1: ")
