# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``metrics --listen``: one page over HTTP. Without TLS and without passwords: bind it to an address that only your
monitoring reaches."""

from __future__ import annotations

import http.server
import socket
import threading
from typing import Any, Callable

from ..control.exposition import CONTENT_TYPE
from .main import DEGRADED, OK
from .output import say

#: A client that says nothing for this long is left (seconds).
PATIENCE_S = 5.0
MAX_CLIENTS = 16


def serve(address: tuple[str, int], page: Callable[[], str]) -> int:
    """Serve until interrupted; 1 if the address cannot be bound."""
    try:
        server = make_server(address, page)
    except OSError as error:
        say(f"cannot listen on {address[0]}:{address[1]}: {error.strerror or error}", ok=False)
        return DEGRADED
    with server:
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            pass  # asked to end
    return OK


def make_server(address: tuple[str, int], page: Callable[[], str]) -> http.server.HTTPServer:
    """A server that is bound and listens. Raises OSError."""

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = PATIENCE_S
        server_version, sys_version = "heartbeat", ""

        def do_GET(self) -> None:
            if self.path.split("?", 1)[0] != "/metrics":
                self.send_error(404, "only /metrics is served here")
                return
            content = page().encode()
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Scrapes are not worth a line each."""

    slots = threading.BoundedSemaphore(MAX_CLIENTS)

    class Server(http.server.ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        daemon_threads = True
        request_queue_size = MAX_CLIENTS

        def process_request(self, request: Any, client_address: Any) -> None:
            if slots.acquire(blocking=False):
                super().process_request(request, client_address)
            else:
                self.shutdown_request(request)

        def process_request_thread(self, request: Any, client_address: Any) -> None:
            try:
                super().process_request_thread(request, client_address)
            finally:
                slots.release()

    return Server(address, Handler)
