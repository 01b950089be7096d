# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that answers what a test says, over real sockets, and as much of the runner as a prober sees."""

from __future__ import annotations

import base64
import json
import selectors
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Optional

from drill.model import Outcome
from drill.probe.prober import Hub, Watched


class Asked(NamedTuple):
    """What came in; path without a query."""

    method: str
    path: str
    body: Any
    user: str
    """name:password, empty for nobody."""


Answers = Callable[[Asked], tuple[int, Any]]
"""To status and body."""


class _Server(ThreadingHTTPServer):
    def __init__(self, answers: Answers) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = answers


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def answer(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        _kind, _blank, pair = self.headers.get("Authorization", "").partition(" ")
        user = base64.b64decode(pair).decode()
        path = self.path.partition("?")[0]
        status, data = self.server.answers(Asked(self.command, path, json.loads(text or b"null"), user))
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_POST = do_DELETE = answer


@contextmanager
def serving(answers: Answers) -> Iterator[int]:
    """Serve until the block ends; its port."""
    with _Server(answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


class Loop(Hub):
    """Ends of attempts by their number; the test says how long to go on."""

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
