# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe for an elected master, against nodes that say what the test says, over real sockets."""

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
from drill.probe.masters import MasterProber
from drill.probe.prober import Hub, Watched
from drill.probe.spec import SpecError, parse_probe


class Node(ThreadingHTTPServer):
    """Follows a master, or none (503), or hangs for a while."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.master = "a"
        self.delay = 0.0


class Handler(BaseHTTPRequestHandler):
    server: Node

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        time.sleep(self.server.delay)
        master = self.server.master
        data: Any = {"master_node": f"id-{master}", "nodes": {f"id-{master}": {"name": master}, "id-x": {"name": "x"}}}
        body = json.dumps(data if master else {"error": "master_not_discovered_exception"}).encode()
        self.send_response(200 if master else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def nodes() -> Iterator[list[Node]]:
    found = [Node() for _number in range(3)]
    threads = [
        threading.Thread(target=node.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True) for node in found
    ]
    for thread in threads:
        thread.start()
    yield found
    for node, thread in zip(found, threads):
        node.shutdown()
        thread.join()
        node.server_close()


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


@pytest.fixture
def started(nodes: list[Node]) -> Iterator[tuple[MasterProber, Loop]]:
    ports = [node.server_address[1] for node in nodes]
    seeds = [f"127.0.0.1:{port}" for port in ports[1:]]
    raw = {"name": "m", "kind": "elasticsearch_master", "target": "127.0.0.1", "port": ports[0], "seeds": seeds}
    hub = Loop()
    prober = MasterProber(parse_probe(raw), hub)
    prober.open()
    yield prober, hub
    prober.close()
    hub.selector.close()


def test_a_majority_that_agrees_is_an_answer(nodes: list[Node], started: tuple[MasterProber, Loop]) -> None:
    prober, hub = started
    nodes[2].master = ""
    prober.send(1)
    hub.run_until(lambda: 1 in hub.ends)
    assert hub.ends[1] == (Outcome.OK, {"who": "a"})


def test_one_that_is_alone_with_its_office_is_none(nodes: list[Node], started: tuple[MasterProber, Loop]) -> None:
    prober, hub = started
    nodes[1].master = nodes[2].master = ""
    prober.send(1)
    hub.run_until(lambda: prober._said[1]["a"] == 1 and 1 in prober._why)
    answer = prober.abandon(1)
    assert answer is not None
    assert answer.outcome is Outcome.TIMEOUT
    assert answer.detail == {"why": "1 of 3 follow a"}
    assert hub.ends == {}


def test_three_opinions_are_no_master(nodes: list[Node], started: tuple[MasterProber, Loop]) -> None:
    prober, hub = started
    for node, name in zip(nodes, "abc"):
        node.master = name
    prober.send(1)
    hub.run_until(lambda: sum(prober._said[1].values()) == 3)
    assert hub.ends == {}


def test_a_late_answer_of_one_attempt_does_not_count_for_another(
    nodes: list[Node], started: tuple[MasterProber, Loop]
) -> None:
    prober, hub = started
    nodes[0].delay = nodes[1].delay = 0.3
    prober.send(1)
    assert prober.abandon(1) is not None
    for node in nodes:
        node.delay, node.master = 0.0, ""
    prober.send(2)
    time.sleep(0.5)
    hub.run_until(lambda: 2 in prober._why)
    assert hub.ends == {}


def test_without_any_master_the_words_of_a_node_are_told(nodes: list[Node], started: tuple[MasterProber, Loop]) -> None:
    prober, hub = started
    for node in nodes:
        node.master = ""
    prober.send(1)
    hub.run_until(lambda: 1 in prober._why)
    answer = prober.abandon(1)
    assert answer is not None
    assert answer.detail is not None
    assert "master_not_discovered" in answer.detail["why"]


def test_documents_options_are_no_options_of_it() -> None:
    with pytest.raises(SpecError, match="unknown option 'shards' for elasticsearch_master"):
        parse_probe({"name": "m", "kind": "elasticsearch_master", "target": "x", "port": 9200, "shards": 3})
