# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The indexing probe against a server that speaks as much of Elasticsearch as it needs, over real sockets."""

from __future__ import annotations

import json
import selectors
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Optional

import pytest

from drill.model import Outcome
from drill.probe.documents import DocumentProber, read_documents
from drill.probe.prober import Hub, Watched
from drill.probe.spec import ProbeSpec, SpecError, parse_probe
from drill.probe.writes import ReadError


class Index(ThreadingHTTPServer):
    """Documents by id. refuses: answers 503 to writes, as a node without a master does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.documents: dict[str, dict[str, Any]] = {}
        self.made: list[str] = []
        self.refuses = False
        self.loses: set[int] = set()


class Handler(BaseHTTPRequestHandler):
    server: Index

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def answer(self, status: int, data: Any) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"null")

    def do_PUT(self) -> None:
        body = self.body()
        steps = self.path.split("?")[0].strip("/").split("/")
        if len(steps) == 1:
            self.server.made.append(steps[0])
            self.answer(200, {"acknowledged": True})
        elif self.server.refuses:
            self.answer(503, {"error": {"type": "cluster_block_exception", "reason": "no master"}})
        else:
            if body["number"] not in self.server.loses:
                self.server.documents[steps[2]] = body
            self.answer(201, {"result": "created"})

    def do_POST(self) -> None:
        body = self.body()
        if "_search" not in self.path:
            self.answer(200, {})
            return
        after = (body.get("search_after") or [-1])[0]
        numbers = sorted(doc["number"] for doc in self.server.documents.values() if doc["number"] > after)
        hits = [{"_id": str(number), "sort": [number]} for number in numbers[: body["size"]]]
        self.answer(200, {"hits": {"hits": hits}})

    def do_DELETE(self) -> None:
        self.server.made.remove(self.path.strip("/"))
        self.answer(200, {"acknowledged": True})


@pytest.fixture
def index() -> Iterator[Index]:
    with Index() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Loop(Hub):
    """As much of the runner as a prober sees."""

    def __init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.ends: dict[int, tuple[Outcome, Optional[Mapping[str, Any]]]] = {}

    def watch(self, sock: Watched, events: int, ready: Callable[[int], None]) -> None:
        self.selector.register(sock, events, ready)

    def unwatch(self, sock: Watched) -> None:
        self.selector.unregister(sock)

    def done(self, seq: int, outcome: Outcome, detail: Optional[Mapping[str, Any]] = None) -> None:
        self.ends[seq] = (outcome, detail)

    def waits(self, seq: int) -> bool:
        return seq not in self.ends

    def age_us(self, seq: int) -> int:
        return 0

    def run_until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline
            for key, mask in self.selector.select(0.05):
                key.data(mask)


def spec_of(index: Index, **more: Any) -> ProbeSpec:
    port = index.server_address[1]
    return parse_probe({"name": "Docs", "kind": "elasticsearch", "target": "127.0.0.1", "port": port, **more})


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
