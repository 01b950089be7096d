# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways in, TLS and named users, and a cluster that cannot vote any more."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis_cluster.gather import read
from redis_cluster.operate import look
from redis_cluster.plan import Refused
from redis_cluster.resp import Access, CommandError
from redis_cluster.survey import write_and_read

from drill.probe.rundir import RunDirectory
from drill.probe.samples import read_recording_file
from drill.probe.spec import parse_run

OPENSSL = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test".split()


def test_clusters_that_speak_tls_alone(servers: Any, tmp_path: Path) -> None:
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    subprocess.run([*OPENSSL, "-keyout", key, "-out", cert], capture_output=True, check=True)
    servers.access = replace(servers.access, uses_tls=True, ca_file=cert, cert_file=cert, key_file=key)
    declared = servers.declare("aabbcc")
    tls = ["--tls-cluster", "yes", "--tls-replication", "yes", "--tls-cert-file", cert, "--tls-key-file", key]
    for instance in declared.instances:
        port = str(instance.port)
        servers.start(instance.address, more=[*tls, "--tls-ca-cert-file", cert, "--port", "0", "--tls-port", port])
    servers.operate(declared)
    assert servers.problems(declared, 10) == []
    picture = look(declared.instances, servers.access, 10)[1]
    assert write_and_read(picture, servers.access) == []
    # Slots move by TLS, too: this one with a key, from one master to another.
    source, target = picture.leaders()[:2]
    slot = min(source.slots)
    with servers.client(source.address) as one, servers.client(target.address) as two:
        name = next(f"k{n}" for n in range(10**6) if one.call("CLUSTER", "KEYSLOT", f"k{n}") == slot)
        one.call("SET", name, "kept")
        two.call("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
    servers.operate(declared)
    with servers.client(target.address) as two:
        assert two.call("GET", name) == "kept"
    without = Access(password=servers.access.password, timeout=2)
    assert read(declared.instances[0].address, "a0", without).error != ""
    stranger = replace(servers.access, ca_file="")
    assert "certificate verify failed" in read(declared.instances[0].address, "a0", stranger).error

    secret = tmp_path / "password"
    secret.write_text(servers.access.password)
    probe = {"name": "keys", "kind": "redis", "target": declared.instances[0].host, "port": declared.instances[0].port}
    probe.update(tls=True, ca_file=cert, cert_file=cert, key_file=key, password_file=str(secret), wait=1)
    run = RunDirectory(str(tmp_path / "runs"), "r1")
    run.start(parse_run({"run_id": "r1", "max_seconds": 3, "probes": [probe]}))
    servers.until(lambda: run.state()["state"] == "ended")
    run.read_back()
    recording = read_recording_file(run.pack())
    assert {sample.outcome.value for sample in recording.samples[0]} == {"ok"}
    assert len(recording.readbacks[0]["numbers"]) == len(recording.samples[0])


@pytest.mark.slow
def test_a_named_user_is_let_in_and_moves_slots_as_itself(six: Any) -> None:
    servers, declared = six
    for instance in declared.instances:
        with servers.client(instance.address) as client:
            client.call("ACL", "SETUSER", "keeper", "on", ">another-long-secret", "~*", "&*", "+@all")
            client.call("ACL", "SETUSER", "reader", "on", ">reader-long-secret", "~*", "+@read")
    plain = servers.access
    servers.access = replace(plain, username="reader", password="reader-long-secret")
    with pytest.raises(Refused, match="not permitted"):
        servers.operate(declared)
    servers.access = replace(plain, username="keeper", password="another-long-secret")
    servers.operate(declared)
    with servers.client(declared.instances[0].address) as client:
        client.call("ACL", "SETUSER", "default", "nopass", "allcommands")
        assert client.call("ACL", "WHOAMI") == "keeper"
    more = servers.declare("aaabbbcc")
    servers.start(*(i.address for i in more.instances if i.address not in servers.processes))
    for address in (i.address for i in more.instances if i not in declared.instances):
        servers.access, named = plain, servers.access
        with servers.client(address) as client:
            client.call("ACL", "SETUSER", "keeper", "on", ">another-long-secret", "~*", "&*", "+@all")
        servers.access = named
    outcome = servers.operate(more)
    assert outcome.moved_slots == 4096


@pytest.mark.slow
def test_too_few_masters_to_vote_are_helped_only_when_that_is_allowed(six: Any) -> None:
    servers, declared = six
    servers.operate(declared)
    picture = look(declared.instances, servers.access, 10)[1]
    dead = [leader.address for leader in picture.leaders()][:2]
    for address in dead:
        servers.kill(address)
        (servers.directory / address.replace(":", "-") / "nodes.conf").unlink()
        servers.start(address)
    with pytest.raises(Refused, match="takeover"):
        servers.operate(declared, timeout=4)
    helped = servers.declare("aabbcc", allow=["takeover"])
    servers.operate(helped, timeout=15)
    servers.until(lambda: [p for p in servers.problems(declared) if "would stop the cluster" not in p] == [])


def test_an_error_of_the_server_is_told_in_its_words(six: Any) -> None:
    servers, declared = six
    with servers.client(declared.instances[0].address) as client, pytest.raises(CommandError, match="unknown command"):
        client.call("NONSENSE")
