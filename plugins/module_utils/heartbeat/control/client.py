# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control socket's client side, for ``hbctl`` and modules."""

from __future__ import annotations

import json
import os
import socket
from typing import Any

from .protocol import SOCKET_NAME, encode

RUNTIME_DIRECTORY = "/run/heartbeat"


class NotRunning(ConnectionError):
    """Nobody listens on the control socket."""


class Refused(PermissionError):
    """The control socket may not be used by this user."""


def ask(request: dict[str, Any], runtime_directory: str = RUNTIME_DIRECTORY, timeout_s: float = 5.0) -> dict[str, Any]:
    """Send one request and return the reply. Raises NotRunning, Refused, or OSError (a time-out among them)."""
    path = os.path.join(runtime_directory, SOCKET_NAME)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(timeout_s)
        try:
            client.connect(path)
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NotRunning(f"heartbeat is not running here (nobody listens on {path})") from error
        except PermissionError as error:
            raise Refused(f"{path} may be used by root and the group haclient only") from error
        client.sendall(encode(request))
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
