# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The few rtnetlink requests that faults need, on a socket that stays open: microseconds instead of a fork.

Sources: rtnetlink(7), linux/if_link.h, linux/if_bridge.h.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
import time
from collections.abc import Iterable, Sequence
from types import TracebackType

from . import netns

NETLINK_ROUTE = 0
NLMSG_ERROR = 2
RTM_NEWLINK = 16
RTM_SETLINK = 19
NLM_F_REQUEST = 0x1
NLM_F_ACK = 0x4
IFF_UP = 0x1
IFLA_PROTINFO = 12
IFLA_BRPORT_STATE = 1
NLA_F_NESTED = 0x8000
BR_STATE_DISABLED = 0
BR_STATE_FORWARDING = 3

_HEADER = struct.Struct("=IHHII")
_IFINFO = struct.Struct("=BxHiII")
_ATTR = struct.Struct("=HH")


def _attribute(kind: int, value: bytes) -> bytes:
    padding = b"\0" * (-len(value) % 4)
    return _ATTR.pack(_ATTR.size + len(value), kind) + value + padding


class LinkSocket:
    """A netlink socket inside one network namespace."""

    def __init__(self, namespace: str) -> None:
        """Open the socket in the named namespace; LabError when that is gone."""
        path = netns.path_of(namespace)
        self._socket = netns.inside(path, lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE))
        # if_nametoindex asks the namespace of the calling thread, so names are read where the socket lives.
        self._indexes = netns.inside(path, lambda: {name: index for index, name in socket.if_nameindex()})
        self._socket.settimeout(5.0)
        self._sequence = 0

    def __enter__(self) -> LinkSocket:
        """Return the socket."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the socket."""
        self._socket.close()

    def has(self, port: str) -> bool:
        """Tell whether the interface was there when the socket was opened."""
        return port in self._indexes

    def set_port_state(self, ports: Iterable[str], state: int) -> None:
        """Set the bridge port state of all `ports` in one system call.

        A disabled port drops every frame in both directions at once, without the tens of milliseconds that taking
        an interface down may wait for; all links of a node die together. A port that is down already passes nothing
        and is left as it is.
        """
        self._send(
            [self._port_state(port, state) for port in ports],
            accept=(errno.ENETDOWN,),
        )

    def wait_forwarding(self, ports: Sequence[str], timeout: float = 2.0) -> None:
        """Wait until the bridge passes frames through `ports` whose cables have just been put back.

        The kernel learns of a carrier in the background. A port whose other end is down in the machine itself never
        gets there; that is no fault of the cable, and waiting ends without an error.
        """
        deadline = time.monotonic() + timeout
        for port in ports:
            while time.monotonic() < deadline:
                try:
                    self._send([self._port_state(port, BR_STATE_FORWARDING)])
                    break
                except OSError as error:
                    if error.errno != errno.ENETDOWN:
                        raise
                    time.sleep(0.001)

    def set_links(self, ports: Iterable[str], up: bool) -> None:
        """Take the fabric ends of cables up or down: the node sees its carrier come or go."""
        flags = IFF_UP if up else 0
        self._send(
            [
                self._message(RTM_NEWLINK, _IFINFO.pack(socket.AF_UNSPEC, 0, self._indexes[port], flags, IFF_UP))
                for port in ports
            ]
        )

    def _port_state(self, port: str, state: int) -> bytes:
        return self._message(
            RTM_SETLINK,
            _IFINFO.pack(socket.AF_BRIDGE, 0, self._indexes[port], 0, 0)
            + _attribute(IFLA_PROTINFO | NLA_F_NESTED, _attribute(IFLA_BRPORT_STATE, bytes([state]))),
        )

    def _message(self, kind: int, body: bytes) -> bytes:
        self._sequence += 1
        return _HEADER.pack(_HEADER.size + len(body), kind, NLM_F_REQUEST | NLM_F_ACK, self._sequence, 0) + body

    def _send(self, messages: Sequence[bytes], accept: Sequence[int] = ()) -> None:
        if not messages:
            return
        self._socket.sendto(b"".join(messages), (0, 0))
        waiting = len(messages)
        failure = 0
        while waiting:
            data = self._socket.recv(65536)
            while len(data) >= _HEADER.size:
                length, kind, _flags, _sequence, _port = _HEADER.unpack_from(data)
                if kind == NLMSG_ERROR:
                    waiting -= 1
                    number = -struct.unpack_from("=i", data, _HEADER.size)[0]
                    if number not in accept:
                        failure = failure or number
                data = data[max(_HEADER.size, (length + 3) & ~3) :]
        if failure:
            raise OSError(failure, os.strerror(failure))
