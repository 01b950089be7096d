# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbered documents, written to an Elasticsearch cluster as an application would: what fails is tried again elsewhere.

An attempt is good when a node has acknowledged the document before the probe's timeout. Writing a number twice is
harmless, since it is also the document's id. Requests block, so threads do the writing; a node that does not answer in
half of the probe's timeout, ``PATIENCE_SECONDS`` at most, is given up and another one asked. After that it is left
alone for a while, as client libraries do, unless all have failed.
"""

from __future__ import annotations

import http.client
import itertools
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

from ..model import Outcome
from .crew import Crew
from .prober import Answer
from .spec import ProbeSpec
from .writes import ReadError, WriteProber

__all__ = ["DocumentProber", "ask", "places", "read_documents"]

PAUSE_SECONDS = 0.05
PATIENCE_SECONDS = 2.0
LEFT_ALONE_SECONDS = 5.0
READ_SECONDS = 60.0
READ_PATIENCE_SECONDS = 10.0
"""For one answer before and after the writing, after which another node is asked."""
HAS_MASTER = "/_cluster/health?master_timeout=1s&filter_path=status"
"""A node that is cut off lets an index that is to be made wait, and may find documents: those of before."""
WORKERS = 16
"""More would only compete with the cluster for the processor; what is due while all are busy waits for its turn."""
PAGE = 5000


class _Result(NamedTuple):
    seq: int
    outcome: Outcome
    detail: Optional[Mapping[str, Any]]


def places(spec: ProbeSpec) -> list[tuple[str, int]]:
    """All nodes that may be asked, the target first."""
    found = [(spec.target, spec.port or 0)]
    for seed in spec.options.get("seeds", []):
        host, _colon, port = str(seed).rpartition(":")
        found.append((host.strip("[]"), int(port)))
    return found


def _index(spec: ProbeSpec, run_id: str) -> str:
    """The index of this probe in this run: drills of a day do not find each other's documents."""
    return f"steadfast-drill-{run_id}-{spec.name}".lower()


def ask(place: tuple[str, int], method: str, path: str, body: Any = None, timeout: float = PATIENCE_SECONDS) -> Any:
    """The answer of one node as data. Raises OSError when there is none, ValueError with its words for an error."""
    connection = http.client.HTTPConnection(place[0], place[1], timeout=timeout)
    try:
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Content-Type": "application/json"} if text else {})
        answer = connection.getresponse()
        data = answer.read().decode("utf-8", "replace")
    except http.client.HTTPException as error:
        raise OSError(f"{type(error).__name__}: {error}") from None
    finally:
        connection.close()
    if answer.status >= 400:
        raise ValueError(f"{answer.status} {data[:160]}")
    return json.loads(data or "null")


class DocumentProber(WriteProber):
    """Hands each document to a thread and reports what it brings back."""

    def open(self) -> None:
        """Make the index, so that the first document does not wait for it. Raises OSError."""
        self._places = places(self.spec)
        self._turn = itertools.count()
        self._patience = min(PATIENCE_SECONDS, self.spec.timeout_us / 2_000_000)
        self._failed_at: dict[tuple[str, int], float] = {}
        self._index = _index(self.spec, self.run_id)
        self._make_index()
        self._waiting: set[int] = set()
        """Attempts that may still be good; only the runner's own thread changes it."""
        self._why: dict[int, str] = {}
        self._crew: Crew[int, _Result] = Crew(self.hub, self._write, self._end)
        self._crew.start(WORKERS)

    def send(self, seq: int) -> None:
        """Hand the document to whoever is free next."""
        self._waiting.add(seq)
        self._crew.put(seq)

    def abandon(self, seq: int) -> Optional[Answer]:
        """Give the document up; its thread notices before it would try again."""
        self._waiting.discard(seq)
        why = self._why.pop(seq, "no writer was free")
        return Answer(Outcome.TIMEOUT, {"why": why}, self.hub.age_us(seq))

    def close(self) -> None:
        """Let the threads go."""
        self._waiting.clear()
        self._crew.close()

    def _make_index(self) -> None:
        options = self.spec.options
        settings = {"number_of_shards": options.get("shards", 1), "number_of_replicas": options.get("replicas", 1)}
        body = {"settings": settings, "mappings": {"properties": {"number": {"type": "long"}}}}
        problem = ""
        for place in self._places:
            try:
                ask(place, "GET", HAS_MASTER)
                ask(place, "PUT", f"/{self._index}", body, READ_PATIENCE_SECONDS)
                return
            except ValueError as error:
                if "resource_already_exists" in str(error):
                    return
                problem = str(error)
            except OSError as error:
                problem = str(error)
        raise OSError(f"no node made the index {self._index}: {problem}")

    def _end(self, result: _Result) -> None:
        self._waiting.discard(result.seq)
        self._why.pop(result.seq, None)
        self.hub.done(result.seq, result.outcome, result.detail)

    def _next_place(self) -> tuple[str, int]:
        """Nodes in turn; one that has failed only after a while, or when all have."""
        before = time.monotonic() - LEFT_ALONE_SECONDS
        good = [place for place in self._places if self._failed_at.get(place, before) <= before] or self._places
        return good[next(self._turn) % len(good)]

    def _write(self, seq: int) -> Optional[_Result]:
        """Write until it is acknowledged, each time by another node. None when it was given up before or meanwhile."""
        why = "unanswered"
        while seq in self._waiting:
            self._why[seq] = why
            place = self._next_place()
            path = f"/{self._index}/_doc/{seq}?timeout={round(self._patience * 1000)}ms"
            try:
                ask(place, "PUT", path, {"number": seq}, self._patience)
                return _Result(seq, Outcome.OK, {"by": place[0]})
            except (OSError, ValueError) as error:
                self._failed_at[place] = time.monotonic()
                why = f"{place[0]}: {error}"[:200]
            time.sleep(PAUSE_SECONDS)
        return None


def read_documents(spec: ProbeSpec, run_id: str) -> list[int]:
    """Every number that is found afterwards, and the index removed. Raises ReadError."""
    deadline = time.monotonic() + READ_SECONDS
    nodes: Sequence[tuple[str, int]] = places(spec)
    index = _index(spec, run_id)
    for place in itertools.cycle(nodes):
        try:
            ask(place, "GET", HAS_MASTER)
            found = _read_from(place, index)
        except (OSError, ValueError) as error:
            if time.monotonic() > deadline:
                raise ReadError(f"{place[0]}: {error}") from None
            time.sleep(0.5)
            continue
        try:
            ask(place, "DELETE", f"/{index}", timeout=READ_PATIENCE_SECONDS)
        except (OSError, ValueError):
            # What was found counts; an index that stays is only in the way.
            pass
        return found
    raise ReadError("there is no node to ask")


def _read_from(place: tuple[str, int], index: str) -> list[int]:
    ask(place, "POST", f"/{index}/_refresh", timeout=READ_PATIENCE_SECONDS)
    found: list[int] = []
    after: list[Any] = []
    while True:
        query: dict[str, Any] = {"size": PAGE, "sort": [{"number": "asc"}], "_source": False}
        if after:
            query["search_after"] = after
        answer = ask(
            place, "POST", f"/{index}/_search?allow_partial_search_results=false", query, READ_PATIENCE_SECONDS
        )
        hits = answer["hits"]["hits"]
        found += [int(hit["_id"]) for hit in hits]
        if len(hits) < PAGE:
            return found
        after = hits[-1]["sort"]
