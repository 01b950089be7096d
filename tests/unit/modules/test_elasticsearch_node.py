# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that look at a cluster, take load and votes off nodes, or prove a snapshot, against a stand-in for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from module_run import answer_of
from stand_in import Asked, serving

ALLOCATION = "cluster.routing.allocation.enable"
EXCLUDED = "cluster.routing.allocation.exclude._name"


class Cluster:
    """One node that is master. changes: what was asked for beside reading."""

    def __init__(self) -> None:
        self.port = 0
        self.settings: dict[str, str] = {}
        self.excluded_votes: list[str] = []
        self.indices = ["logs-1"]
        self.streams: list[str] = []
        self.shards = ["es1", "es2"]
        self.changes: list[tuple[str, str]] = []

    def answers(self, asked: Asked) -> tuple[int, Any]:
        if asked.method != "GET" and not asked.path.endswith("/_refresh"):
            self.changes.append((asked.method, asked.path))
        found = getattr(self, f"{asked.method.lower()}_{asked.path.strip('/').split('/')[0].lstrip('_')}", None)
        return found(asked) if found else (200, {"cluster_uuid": "u1", "version": {"number": "7.17.28"}, "count": 3})

    def get_nodes(self, _asked: Asked) -> tuple[int, Any]:
        return 200, {"nodes": {"id1": {"name": "es1"}}}

    def get_cluster(self, asked: Asked) -> tuple[int, Any]:
        if asked.path == "/_cluster/settings":
            return 200, {"persistent": self.settings, "transient": {}}
        votes = [{"node_name": name} for name in self.excluded_votes]
        coordination = {"last_committed_config": ["id1"], "voting_config_exclusions": votes}
        return 200, {
            "status": "green",
            "master_node": "id1",
            "metadata": {"cluster_uuid": "u1", "cluster_coordination": coordination},
            "nodes": {"id1": {"name": "es1"}},
        }

    def put_cluster(self, asked: Asked) -> tuple[int, Any]:
        for key, value in asked.body["persistent"].items():
            self.settings.pop(key, None)
            if value is not None:
                self.settings[key] = value
        moved = self.settings.get(EXCLUDED, "").split(",")
        self.shards = [name for name in self.shards if name not in moved]
        return 200, {}

    def post_cluster(self, _asked: Asked) -> tuple[int, Any]:
        self.excluded_votes = ["es2"]
        return 200, {}

    def delete_cluster(self, _asked: Asked) -> tuple[int, Any]:
        self.excluded_votes = []
        return 200, {}

    def get_cat(self, asked: Asked) -> tuple[int, Any]:
        if asked.path == "/_cat/shards":
            return 200, [{"node": name} for name in self.shards]
        if asked.path in ("/_cat/health", "/_cat/nodes"):
            return 200, f"what {asked.path} says"
        return 200, [{"index": name, "rep": "1"} for name in self.indices]

    def get_data_stream(self, _asked: Asked) -> tuple[int, Any]:
        return 200, {"data_streams": [{"name": name} for name in self.streams]}

    def get_snapshot(self, _asked: Asked) -> tuple[int, Any]:
        return 200, {"snapshots": [{"snapshot": "s1", "state": "SUCCESS", "start_time_in_millis": 1}]}

    def post_snapshot(self, asked: Asked) -> tuple[int, Any]:
        restored = asked.body["rename_replacement"].replace("$1", "logs-1")
        self.indices.append(restored)
        return 200, {"snapshot": {"indices": [restored], "shards": {"failed": 0, "total": 1}}}


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    found = Cluster()
    with serving(found.answers) as found.port:
        yield found


def run(cluster: Cluster, module: str, check: bool = False, **arguments: Any) -> dict[str, Any]:
    node = {"host": "127.0.0.1", "port": cluster.port, "roles": ["master", "data"]}
    given = {"nodes": [{**node, "name": "es1"}, {**node, "name": "es2"}], **arguments, "_ansible_check_mode": check}
    answer = answer_of(module, given)
    assert not answer.get("failed"), answer
    return answer


def test_a_node_loses_its_shards_then_its_vote_and_is_forgotten(cluster: Cluster) -> None:
    assert run(cluster, "elasticsearch_node", check=True, state="drained", names=["es2"])["changed"]
    assert cluster.changes == []

    assert run(cluster, "elasticsearch_node", state="drained", names=["es2"])["changed"]
    assert cluster.changes == [("PUT", "/_cluster/settings"), ("POST", "/_cluster/voting_config_exclusions")]
    assert (cluster.settings, cluster.shards, cluster.excluded_votes) == ({EXCLUDED: "es2"}, ["es1"], ["es2"])
    assert not run(cluster, "elasticsearch_node", state="drained", names=["es2"])["changed"]

    assert run(cluster, "elasticsearch_node", state="returned", names=["es2"])["changed"]
    assert (cluster.settings, cluster.excluded_votes) == ({}, [])
    assert not run(cluster, "elasticsearch_node", state="returned", names=["es2"])["changed"]


def test_a_limit_is_set_and_taken_back(cluster: Cluster) -> None:
    assert run(cluster, "elasticsearch_node", state="limited")["changed"]
    assert cluster.settings == {ALLOCATION: "primaries"}
    assert run(cluster, "elasticsearch_node", state="open")["changed"]
    assert cluster.settings == {}
    assert not run(cluster, "elasticsearch_node", state="open")["changed"]


def test_a_limit_that_somebody_else_has_set_stays(cluster: Cluster) -> None:
    cluster.settings = {ALLOCATION: "new_primaries"}
    assert not run(cluster, "elasticsearch_node", state="limited")["changed"]
    assert not run(cluster, "elasticsearch_node", state="open")["changed"]
    assert cluster.settings == {ALLOCATION: "new_primaries"}


def test_a_restore_drill_leaves_nothing_behind_not_even_that_of_an_interrupted_one(cluster: Cluster) -> None:
    cluster.indices.append("steadfast-restore-drill-old")
    cluster.streams.append("steadfast-restore-drill-stream")
    run(cluster, "elasticsearch_snapshot", state="proven", repository="disk")
    deleted = [path for method, path in cluster.changes if method == "DELETE"]
    assert deleted[:2] == ["/_data_stream/steadfast-restore-drill-stream", "/steadfast-restore-drill-old"]
    assert "/steadfast-restore-drill-logs-1" in deleted
    assert "/logs-1" not in deleted


def test_what_people_know_from_the_server_itself_is_told_too(cluster: Cluster) -> None:
    found = run(cluster, "elasticsearch_info")
    assert (found["cat_health"], found["cat_nodes"]) == ("what /_cat/health says", "what /_cat/nodes says")
    assert (found["master"], found["members"], found["voting"], found["replicas"]) == ("es1", ["es1"], ["es1"], 1)
    assert "not in the cluster: es2" in found["problems"]
