# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/1.1 as far as a probe needs it: bytes in, a response out. No socket, no clock (RFC 9112)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Optional

__all__ = ["HttpError", "Response", "ResponseReader", "request_bytes"]

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 1024 * 1024


class HttpError(ValueError):
    """The server said something that is not HTTP, or too much of it."""


@dataclass(frozen=True)
class Response:
    """A whole response; header names are lower case, repeated headers keep all values."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name]

    @property
    def keeps_connection(self) -> bool:
        """Whether another request may follow on the same connection."""
        return not any("close" in value.lower() for value in self.all("connection"))


def request_bytes(host: str, path: str, headers: Mapping[str, str], keep: bool = False) -> bytes:
    """A GET request. Raises HttpError for a header that would break out of its line."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", f"Connection: {'keep-alive' if keep else 'close'}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if any("\r" in line or "\n" in line for line in lines):
        raise HttpError("line break in the request's path, host or headers")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


class ResponseReader:
    """Feed it bytes as they come; it answers with the response once that is complete."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._status = 0
        self._headers: tuple[tuple[str, str], ...] = ()
        self._body_at: Optional[int] = None
        self._end = 0

    def feed(self, chunk: bytes) -> Optional[Response]:
        """Add bytes; the response if it is complete now. Raises HttpError."""
        self._data.extend(chunk)
        if self._body_at is None:
            self._body_at = self._read_head()
            if self._body_at is None:
                return None
        body = self._body(self._body_at, at_end=False)
        return None if body is None else Response(self._status, self._headers, body)

    def rest(self) -> bytes:
        """What came after the response that ``feed`` gave: the begin of the next one."""
        return bytes(self._data[self._end :])

    def finish(self) -> Response:
        """The connection has ended: the response if that completes it. Raises HttpError."""
        if self._body_at is None:
            raise HttpError(
                "closed before the answer's head was complete" if self._data else "closed without an answer"
            )
        body = self._body(self._body_at, at_end=True)
        if body is None:
            raise HttpError("closed in the middle of the body")
        return Response(self._status, self._headers, body)

    def _read_head(self) -> Optional[int]:
        """Where the body begins, once the head is complete."""
        while True:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                if len(self._data) > HEAD_LIMIT:
                    raise HttpError("head longer than 64 KiB")
                return None
            lines = self._data[:end].decode("latin-1").split("\r\n")
            words = lines[0].split(" ", 2)
            if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdigit():
                raise HttpError(f"not an HTTP status line: {lines[0][:60]!r}")
            self._status = int(words[1])
            pairs = (line.partition(":") for line in lines[1:])
            self._headers = tuple((name.strip().lower(), value.strip()) for name, _colon, value in pairs)
            if self._status >= 200:
                return end + 4
            # 1xx: an interim answer; the real one follows.
            del self._data[: end + 4]

    def _header(self, name: str) -> str:
        return next((value for key, value in self._headers if key == name), "")

    def _body(self, body_at: int, at_end: bool) -> Optional[bytes]:
        rest = bytes(self._data[body_at:])
        if len(rest) > BODY_LIMIT:
            raise HttpError("body longer than 1 MiB")
        if self._status in (204, 304):
            self._end = body_at
            return b""
        if "chunked" in self._header("transfer-encoding").lower():
            found = _dechunk(rest)
            self._end = body_at + (found[1] if found else 0)
            return found[0] if found else None
        length = self._header("content-length")
        if length:
            if not length.isdigit():
                raise HttpError(f"bad Content-Length {length[:20]!r}")
            self._end = body_at + int(length)
            return rest[: int(length)] if len(rest) >= int(length) else None
        return rest if at_end else None


def _dechunk(data: bytes) -> Optional[tuple[bytes, int]]:
    """(body, bytes it took with its chunking), or None while there is more to come."""
    body = bytearray()
    at = 0
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        try:
            size = int(data[at:end].split(b";")[0], 16)
        except ValueError:
            raise HttpError(f"bad chunk size {data[at:end][:20]!r}") from None
        if size == 0:
            # Trailers end with an empty line.
            if data.startswith(b"\r\n", end + 2):
                return bytes(body), end + 4
            last = data.find(b"\r\n\r\n", end)
            return (bytes(body), last + 4) if last >= 0 else None
        if len(data) < end + 2 + size + 2:
            return None
        body += data[end + 2 : end + 2 + size]
        at = end + 2 + size + 2
