# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The indexing probe against a server that speaks as much of Elasticsearch as it needs, over real sockets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from stand_in import Asked, Loop, serving

from drill.model import Outcome
from drill.probe.documents import DocumentProber, read_documents
from drill.probe.spec import ProbeSpec, SpecError, parse_probe
from drill.probe.writes import ReadError


class Index:
    """Documents by id. refuses: answers 503 to writes, as a node without a master does."""

    def __init__(self) -> None:
        self.port = 0
        self.documents: dict[str, dict[str, Any]] = {}
        self.made: list[str] = []
        self.refuses = False
        self.loses: set[int] = set()

    def answers(self, asked: Asked) -> tuple[int, Any]:
        steps = asked.path.strip("/").split("/")
        if asked.method == "GET":
            return (503, {"error": "no master"}) if self.refuses else (200, {"status": "green"})
        if asked.method == "DELETE":
            self.made.remove(steps[0])
            return 200, {"acknowledged": True}
        if asked.method == "POST":
            return 200, self.found(asked.body) if steps[-1] == "_search" else {}
        if len(steps) == 1:
            self.made.append(steps[0])
            return 200, {"acknowledged": True}
        if self.refuses:
            return 503, {"error": {"type": "cluster_block_exception", "reason": "no master"}}
        if asked.body["number"] not in self.loses:
            self.documents[steps[2]] = asked.body
        return 201, {"result": "created"}

    def found(self, query: Any) -> Any:
        after = (query.get("search_after") or [-1])[0]
        numbers = sorted(doc["number"] for doc in self.documents.values() if doc["number"] > after)
        hits = [{"_id": str(number), "sort": [number]} for number in numbers[: query["size"]]]
        return {"hits": {"hits": hits}}


@pytest.fixture
def index() -> Iterator[Index]:
    found = Index()
    with serving(found.answers) as found.port:
        yield found


def spec_of(index: Index, **more: Any) -> ProbeSpec:
    return parse_probe({"name": "Docs", "kind": "elasticsearch", "target": "127.0.0.1", "port": index.port, **more})


@pytest.fixture
def started(index: Index) -> Iterator[tuple[DocumentProber, Loop]]:
    hub = Loop()
    # Port 1 refuses at once: the node that has gone.
    prober = DocumentProber(spec_of(index, seeds=["127.0.0.1:1"]), hub)
    prober.run_id = "Run7"
    prober.open()
    yield prober, hub
    prober.close()
    hub.selector.close()


def test_what_fails_at_one_node_is_tried_at_another(index: Index, started: tuple[DocumentProber, Loop]) -> None:
    prober, hub = started
    for seq in range(10):
        prober.send(seq)
    hub.run_until(lambda: len(hub.ends) == 10)
    assert {outcome for outcome, _detail in hub.ends.values()} == {Outcome.OK}
    assert sorted(index.documents, key=int) == [str(seq) for seq in range(10)]
    # names of indices have no capitals
    assert index.made == ["steadfast-drill-run7-docs"]


def test_a_refused_document_is_not_acknowledged(index: Index, started: tuple[DocumentProber, Loop]) -> None:
    prober, hub = started
    index.refuses = True
    prober.send(1)
    deadline = time.monotonic() + 10
    while "503" not in prober._why.get(1, ""):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    answer = prober.abandon(1)
    assert answer is not None
    assert answer.outcome is Outcome.TIMEOUT
    assert hub.ends == {}
    index.refuses = False
    prober.send(2)
    hub.run_until(lambda: len(hub.ends) == 1)
    assert hub.ends[2][0] is Outcome.OK
    assert list(index.documents) == ["2"]


def test_every_number_is_read_back_over_pages_and_lost_ones_are_not(
    index: Index, started: tuple[DocumentProber, Loop], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drill.probe.documents.PAGE", 3)
    prober, hub = started
    index.loses = {4}
    for seq in range(8):
        prober.send(seq)
    hub.run_until(lambda: len(hub.ends) == 8)
    assert hub.ends[4][0] is Outcome.OK
    assert read_documents(prober.spec, "Run7") == [0, 1, 2, 3, 5, 6, 7]
    assert index.made == []


def test_a_node_that_is_cut_off_is_not_asked_what_there_is(index: Index) -> None:
    other = Index()
    other.refuses = True
    other.documents = {"1": {"number": 1}}
    index.documents = {"1": {"number": 1}, "2": {"number": 2}}
    index.made = ["steadfast-drill-run7-docs"]
    with serving(other.answers) as other.port:
        assert read_documents(spec_of(other, seeds=[f"127.0.0.1:{index.port}"]), "Run7") == [1, 2]


def test_the_index_is_made_by_a_node_that_has_a_master(index: Index) -> None:
    other = Index()
    other.refuses = True
    with serving(other.answers) as other.port:
        hub = Loop()
        prober = DocumentProber(spec_of(other, seeds=[f"127.0.0.1:{index.port}"]), hub)
        prober.run_id = "Run7"
        prober.open()
        prober.close()
        hub.selector.close()
    assert (other.made, index.made) == ([], ["steadfast-drill-run7-docs"])


def test_a_cluster_that_is_gone_is_an_error_and_not_nothing_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drill.probe.documents.READ_SECONDS", 0.2)
    spec = parse_probe({"name": "docs", "kind": "elasticsearch", "target": "127.0.0.1", "port": 1})
    with pytest.raises(ReadError, match="refused"):
        read_documents(spec, "run")


def test_mistakes_are_named() -> None:
    with pytest.raises(SpecError) as caught:
        parse_probe(
            {
                "name": "d",
                "kind": "elasticsearch",
                "target": "x",
                "port": 9200,
                "seeds": ["y"],
                "replicas": 11,
                "shard": 1,
            }
        )
    told = str(caught.value)
    assert "replicas is 11" in told
    assert "host:port, not 'y'" in told
    assert "did you mean 'shards'?" in told
