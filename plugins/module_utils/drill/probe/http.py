# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP and HTTPS GET: does a client get the right page, in its session, and from whom?"""

from __future__ import annotations

import re
import selectors
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Optional
from urllib.parse import urlsplit

from ..model import Outcome
from .connecting import Connection, open_connection
from .http_wire import HttpError, Response, ResponseReader, request_bytes
from .prober import Answer, Endpoint, Prober, outcome_of, resolve

__all__ = ["HttpCheck", "HttpProber", "tls_context"]

READ_BYTES = 65536


def tls_context(options: Mapping[str, Any]) -> Optional[ssl.SSLContext]:
    """The client side of TLS as the options ask for it; None for plain HTTP."""
    if not options.get("tls"):
        return None
    context = ssl.create_default_context(cafile=options.get("ca_file"))
    if options.get("verify_tls") is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class HttpCheck:
    """What a good answer looks like, and the session that the answers build up. No I/O."""

    def __init__(self, options: Mapping[str, Any], target: str, port: Optional[int]) -> None:
        tls = bool(options.get("tls"))
        self.port = port or (443 if tls else 80)
        shown = f"[{target}]" if ":" in target else target
        self.host = options.get("host") or (shown if self.port == (443 if tls else 80) else f"{shown}:{self.port}")
        self.server_name = urlsplit(f"//{self.host}").hostname or target
        self.path = options.get("path") or "/"
        self.statuses = frozenset(int(item) for item in options.get("expect_status") or ())
        body, identify = options.get("expect_body"), options.get("identify")
        self.body = re.compile(body) if body else None
        self.identify = re.compile(identify) if identify else None
        self.keep_session = bool(options.get("session"))
        self.cookies: dict[str, str] = {}
        for part in (options.get("cookie") or "").split(";"):
            name, equals, value = part.strip().partition("=")
            if equals:
                self.cookies[name] = value

    def request(self, keep: bool = False) -> bytes:
        """The bytes to send."""
        headers = {"User-Agent": "steadfast-drill", "Accept": "*/*"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return request_bytes(self.host, self.path, headers, keep)

    def judge(self, response: Response) -> tuple[Outcome, dict[str, Any]]:
        """Whether the answer is the expected one; the detail says who gave it and what is wrong."""
        detail: dict[str, Any] = {}
        text = response.body.decode("utf-8", "replace")
        if self.identify is not None:
            head = "\n".join(f"{name}: {value}" for name, value in response.headers)
            found = self.identify.search(f"{head}\n\n{text}")
            if found:
                detail["who"] = (found.group(1) if found.groups() else found.group(0))[:64]
        if self.keep_session:
            self._remember(response)
        good = response.status in self.statuses if self.statuses else 200 <= response.status < 400
        if not good:
            return Outcome.WRONG, {**detail, "status": response.status}
        if self.body is not None and not self.body.search(text):
            return Outcome.WRONG, {**detail, "status": response.status, "why": f"body lacks {self.body.pattern!r}"}
        return Outcome.OK, detail

    def _remember(self, response: Response) -> None:
        for line in response.all("set-cookie"):
            name, equals, value = line.split(";")[0].strip().partition("=")
            if equals:
                self.cookies[name] = value


class _Exchange:
    """One request and its answer on an established connection, driven by socket readiness."""

    def __init__(self, prober: HttpProber, seq: int, connection: Connection) -> None:
        self.prober = prober
        self.seq = seq
        self.connection = connection
        self.out = prober.check.request()
        self.reader = ResponseReader()
        self.handshake: Optional[Callable[[], None]] = None

    def start(self) -> None:
        """Shake hands if TLS is wanted, then ask."""
        context = self.prober.context
        if context is not None:
            # The TLS socket takes the descriptor over; the plain one must not be watched on.
            self.connection.hub.unwatch(self.connection.sock)
            try:
                wrapped = context.wrap_socket(
                    self.connection.sock, server_hostname=self.prober.check.server_name, do_handshake_on_connect=False
                )
            except OSError as error:
                self.prober.end(self.seq, outcome_of(error.errno))
                return
            self.connection.sock = wrapped
            self.handshake = wrapped.do_handshake
        self.step(0)

    def step(self, _mask: int) -> None:
        """Go on as far as the socket lets us."""
        try:
            self._advance(self.connection.sock)
        except (ssl.SSLWantReadError, BlockingIOError):
            self._wait(selectors.EVENT_READ)
        except ssl.SSLWantWriteError:
            self._wait(selectors.EVENT_WRITE)
        except (HttpError, ssl.SSLError) as error:
            self.prober.end(self.seq, Outcome.WRONG, {"why": str(error)[:120]})
        except OSError as error:
            self.prober.end(self.seq, outcome_of(error.errno))

    def _advance(self, sock: socket.socket) -> None:
        if self.handshake is not None:
            self.handshake()
            self.handshake = None
        while self.out:
            try:
                self.out = self.out[sock.send(self.out) :]
            except BlockingIOError:
                self._wait(selectors.EVENT_WRITE)
                return
        while True:
            chunk = sock.recv(READ_BYTES)
            response = self.reader.feed(chunk) if chunk else self.reader.finish()
            if response is not None:
                self.prober.end(self.seq, *self.prober.check.judge(response))
                return

    def _wait(self, events: int) -> None:
        self.connection.hub.watch(self.connection.sock, events, self.step)


class HttpProber(Prober):
    """Each attempt is a GET on a connection of its own; many may be under way at once.

    Options: ``path``, ``host``, ``tls``, ``verify_tls``, ``ca_file``, ``expect_status`` (list,
    default 200-399), ``expect_body`` (regular expression), ``cookie`` ("name=value; …"),
    ``session`` (send back the cookies the server sets), ``identify`` (regular expression over
    "name: value" header lines, an empty line and the body; its first group names who answered).
    """

    def open(self) -> None:
        """Resolve the target and get the shared parts ready."""
        self.check = HttpCheck(self.spec.options, self.spec.target, self.spec.port)
        self.check.request()
        self.context = tls_context(self.spec.options)
        family, address = resolve(self.spec, socket.SOCK_STREAM)
        self.endpoint = Endpoint(family, (address[0], self.check.port, *address[2:]))
        self.connections: dict[int, Connection] = {}

    def send(self, seq: int) -> None:
        """Start an attempt."""

        def failed(outcome: Outcome, why: str) -> None:
            self.end(seq, outcome, {"why": why} if outcome is Outcome.LOCAL else None)

        def connected(connection: Connection) -> None:
            _Exchange(self, seq, connection).start()

        connection = open_connection(self.spec, self.endpoint, self.hub, connected, failed)
        if connection is not None:
            self.connections[seq] = connection

    def end(self, seq: int, outcome: Outcome, detail: Optional[Mapping[str, Any]] = None) -> None:
        """An exchange is over."""
        self.abandon(seq)
        self.hub.done(seq, outcome, detail or None)

    def abandon(self, seq: int) -> Optional[Answer]:
        """Drop what the attempt holds."""
        connection = self.connections.pop(seq, None)
        if connection is not None:
            connection.close()
        return None

    def close(self) -> None:
        """Drop everything."""
        for seq in list(self.connections):
            self.abandon(seq)
