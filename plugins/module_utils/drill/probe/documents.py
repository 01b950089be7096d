# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbered documents, written to an Elasticsearch cluster as an application would: what fails is tried again elsewhere.

An attempt is good when a node has acknowledged the document before the probe's timeout. Writing a number twice is
harmless, since it is also the document's id. Requests block, so threads do the writing; a node that does not answer
within ``PATIENCE_SECONDS`` is given up for the moment and another one asked.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import selectors
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from queue import SimpleQueue
from typing import Any, NamedTuple, Optional

from ..model import Outcome
from .prober import Answer
from .spec import ProbeSpec
from .writes import ReadError, WriteProber

__all__ = ["DocumentProber", "read_documents"]

PAUSE_SECONDS = 0.05
PATIENCE_SECONDS = 2.0
READ_SECONDS = 60.0
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
        self._index = _index(self.spec, self.run_id)
        self._make_index()
        self._jobs: SimpleQueue[Optional[int]] = SimpleQueue()
        self._results: deque[_Result] = deque()
        self._waiting: set[int] = set()
        """Attempts that may still be good; only the runner's own thread changes it."""
        self._why: dict[int, str] = {}
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self.hub.watch(self._wake_read, selectors.EVENT_READ, lambda _mask: self._collect())
        # Daemons: one that hangs in a connection must not keep the run from ending.
        for _number in range(WORKERS):
            threading.Thread(target=self._work, daemon=True).start()

    def send(self, seq: int) -> None:
        """Hand the document to whoever is free next."""
        self._waiting.add(seq)
        self._jobs.put(seq)

    def abandon(self, seq: int) -> Optional[Answer]:
        """Give the document up; its thread notices before it would try again."""
        self._waiting.discard(seq)
        why = self._why.pop(seq, "no writer was free")
        return Answer(Outcome.TIMEOUT, {"why": why}, self.hub.age_us(seq))

    def close(self) -> None:
        """Let the threads go."""
        self._waiting.clear()
        for _number in range(WORKERS):
            self._jobs.put(None)
        self.hub.unwatch(self._wake_read)
        # The pipe stays open: a thread may be about to write to it, and the process ends soon.

    def _make_index(self) -> None:
        options = self.spec.options
        settings = {"number_of_shards": options.get("shards", 1), "number_of_replicas": options.get("replicas", 1)}
        body = {"settings": settings, "mappings": {"properties": {"number": {"type": "long"}}}}
        problem = ""
        for place in self._places:
            try:
                ask(place, "PUT", f"/{self._index}", body, READ_SECONDS)
                return
            except ValueError as error:
                if "resource_already_exists" in str(error):
                    return
                problem = str(error)
            except OSError as error:
                problem = str(error)
        raise OSError(f"no node made the index {self._index}: {problem}")

    def _collect(self) -> None:
        try:
            os.read(self._wake_read, 4096)
        except BlockingIOError:
            pass
        while self._results:
            result = self._results.popleft()
            self._waiting.discard(result.seq)
            self._why.pop(result.seq, None)
            self.hub.done(result.seq, result.outcome, result.detail)

    def _work(self) -> None:
        while (seq := self._jobs.get()) is not None:
            if seq in self._waiting:
                self._results.append(self._write(seq))
                try:
                    os.write(self._wake_write, b".")
                except BlockingIOError:
                    # It is full of wake-ups already.
                    pass

    def _write(self, seq: int) -> _Result:
        """Write until it is acknowledged or given up, each time by another node."""
        why = "unanswered"
        while seq in self._waiting:
            self._why[seq] = why
            place = self._places[next(self._turn) % len(self._places)]
            try:
                ask(
                    place,
                    "PUT",
                    f"/{self._index}/_doc/{seq}?timeout={round(PATIENCE_SECONDS * 1000)}ms",
                    {"number": seq},
                )
                return _Result(seq, Outcome.OK, {"by": place[0]})
            except (OSError, ValueError) as error:
                why = f"{place[0]}: {error}"[:200]
            time.sleep(PAUSE_SECONDS)
        return _Result(seq, Outcome.TIMEOUT, {"why": why})


def read_documents(spec: ProbeSpec, run_id: str) -> list[int]:
    """Every number that is found afterwards, and the index removed. Raises ReadError."""
    deadline = time.monotonic() + READ_SECONDS
    nodes: Sequence[tuple[str, int]] = places(spec)
    index = _index(spec, run_id)
    for place in itertools.cycle(nodes):
        try:
            found = _read_from(place, index)
        except (OSError, ValueError) as error:
            if time.monotonic() > deadline:
                raise ReadError(f"{place[0]}: {error}") from None
            time.sleep(0.5)
            continue
        try:
            ask(place, "DELETE", f"/{index}", timeout=READ_SECONDS)
        except (OSError, ValueError):
            # What was found counts; an index that stays is only in the way.
            pass
        return found
    raise ReadError("there is no node to ask")


def _read_from(place: tuple[str, int], index: str) -> list[int]:
    ask(place, "POST", f"/{index}/_refresh", timeout=READ_SECONDS)
    found: list[int] = []
    after: list[Any] = []
    while True:
        query: dict[str, Any] = {"size": PAGE, "sort": [{"number": "asc"}], "_source": False}
        if after:
            query["search_after"] = after
        answer = ask(place, "POST", f"/{index}/_search?allow_partial_search_results=false", query, READ_SECONDS)
        hits = answer["hits"]["hits"]
        found += [int(hit["_id"]) for hit in hits]
        if len(hits) < PAGE:
            return found
        after = hits[-1]["sort"]
