# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trial runs and snapshots with the real server."""

from __future__ import annotations

import dataclasses
import os
import pwd
import socket
from pathlib import Path
from typing import Any

import pytest
from redis_cluster.instance import acl, config, snapshot, trial
from redis_cluster.instance.local import Local

PROGRAM = "/usr/bin/redis-check-rdb"
SECRET = "correct horse battery"
ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def binary(tmp_path: Path) -> str:
    """The server under its own name."""
    path = tmp_path / "redis-server"
    path.symlink_to(PROGRAM)
    return str(path)


def files(**settings: Any) -> trial.Files:
    wanted = {
        # where the real instance would be, and this machine is not
        "port": 7000, "bind": "192.0.2.1", "dir": "/nonexistent/7000", "aclfile": "/nonexistent/7000.acl",
        "unixsocket": "/nonexistent/socket", "cluster-enabled": True, "cluster-port": 17000, "masterauth": "x",
        **settings,
    }  # fmt: skip
    return trial.Files(config.rendered(wanted), acl.rendered(SECRET, ["former"], []))


def test_a_trial_tells_what_the_server_made_of_it(binary: str) -> None:
    found = trial.run(binary, ME, files(maxmemory="64mb", save=["", "900 1"]), SECRET)
    assert found.values["maxmemory"] == str(64 * 1024**2)
    assert found.values["save"] == "900 1"
    assert "cluster-enabled" in found.immutable
    assert "maxmemory" not in found.immutable
    dropped = dataclasses.replace(files(), dropped=("io-threads", "hz"))
    assert "io-threads" in trial.run(binary, ME, dropped, SECRET).immutable
    assert found.build.split()[0].count(".") == 2
    (line,) = found.acl
    assert acl.digest("former") in line


@pytest.mark.parametrize(
    "settings",
    [
        {"no-such-directive": "1"},
        {"slowlog-max-len": "many"},
        {"tls-port": 7000, "tls-cert-file": "/nonexistent/cert"},
        {"loadmodule": "/nonexistent/module.so"},
    ],
)
def test_what_the_server_refuses_is_found(binary: str, settings: dict[str, Any]) -> None:
    with pytest.raises(trial.Failed):
        trial.run(binary, ME, files(**settings), SECRET)


def test_a_directive_that_is_misspelt_is_told_with_the_right_one(binary: str) -> None:
    with pytest.raises(trial.Failed, match=r"maxmemory-polcy.*did you mean maxmemory-policy\?"):
        trial.run(binary, ME, files(**{"maxmemory-polcy": "noeviction"}), SECRET)
    # known, but with a word too much: there is nothing to guess
    with pytest.raises(trial.Failed) as found:
        trial.run(binary, ME, files(hz="10 20"), SECRET)
    assert "did you mean" not in str(found.value)


def test_a_trial_chooses_other_ports_when_somebody_was_quicker(binary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken, socket.socket() as free:
        for probe in (taken, free):
            probe.bind(("127.0.0.1", 0))
        taken.listen()
        first, second = (int(probe.getsockname()[1]) for probe in (taken, free))
    ports = iter([(first, first), (first, second)])
    monkeypatch.setattr(trial, "_free_ports", lambda: next(ports))
    assert trial.run(binary, ME, files(), SECRET).values["cluster-enabled"] == "yes"


def test_a_trial_leaves_nothing_behind(binary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    trial.run(binary, ME, files(), SECRET)
    assert [path.name for path in tmp_path.iterdir()] == ["redis-server"]


def test_a_snapshot_fits_into_another_cluster(six: Any, binary: str, tmp_path: Path) -> None:
    servers, declared = six
    servers.operate(declared)
    binary_name = "bin:\udcff{x}\r\n"
    with snapshot.served(binary, ME, empty(tmp_path)) as alone:
        for number in range(1000):
            alone.call("SET", f"key:{number}", f"value:{number}")
        alone.call("SET", binary_name, "\udcfe\x00")
        alone.call("SET", "short", "lived", "PX", "600000")
        alone.call("HSET", "hash", "field", "value")
        alone.call("SAVE")
        where = str(alone.call("CONFIG", "GET", "dir")[1])
        taken = tmp_path / "taken.rdb"
        taken.write_bytes((Path(where) / "dump.rdb").read_bytes())

    seeds = [(instance.host, instance.port) for instance in declared.instances]
    target = snapshot.Target(seeds, servers.access)
    with snapshot.served(binary, ME, str(taken)) as source:
        first = snapshot.copied(source, target)
        second = snapshot.copied(source, target)
    target.close()
    assert (first.keys, first.copied, first.present) == (1003, 1003, 0)
    assert (second.copied, second.present) == (0, 1003)

    def read(*words: str) -> Any:
        address = target._masters[snapshot.slot_of(words[1])]
        with servers.client(f"{address[0]}:{address[1]}") as redis:
            return redis.call(*words)

    assert read("GET", "key:7") == "value:7"
    assert read("GET", binary_name) == "\udcfe\x00"
    assert read("HGET", "hash", "field") == "value"
    assert 0 < read("PTTL", "short") <= 600000


def empty(folder: Path) -> str:
    """A snapshot of nothing: version 9, no database, end of file without a checksum."""
    path = folder / "empty.rdb"
    path.write_bytes(b"REDIS0009\xff" + bytes(8))
    return str(path)


def test_half_a_snapshot_is_refused(binary: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.rdb"
    broken.write_bytes(b"REDIS0009\xfe\x00\x00\x03abc")
    with pytest.raises(snapshot.Failed), snapshot.served(binary, ME, str(broken)):
        pass


def test_a_cluster_that_does_not_serve_all_slots_is_refused(six: Any) -> None:
    servers, declared = six
    with pytest.raises(snapshot.Failed, match="0 of 16384 slots"):
        snapshot.Target([(instance.host, instance.port) for instance in declared.instances], servers.access)


def test_local_tries_passwords_in_order(binary: str, tmp_path: Path) -> None:
    with snapshot.served(binary, ME, empty(tmp_path)) as alone:
        path = str(alone.where)
        alone.call("CONFIG", "SET", "requirepass", SECRET)
        with Local(path) as local:
            assert local.login(["wrong", SECRET]) == 1
        with Local(path) as local:
            assert local.login(["wrong"]) == -1
