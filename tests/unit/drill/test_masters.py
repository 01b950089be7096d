# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probes for an elected master and for health, against nodes that say what the test says, over real sockets."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from stand_in import Asked, Loop, serving

from drill.model import Outcome
from drill.probe.health import HealthProber
from drill.probe.masters import MasterProber
from drill.probe.spec import ProbeSpec, SpecError, parse_probe


class Node:
    """Follows a master, or none (503), or hangs for a while."""

    def __init__(self) -> None:
        self.port = 0
        self.master = "a"
        self.delay = 0.0
        self.colour = "green"

    def answers(self, asked: Asked) -> tuple[int, Any]:
        time.sleep(self.delay)
        if not self.master:
            return 503, {"error": "master_not_discovered_exception"}
        if asked.path == "/_cluster/health":
            return 200, {"status": self.colour, "unassigned_shards": 3}
        names = {f"id-{self.master}": {"name": self.master}, "id-x": {"name": "x"}}
        return 200, {"master_node": f"id-{self.master}", "nodes": names}


@pytest.fixture
def nodes() -> Iterator[list[Node]]:
    found = [Node() for _number in range(3)]
    with ExitStack() as stack:
        for node in found:
            node.port = stack.enter_context(serving(node.answers))
        yield found


def spec_of(nodes: list[Node], kind: str) -> ProbeSpec:
    seeds = [f"127.0.0.1:{node.port}" for node in nodes[1:]]
    return parse_probe({"name": "m", "kind": kind, "target": "127.0.0.1", "port": nodes[0].port, "seeds": seeds})


@pytest.fixture
def started(nodes: list[Node]) -> Iterator[tuple[MasterProber, Loop]]:
    hub = Loop()
    prober = MasterProber(spec_of(nodes, "elasticsearch_master"), hub)
    prober.open()
    yield prober, hub
    prober.close()
    hub.selector.close()


@pytest.fixture
def watching(nodes: list[Node]) -> Iterator[tuple[HealthProber, Loop]]:
    hub = Loop()
    prober = HealthProber(spec_of(nodes, "elasticsearch_health"), hub)
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
    hub.run_until(lambda: "follow" in prober._why.get(1, ""))
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
    hub.run_until(lambda: prober._why.get(1, "").count("1 of 3 follow") == 3)
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


@pytest.mark.parametrize("colour", ["green", "yellow"])
def test_shards_that_are_served_are_well(nodes: list[Node], watching: tuple[HealthProber, Loop], colour: str) -> None:
    prober, hub = watching
    # A node without a master says nothing of the colour.
    nodes[0].master = ""
    nodes[1].colour = nodes[2].colour = colour
    prober.send(1)
    hub.run_until(lambda: 1 in hub.ends)
    assert hub.ends[1] == (Outcome.OK, {"status": colour})


def test_red_is_a_wrong_answer(nodes: list[Node], watching: tuple[HealthProber, Loop]) -> None:
    prober, hub = watching
    for node in nodes:
        node.colour = "red"
    prober.send(1)
    hub.run_until(lambda: 1 in hub.ends)
    assert hub.ends[1] == (Outcome.WRONG, {"status": "red", "why": "red, 3 shards have no place"})


def test_without_a_master_nobody_knows_the_colour(nodes: list[Node], watching: tuple[HealthProber, Loop]) -> None:
    prober, hub = watching
    for node in nodes:
        node.master, node.colour = "", "red"
    prober.send(1)
    hub.run_until(lambda: 1 in prober._why)
    answer = prober.abandon(1)
    assert answer is not None
    assert answer.outcome is Outcome.TIMEOUT
    assert hub.ends == {}
