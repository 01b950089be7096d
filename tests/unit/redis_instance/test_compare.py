# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an instance needs, by what a trial run and the running one say."""

from __future__ import annotations

from dataclasses import replace

from redis_cluster.instance.compare import Action, Running, Trial, verdict

CONFIG = "port 7000\nbind 192.0.2.1\ndir /var/lib/x/7000\nmaxmemory 64mb\nio-threads 1\nloadmodule x.so\n"
VALUES = {"port": "40001", "bind": "127.0.0.1", "dir": "/tmp/y", "maxmemory": "67108864", "io-threads": "1", "hz": "10"}
ACL = ["user default on", "user app on"]
TRIAL = Trial(VALUES, ["io-threads"], ACL, "7.0.15 abc")
RUNNING = Running(
    {**VALUES, "port": "7000", "bind": "192.0.2.1", "dir": "/var/lib/x/7000/", "hz": "50"},
    ACL[::-1],
    "7.0.15 abc",
    "r1",
)


def needed(running: Running | None, config: str = CONFIG, trial: Trial = TRIAL) -> tuple[Action, dict[str, str]]:
    found = verdict(config, [], trial, running, "r1")
    return found.action, found.settings


def with_values(**values: str) -> Running:
    return replace(
        RUNNING, values={**RUNNING.values, **{key.replace("_", "-"): value for key, value in values.items()}}
    )


def test_the_same_needs_nothing_and_what_operators_set_elsewhere_is_theirs() -> None:
    found = verdict(CONFIG, [], TRIAL, RUNNING, "r1")
    assert (found.action, found.reasons) == (Action.NONE, [])


def test_what_does_not_run_is_started() -> None:
    assert needed(None)[0] is Action.START


def test_what_can_be_set_is_set() -> None:
    assert needed(with_values(maxmemory="1")) == (Action.LIVE, {"maxmemory": "67108864"})


def test_what_is_immutable_needs_a_restart() -> None:
    assert needed(with_values(io_threads="4")) == (Action.RESTART, {})


def test_ports_are_never_set_in_a_running_instance() -> None:
    assert needed(with_values(port="7009"))[0] is Action.RESTART
    assert needed(with_values(dir="/elsewhere"))[0] is Action.RESTART


def test_another_build_or_unit_needs_a_restart() -> None:
    assert needed(replace(RUNNING, build="7.0.16 def"))[0] is Action.RESTART
    assert needed(replace(RUNNING, revision="r0"))[0] is Action.RESTART


def test_other_users_are_loaded() -> None:
    found = verdict(CONFIG, [], TRIAL, replace(RUNNING, acl=ACL[:1]), "r1")
    assert (found.action, found.is_acl_stale) == (Action.LIVE, True)


def test_a_file_that_was_changed_behind_our_back_is_written_again() -> None:
    found = verdict(CONFIG, ["/etc/x/7000.conf"], TRIAL, RUNNING, "r1")
    assert (found.action, found.settings) == (Action.LIVE, {})


def test_no_reason_tells_a_value() -> None:
    trial = replace(TRIAL, values={**VALUES, "masterauth": "secret"})
    found = verdict(CONFIG + "masterauth secret\n", [], trial, with_values(masterauth="old"), "r1")
    assert found.settings == {"masterauth": "secret"}
    assert "secret" not in " ".join(found.reasons)


def test_what_was_set_once_goes_back_to_what_a_start_would_make_of_it() -> None:
    before = replace(RUNNING, known=["hz", "port", "io-threads", "maxmemory"])
    assert needed(before) == (Action.LIVE, {"hz": "10"})
    immutable = replace(TRIAL, immutable=["io-threads", "hz"])
    assert needed(before, trial=immutable) == (Action.RESTART, {})
    assert needed(replace(before, values={**before.values, "hz": "10"})) == (Action.NONE, {})
