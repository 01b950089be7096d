# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules for users and roles against a server that answers as the vendor's documentation says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from module_run import answer_of
from stand_in import Asked, serving

FIXED: dict[str, Any] = {
    "/": {"cluster_uuid": "u1", "version": {"number": "8.15.3"}},
    "/_cluster/health": {"status": "green"},
    "/_nodes/_local": {"nodes": {"id1": {"name": "es1"}}},
    "/_cluster/state/metadata,nodes,master_node": {
        "master_node": "id1",
        "metadata": {"cluster_uuid": "u1"},
        "nodes": {"id1": {"name": "es1"}},
    },
}


class Cluster:
    """Users with their passwords, and roles; changes: what was asked for beside reading."""

    def __init__(self) -> None:
        self.port = 0
        self.passwords = {"elastic": "master key"}
        self.kept: dict[str, dict[str, Any]] = {"user": {}, "role": {}}
        self.changes: list[tuple[str, str]] = []

    def answers(self, asked: Asked) -> tuple[int, Any]:
        name, _colon, password = asked.user.partition(":")
        if self.passwords.get(name) != password:
            return 401, {"error": {"type": "security_exception", "reason": f"unable to authenticate user [{name}]"}}
        if asked.path in FIXED:
            return 200, FIXED[asked.path]
        if asked.path == "/_security/_authenticate":
            return 200, {"username": name}
        steps = asked.path.strip("/").split("/")[1:]
        if asked.method == "GET":
            entry = self.kept[steps[0]].get(steps[1])
            return (200, {steps[1]: entry}) if entry is not None else (404, {})
        self.changes.append((asked.method, asked.path))
        self.change(asked, *steps[:2])
        return 200, {}

    def change(self, asked: Asked, kind: str, name: str) -> None:
        body = dict(asked.body or {})
        if "password" in body:
            self.passwords[name] = body.pop("password")
        if asked.method == "DELETE":
            del self.kept[kind][name]
        elif not asked.path.endswith("/_password"):
            usual = {"username": name} if kind == "user" else {"transient_metadata": {"enabled": True}}
            self.kept[kind][name] = {**usual, **body}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    found = Cluster()
    with serving(found.answers) as found.port:
        yield found


def run(cluster: Cluster, module: str, arguments: dict[str, Any], **how: bool) -> dict[str, Any]:
    """What the module answers. how: check, diff."""
    access = {"nodes": [{"name": "es1", "host": "127.0.0.1", "port": cluster.port}], "user": "elastic"}
    mode = {"_ansible_check_mode": how.get("check", False), "_ansible_diff": how.get("diff", False)}
    return answer_of(module, {**access, "password": "master key", **arguments, **mode})


def test_a_user_is_made_kept_and_taken_away(cluster: Cluster) -> None:
    wanted = {"name": "shipper", "secret": "battery staple", "body": {"roles": ["log_writer"]}}
    assert run(cluster, "elasticsearch_user", wanted, check=True)["changed"]
    assert cluster.changes == []

    made = run(cluster, "elasticsearch_user", wanted, diff=True)
    assert made["changed"]
    assert made["differing"][-1] == "password"
    assert "staple" not in json.dumps(made)
    assert cluster.passwords["shipper"] == "battery staple"
    assert not run(cluster, "elasticsearch_user", wanted)["changed"]

    cluster.passwords["shipper"] = "somebody's"
    cluster.changes.clear()
    assert run(cluster, "elasticsearch_user", wanted)["differing"] == ["password"]
    assert cluster.changes == [("PUT", "/_security/user/shipper/_password")]
    assert cluster.passwords["shipper"] == "battery staple"

    assert run(cluster, "elasticsearch_user", {"name": "shipper", "state": "absent"})["changed"]
    assert cluster.kept["user"] == {}
    assert not run(cluster, "elasticsearch_user", {"name": "shipper", "state": "absent"})["changed"]


def test_a_role_is_written_once(cluster: Cluster) -> None:
    body = {"cluster": ["monitor"], "indices": [{"names": ["logs-*"], "privileges": ["write"]}]}
    wanted = {"kind": "security_role", "name": "log_writer", "body": body}
    assert run(cluster, "elasticsearch_object", wanted)["changed"]
    assert not run(cluster, "elasticsearch_object", wanted)["changed"]
    assert cluster.changes == [("PUT", "/_security/role/log_writer")]


def test_who_is_not_let_in_is_told_so_without_the_password(cluster: Cluster) -> None:
    cluster.passwords["elastic"] = "another"
    answer = run(cluster, "elasticsearch_user", {"name": "shipper", "secret": "battery staple"})
    assert "unable to authenticate user [elastic]" in answer["msg"]
    assert "key" not in json.dumps(answer)
