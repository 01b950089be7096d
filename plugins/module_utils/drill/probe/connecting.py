# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A non-blocking TCP connection attempt, shared by all probes that open connections."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import struct
from collections.abc import Callable
from typing import Optional

from ..model import Outcome
from .prober import Endpoint, Hub, outcome_of
from .spec import ProbeSpec

__all__ = ["Connection", "open_connection"]

# Connections are closed in order, as the server expects of a client, but each then blocks a
# local port for a minute (TIME_WAIT). A probe this fast would use up the client's ports and
# measure nothing but itself, so it drops its connections instead (RST).
ABORT_BELOW_US = 10_000
ABORT_ON_CLOSE = struct.pack("ii", 1, 0)


class Connection:
    """A socket on its way to the target, then connected; callbacks instead of waiting."""

    def __init__(self, sock: socket.socket, hub: Hub) -> None:
        self.sock = sock
        self.hub = hub

    def close(self) -> None:
        """Stop watching and close."""
        self.hub.unwatch(self.sock)
        self.sock.close()


def open_connection(
    spec: ProbeSpec,
    endpoint: Endpoint,
    hub: Hub,
    connected: Callable[[Connection], None],
    failed: Callable[[Outcome, str], None],
) -> Optional[Connection]:
    """Start connecting; exactly one of the callbacks follows, possibly before this returns.

    Returns None when the attempt failed at once (``failed`` has been called).
    """
    try:
        sock = socket.socket(endpoint.family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    except OSError as error:
        failed(outcome_of(error.errno), error.strerror or str(error))
        return None
    connection = Connection(sock, hub)
    try:
        if spec.interval_us < ABORT_BELOW_US:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT_ON_CLOSE)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if spec.source:
            sock.bind((spec.source, 0))
        number = sock.connect_ex(endpoint.address)
    except OSError as error:
        number = error.errno or errno.EIO
    if number not in (0, errno.EINPROGRESS):
        connection.close()
        failed(outcome_of(number), os.strerror(number))
        return None

    def ready(_mask: int) -> None:
        number = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            connection.close()
            failed(outcome_of(number), os.strerror(number))
        else:
            connected(connection)

    hub.watch(sock, selectors.EVENT_WRITE, ready)
    return connection
