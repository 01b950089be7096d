# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client for one instance: RESP2 over TCP, TLS or a Unix socket, on the standard library alone.

Source: the Redis serialization protocol specification (RESP2).
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Optional, Union

__all__ = ["Access", "Client", "CommandError", "Unreachable", "Word"]

Word = Union[str, bytes, int, float]
LARGEST_LINE = 64 * 1024


class Unreachable(OSError):
    """No answer; ``is_refused``: nothing listens there."""

    def __init__(self, text: str, *, is_refused: bool = False) -> None:
        super().__init__(text)
        self.is_refused = is_refused


class CommandError(RuntimeError):
    """The instance answered with an error; ``text`` is its own words, ``code`` the first of them."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text
        self.code = text.split(" ", 1)[0]


@dataclass(frozen=True)
class Access:
    """How to get in. Times are seconds; files are PEM."""

    username: str = "default"
    password: str = ""
    uses_tls: bool = False
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    verifies: bool = True
    timeout: float = 5.0

    def context(self) -> Optional[ssl.SSLContext]:
        """The TLS context, None for plain TCP. Raises OSError for files that cannot be read."""
        if not self.uses_tls:
            return None
        context = ssl.create_default_context(cafile=self.ca_file or None)
        # Instances are addressed by IP; the chain of trust is checked, the name is not.
        context.check_hostname = False
        if not self.verifies:
            context.verify_mode = ssl.CERT_NONE
        if self.cert_file:
            context.load_cert_chain(self.cert_file, self.key_file or None)
        return context


class Client:
    """One connection. Use it in a ``with`` statement, or call ``close``."""

    def __init__(self, host: str = "", port: int = 0, access: Optional[Access] = None, *, path: str = "") -> None:
        """Connect and log in. ``path``: of a Unix socket, instead of host and port.

        Raises Unreachable, or CommandError when the password is not accepted.
        """
        self.access = access or Access()
        self.where = path or f"{host}:{port}"
        self._buffer = bytearray()
        try:
            self._socket = self._connected(host, port, path)
        except ConnectionRefusedError:
            raise Unreachable(f"{self.where}: connection refused", is_refused=True) from None
        except FileNotFoundError:
            raise Unreachable(f"{self.where}: there is no such socket or file", is_refused=bool(path)) from None
        except OSError as error:
            raise Unreachable(f"{self.where}: {error}") from None
        try:
            if self.access.password:
                # The short form is what instances without named users understand.
                named = [] if self.access.username in ("", "default") else [self.access.username]
                self.call("AUTH", *named, self.access.password)
        except BaseException:
            self.close()
            raise

    def _connected(self, host: str, port: int, path: str) -> socket.socket:
        context = None if path else self.access.context()
        plain = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) if path else None
        try:
            if plain is None:
                plain = socket.create_connection((host, port), self.access.timeout)
            else:
                plain.settimeout(self.access.timeout)
                plain.connect(path)
            return context.wrap_socket(plain, server_hostname=host) if context else plain
        except BaseException:
            if plain is not None:
                plain.close()
            raise

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: Optional[type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def call(self, *words: Word) -> Any:
        """Send a command and return its answer: str, int, None, or lists of them. Raises CommandError, Unreachable."""
        answer = self.pipeline([words])[0]
        if isinstance(answer, CommandError):
            raise answer
        return answer

    def pipeline(self, commands: Sequence[Sequence[Word]]) -> list[Any]:
        """Send several commands at once; errors are among the answers. Raises Unreachable."""
        try:
            self._socket.sendall(b"".join(_packed(words) for words in commands))
            return [self._answer() for _command in commands]
        except OSError as error:
            if isinstance(error, Unreachable):
                raise
            raise Unreachable(f"{self.where}: {error}") from None

    def wait_longer(self, seconds: float) -> None:
        """Wait so long for each of the answers that follow."""
        self._socket.settimeout(seconds)

    def _more(self) -> None:
        chunk = self._socket.recv(65536)
        if not chunk:
            raise Unreachable(f"{self.where}: the connection was closed")
        self._buffer += chunk

    def _line(self) -> str:
        while (end := self._buffer.find(b"\r\n", 0, LARGEST_LINE)) < 0:
            if len(self._buffer) > LARGEST_LINE:
                raise Unreachable(f"{self.where}: does not speak the Redis protocol")
            self._more()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line.decode("utf-8", "surrogateescape")

    def _answer(self) -> Any:
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == "+":
            return rest
        if kind == "-":
            return CommandError(rest)
        if kind == ":":
            return int(rest)
        if kind == "$":
            return self._bulk(int(rest))
        if kind == "*":
            return None if int(rest) < 0 else [self._answer() for _item in range(int(rest))]
        raise Unreachable(f"{self.where}: does not speak the Redis protocol")

    def _bulk(self, length: int) -> Optional[str]:
        if length < 0:
            return None
        while len(self._buffer) < length + 2:
            self._more()
        found = bytes(self._buffer[:length])
        del self._buffer[: length + 2]
        return found.decode("utf-8", "surrogateescape")


def _packed(words: Sequence[Word]) -> bytes:
    parts = [f"*{len(words)}\r\n".encode()]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode("utf-8", "surrogateescape")
        parts += [f"${len(data)}\r\n".encode(), data, b"\r\n"]
    return b"".join(parts)
