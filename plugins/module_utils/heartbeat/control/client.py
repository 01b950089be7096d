# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control socket's client side, for ``hbctl`` and modules."""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING, Any

from .protocol import SOCKET_NAME, encode

RUNTIME_DIRECTORY = "/run/heartbeat"

if TYPE_CHECKING:
    from collections.abc import Iterator


class NotRunning(ConnectionError):
    """Nobody listens on the control socket."""


class Refused(PermissionError):
    """The control socket may not be used by this user."""


def ask(request: dict[str, Any], runtime_directory: str = RUNTIME_DIRECTORY, timeout_s: float = 5.0) -> dict[str, Any]:
    """Send one request and return the reply. Raises NotRunning, Refused, or OSError (a time-out among them)."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        _connect(client, request, runtime_directory, timeout_s)
        received = bytearray()
        while not received.endswith(b"\n"):
            data = client.recv(65536)
            if not data:
                raise NotRunning("heartbeat ended before it answered")
            received += data
    answer = json.loads(received)
    if not isinstance(answer, dict):
        raise OSError("the reply is not an object")
    return answer


def follow(runtime_directory: str = RUNTIME_DIRECTORY) -> Iterator[dict[str, Any]]:
    """The reply to ``events``, then every new event as it happens, until the daemon ends. Raises as ``ask`` does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        _connect(client, {"command": "events", "follow": True}, runtime_directory, 5.0)
        client.settimeout(None)
        received = bytearray()
        while True:
            data = client.recv(65536)
            if not data:
                return
            received += data
            while b"\n" in received:
                line, _newline, received = received.partition(b"\n")
                yield json.loads(line)


def _connect(client: socket.socket, request: dict[str, Any], runtime_directory: str, timeout_s: float) -> None:
    path = os.path.join(runtime_directory, SOCKET_NAME)
    client.settimeout(timeout_s)
    try:
        client.connect(path)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise NotRunning(f"heartbeat is not running here (nobody listens on {path})") from error
    except PermissionError as error:
        raise Refused(f"{path} may be used by root and the group haclient only") from error
    client.sendall(encode(request))
