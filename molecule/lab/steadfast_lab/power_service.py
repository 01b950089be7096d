# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's power strip: a small HTTP service on the bridge's own address, for fence agents on the nodes.

`GET /v1/power/NODE` tells the state; `POST /v1/power/NODE/{off,on,cycle}` changes it and answers when it is done.
Every request carries `Authorization: Bearer TOKEN` with the lab's random token. Answers are JSON objects; an error has
the key `error`. Power-off is answered only when the node is provably dead, as fencing demands.
"""

from __future__ import annotations

import hmac
import json
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Protocol

from .errors import LabError


class PowerStrip(Protocol):
    """What the service drives."""

    def power_off(self, node: str) -> dict[str, Any]:
        """Take power."""

    def power_on(self, node: str, *, wait: bool = True) -> dict[str, Any]:
        """Give power."""

    def power_state(self, node: str) -> str:
        """Return on, off or paused."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True
    server: PowerServer

    def log_message(self, format: str, *args: Any) -> None:
        """Leave the log to the agent."""

    def do_GET(self) -> None:
        self._handle(changing=False)

    def do_POST(self) -> None:
        # A body has no meaning here; it is read so that the connection stays in step.
        length = self.headers.get("Content-Length", "0")
        self.rfile.read(min(int(length), 65536) if length.isdigit() else 0)
        self._handle(changing=True)

    def _handle(self, *, changing: bool) -> None:
        given = self.headers.get("Authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, f"Bearer {self.server.token}".encode()):
            self._answer(401, {"error": "missing or wrong token"})
            return
        steps = self.path.strip("/").split("/")
        if steps[:2] != ["v1", "power"] or len(steps) != (4 if changing else 3):
            self._answer(404, {"error": "use GET /v1/power/NODE or POST /v1/power/NODE/{off,on,cycle}"})
            return
        try:
            strip = self.server.open_lab()
            if changing:
                self._change(strip, steps[2], steps[3])
            else:
                self._answer(200, {"node": steps[2], "power": strip.power_state(steps[2])})
        except LabError as error:
            self._answer(409, {"error": str(error)})

    def _change(self, strip: PowerStrip, node: str, action: str) -> None:
        if action not in ("off", "on", "cycle"):
            self._answer(404, {"error": f"unknown action {action}; there are: off, on, cycle"})
            return
        report: dict[str, Any] = {}
        if action in ("off", "cycle"):
            report = strip.power_off(node)
        if action in ("on", "cycle"):
            report = strip.power_on(node, wait=False)
        self._answer(200, report)

    def _answer(self, status: int, data: dict[str, Any]) -> None:
        body = (json.dumps(data) + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            # The asker may be the node that has just lost its power.
            self.close_connection = True


class PowerServer(ThreadingHTTPServer):
    """The service on a socket that somebody else opened in the lab's namespace."""

    daemon_threads = True

    def __init__(self, listener: socket.socket, token: str, open_lab: Callable[[], PowerStrip]) -> None:
        self.token = token
        self.open_lab = open_lab
        super().__init__(listener.getsockname()[:2], _Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is not an event."""
