# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""As much AJP/1.3 as a health check needs: CPing, and a GET with or without the secret.

Source: Apache Tomcat Connectors, AJP Protocol Reference v1.3.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Callable, Optional

__all__ = ["AjpError", "Answer", "cping", "get", "refusals", "status_of"]

CPING, FORWARD, GET = 10, 2, 2
CPONG, SEND_HEADERS, BODY_CHUNK, END_RESPONSE = 9, 4, 3, 5
REQUEST_ATTRIBUTE_QUERY, REQUEST_ATTRIBUTE_SECRET = 0x05, 0x0C
END = 0xFF
#: Names of headers have numbers, from this first byte on.
NUMBERED = 0xA0
HOST, COOKIE, SET_COOKIE = b"\xa0\x0b", b"\xa0\x09", b"\xa0\x07"
MAX_PACKET = 65536
#: How a connector answers a wrong secret, whatever it was asked for.
FORBIDDEN = 403
#: A page that nobody has, so that no application answers in its place.
NOWHERE = "/steadfast-asks-for-a-page-that-nobody-has"


class AjpError(RuntimeError):
    """Nobody answered as AJP wants it; the text says what came instead."""


@dataclass(frozen=True)
class Answer:
    """What a page was answered with. cookies: text of each Set-Cookie header; body: what it says."""

    status: int
    cookies: tuple[str, ...]
    body: bytes = b""


def packet(payload: bytes) -> bytes:
    """A packet from the web server to the container."""
    return b"\x12\x34" + struct.pack(">H", len(payload)) + payload


def string(text: str) -> bytes:
    """A string: length, bytes, zero."""
    raw = text.encode("utf-8")
    return struct.pack(">H", len(raw)) + raw + b"\0"


def forward(path: str, host: str, secret: Optional[str], cookie: str = "") -> bytes:
    """A FORWARD_REQUEST packet for a GET from 127.0.0.1. cookie: text of the Cookie header, '' for none."""
    place, _mark, query = path.partition("?")
    payload = bytes([FORWARD, GET]) + string("HTTP/1.1") + string(place) + string("127.0.0.1") + string("localhost")
    payload += string(host) + struct.pack(">H", 80) + b"\0"
    headers = [HOST + string(host)] + ([COOKIE + string(cookie)] if cookie else [])
    payload += struct.pack(">H", len(headers)) + b"".join(headers)
    if query:
        payload += bytes([REQUEST_ATTRIBUTE_QUERY]) + string(query)
    if secret is not None:
        payload += bytes([REQUEST_ATTRIBUTE_SECRET]) + string(secret)
    return packet(payload + bytes([END]))


def _exactly(sock: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        chunk = sock.recv(count - len(found))
        if not chunk:
            raise AjpError("the connection was closed without an answer")
        found += chunk
    return found


def answer(sock: socket.socket) -> bytes:
    """Read one packet from the container. Raises AjpError, OSError."""
    head = _exactly(sock, 4)
    if head[:2] != b"AB":
        raise AjpError(f"it does not speak AJP, it said {head!r}")
    (length,) = struct.unpack(">H", head[2:])
    if not 0 < length < MAX_PACKET:
        raise AjpError(f"a packet of {length} bytes")
    return _exactly(sock, length)


def _ask(address: str, port: int, request: bytes, timeout: float, is_last: Callable[[bytes], bool]) -> list[bytes]:
    """Return the packets of an answer, up to one that is_last. Raises AjpError."""
    try:
        with socket.create_connection((address, port), timeout) as sock:
            sock.settimeout(timeout)
            sock.sendall(request)
            found = [answer(sock)]
            while not is_last(found[-1]):
                found.append(answer(sock))
            return found
    except OSError as error:
        raise AjpError(str(error)) from None


def _any(_packet: bytes) -> bool:
    return True


def cping(address: str, port: int, timeout: float = 3.0) -> None:
    """Ask whether somebody is there; returns when he says so. timeout: seconds. Raises AjpError."""
    found = _ask(address, port, packet(bytes([CPING])), timeout, _any)[0]
    if found[0] != CPONG:
        raise AjpError(f"answered CPing with a packet of kind {found[0]}")


def _headers(payload: bytes) -> Answer:
    """Read a SEND_HEADERS packet. Raises AjpError for one that ends too early."""
    at = 1

    def number() -> int:
        nonlocal at
        if at + 2 > len(payload):
            raise AjpError("answered a request with a packet that is cut off")
        at += 2
        return int(struct.unpack(">H", payload[at - 2 : at])[0])

    def text() -> str:
        nonlocal at
        length = number()
        at += length + 1
        return payload[at - length - 1 : at - 1].decode("utf-8", "replace")

    status = number()
    text()
    cookies = []
    for _count in range(number()):
        begin = at
        if payload[at : at + 1] == bytes([NUMBERED]):
            number()
            is_cookie = payload[begin:at] == SET_COOKIE
        else:
            is_cookie = text().lower() == "set-cookie"
        value = text()
        cookies += [value] if is_cookie else []
    return Answer(status, tuple(cookies))


def get(
    address: str,
    port: int,
    path: str,
    secret: Optional[str],
    *,
    host: str = "localhost",
    cookie: str = "",
    timeout: float = 10.0,
    has_body: bool = False,
) -> Answer:
    """Ask for a page. secret None: without one; cookie: what to send of it; timeout: seconds. Raises AjpError.

    has_body: wait for all of it, and say what is in it; otherwise its head will do.
    """

    def is_last(found: bytes) -> bool:
        return not has_body or found[0] not in (SEND_HEADERS, BODY_CHUNK)

    head, *rest = _ask(address, port, forward(path, host, secret, cookie), timeout, is_last)
    if head[0] != SEND_HEADERS:
        raise AjpError(f"answered a request with a packet of kind {head[0]}")
    if rest and rest[-1][0] != END_RESPONSE:
        raise AjpError(f"ended an answer with a packet of kind {rest[-1][0]}")
    told = b"".join(chunk[3 : 3 + int.from_bytes(chunk[1:3], "big")] for chunk in rest if chunk[0] == BODY_CHUNK)
    return replace(_headers(head), body=told)


def status_of(address: str, port: int, path: str, secret: Optional[str], timeout: float = 10.0) -> int:
    """Ask for a page and return the HTTP status of the answer. secret None: without one. Raises AjpError."""
    return get(address, port, path, secret, timeout=timeout).status


def refusals(connectors: Iterable[Mapping[str, Any]], secret: str, timeout: float = 3.0) -> tuple[list[str], list[str]]:
    """Return (why connectors do not serve who has the secret, names of those that did not answer).

    connectors: ``name``, ``address`` and ``port`` of each; where they have them, a ``secret`` of their own, and
    ``pages`` instead of one that nobody has. A page that is missing is an answer, one that fails is a problem.
    timeout: seconds, for each page.
    """
    problems, silent = [], []
    for entry in connectors:
        name, address, port = str(entry["name"]), str(entry["address"]), int(entry["port"])
        own = str(entry.get("secret") or secret)
        try:
            found = {
                page: status_of(address, port, str(page), own, timeout) for page in entry.get("pages") or [NOWHERE]
            }
        except AjpError:
            silent.append(name)
            continue
        if FORBIDDEN in found.values():
            problems.append(f"worker {name} ({address}:{port}) refuses this secret")
        problems += [f"worker {name}: {page} answers with {status}" for page, status in found.items() if status >= 500]
    return problems, silent
