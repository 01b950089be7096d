# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The media: UDP sockets for ucast, bcast and mcast lines, bound to their devices.

Socket options follow Linux-HA heartbeat 3.0.6 as measured: low-delay TOS, SO_BINDTODEVICE on both sides, an
ephemeral source port, receivers on the wildcard address with SO_REUSEADDR and SO_REUSEPORT. All lines that
share device, port and family share one receiver; a link is named after its device. A medium that fails (cable,
device down or gone) costs a counter and a rate-limited log line, never more.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Union

from ..settings.model import Bcast, Mcast, Medium, Ucast
from .loop import Loop, drain

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .rtnl import Device

_LOW_DELAY = 0x10
_MAX_PER_TURN = 256  # datagrams read from one socket before deadlines get their turn
_SEND_BUFFER = 1 << 18
_REMEMBERED = 8  # own datagrams, to know them when they come back
_RECEIVE_BUFFER = 1 << 20

SocketAddress = Union[tuple[str, int], tuple[str, int, int, int]]


class LinkError(OSError):
    """A medium cannot be opened; the text names the directive and the reason."""


def describe(medium: Medium) -> str:
    """The medium as its ha.cf line."""
    if isinstance(medium, Ucast):
        return f"ucast {medium.device} {medium.address}"
    if isinstance(medium, Bcast):
        return f"bcast {medium.device}"
    return f"mcast {medium.device} {medium.group} {medium.port} {medium.ttl} {int(medium.loop)}"


def resolve(host: str, port: int, device: str, names: Mapping[str, str]) -> tuple[int, SocketAddress]:
    """(family, socket address). Names must have been looked up before, into ``names``: nothing here asks a resolver.

    Raises OSError."""
    host = names.get(host, host)
    try:
        scope = f"%{device}" if ":" in host and "%" not in host and ipaddress.ip_address(host).is_link_local else ""
    except ValueError:
        scope = ""
    kind, flags = socket.SOCK_DGRAM, socket.AI_NUMERICHOST
    try:
        found = socket.getaddrinfo(host + scope, port, type=kind, proto=socket.IPPROTO_UDP, flags=flags)
    except socket.gaierror:
        raise LinkError(0, f"{host} cannot be resolved") from None
    family, _kind, _proto, _name, address = found[0]
    return int(family), address  # type: ignore[return-value]


@dataclass
class _Sender:
    medium: Medium
    udp: socket.socket | None = None
    target: SocketAddress = ("", 0)
    family: int = int(socket.AF_INET)
    sent: int = 0
    errors: int = 0


@dataclass
class _Receiver:
    device: str
    udp: socket.socket | None = None


_ReceiverKey = tuple[str, int, int, str]  # device, port, family, group


class Links:
    """All media of a configuration. ``on_datagram(data, link)`` gets what arrives."""

    def __init__(
        self,
        loop: Loop,
        on_datagram: Callable[[bytes, str], None],
        on_error: Callable[[str, str], None],
    ) -> None:
        """``on_error(medium as text, reason)`` hears of every failed open or send; limit the rate there."""
        self._loop, self._on_datagram, self._on_error = loop, on_datagram, on_error
        self._names: Mapping[str, str] = {}
        self._own: frozenset[str] = frozenset()
        self._said: deque[bytes] = deque(maxlen=_REMEMBERED)
        self.looped_back = 0
        self._senders: dict[Medium, _Sender] = {}
        self._receivers: dict[_ReceiverKey, _Receiver] = {}
        self._index: dict[str, int] = {}

    def open(
        self,
        media: Sequence[Medium],
        devices: Mapping[str, Device],
        names: Mapping[str, str],
        own: Collection[str] = (),
    ) -> list[str]:
        """Make the open media equal to ``media``; what stays open is not touched. Returns what went wrong, as text.

        ``own``: addresses of this machine; a ucast line for one of them (the same ha.cf on all nodes is customary)
        only listens, since nobody needs what we would tell ourselves."""
        self._names, self._own = dict(names), frozenset(own)
        problems: list[str] = []
        self._index = {name: device.index for name, device in devices.items()}
        wanted: dict[_ReceiverKey, Medium] = {}
        for gone in [medium for medium in self._senders if medium not in media]:
            _close(self._senders.pop(gone).udp)
        for medium in media:
            sender = self._senders.setdefault(medium, _Sender(medium))
            try:
                if medium.device not in devices:
                    have = ", ".join(sorted(devices)) or "none"
                    raise LinkError(0, f"interface {medium.device} does not exist on this machine (it has: {have})")
                if sender.udp is None:
                    self._open_sender(sender)
                wanted[_receiver_key(medium, sender)] = medium
            except OSError as error:
                problems.append(f"{describe(medium)}: {error.strerror or error}")
        for key in [key for key in self._receivers if key not in wanted]:
            self._close_receiver(self._receivers.pop(key))
        for key, medium in wanted.items():
            if key not in self._receivers:
                try:
                    self._open_receiver(key, medium)
                except OSError as error:
                    problems.append(f"{describe(medium)}: {error.strerror or error}")
        return problems

    def send(self, datagram: bytes) -> None:
        """To every medium, as every heartbeat message goes; never blocks, never raises."""
        self._said.append(datagram)
        for sender in self._senders.values():
            if sender.target[0] in self._own:
                continue
            if sender.udp is None:
                sender.errors += 1
                continue
            try:
                sender.udp.sendto(datagram, sender.target)
                sender.sent += 1
            except OSError as error:  # device down or gone, no route, buffer full: the next keepalive tries again
                sender.errors += 1
                self._on_error(describe(sender.medium), error.strerror or str(error))

    def device_changed(self, device: Device, gone: bool) -> None:
        """A device that came back under its name has a new index, and sockets bound to the old one are deaf: reopen.

        What cannot be opened yet is tried again with the next news of the device."""
        if gone:
            self._index.pop(device.name, None)
            return
        if self._index.get(device.name) == device.index:
            return
        self._index[device.name] = device.index
        for sender in self._senders.values():
            if sender.medium.device == device.name:
                self._reopen(sender)

    def _reopen(self, sender: _Sender) -> None:
        _close(sender.udp)
        sender.udp = None
        try:
            self._open_sender(sender)
            key = _receiver_key(sender.medium, sender)
            if key in self._receivers:
                self._close_receiver(self._receivers.pop(key))
            self._open_receiver(key, sender.medium)
        except OSError as error:
            self._index.pop(sender.medium.device, None)
            self._on_error(describe(sender.medium), error.strerror or str(error))

    def counters(self) -> dict[str, dict[str, int]]:
        """Per medium: datagrams sent and failed."""
        return {describe(s.medium): {"sent": s.sent, "errors": s.errors} for s in self._senders.values()}

    def close(self) -> None:
        """Close every socket."""
        for sender in self._senders.values():
            _close(sender.udp)
        for receiver in self._receivers.values():
            self._close_receiver(receiver)
        self._senders.clear()
        self._receivers.clear()

    def _open_sender(self, sender: _Sender) -> None:
        medium = sender.medium
        if isinstance(medium, Bcast):
            family, sender.target = int(socket.AF_INET), (_broadcast_address(medium.device), medium.port)
        else:
            host = medium.address if isinstance(medium, Ucast) else medium.group
            family, sender.target = resolve(host, medium.port, medium.device, self._names)
        udp = _udp(family, medium.device)
        try:
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
            if family == socket.AF_INET6:
                udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, _LOW_DELAY)
            else:
                udp.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, _LOW_DELAY)
            if isinstance(medium, Bcast):
                udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                udp.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
            if isinstance(medium, Mcast):
                _multicast_out(udp, family, medium)
        except OSError:
            udp.close()
            raise
        sender.udp, sender.family = udp, int(family)

    def _open_receiver(self, key: _ReceiverKey, medium: Medium) -> None:
        device, port, family, group = key
        udp = _udp(family, device)
        try:
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            if family == socket.AF_INET6:
                udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            udp.bind((group or ("::" if family == socket.AF_INET6 else "0.0.0.0"), port))
            if isinstance(medium, Mcast):
                _join(udp, family, medium)
        except OSError:
            udp.close()
            raise
        self._receivers[key] = _Receiver(device, udp)
        self._loop.add_reader(udp, lambda: self._receive(udp, device))

    def _receive(self, udp: socket.socket, device: str) -> None:
        try:
            datagrams = drain(udp, _MAX_PER_TURN)
        except OSError as error:  # e.g. ENETDOWN once after the device went down; the socket stays usable
            self._on_error(f"receive {device}", error.strerror or str(error))
            return
        for data in datagrams:
            if data in self._said:  # broadcasts come back to their sender: not worth decoding
                self.looped_back += 1
            else:
                self._on_datagram(data, device)

    def _close_receiver(self, receiver: _Receiver) -> None:
        if receiver.udp is not None:
            self._loop.remove(receiver.udp)
            receiver.udp.close()


def _receiver_key(medium: Medium, sender: _Sender) -> _ReceiverKey:
    group = str(sender.target[0]) if isinstance(medium, Mcast) else ""
    return medium.device, medium.port, sender.family, group


def _udp(family: int, device: str) -> socket.socket:
    udp = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
    try:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode() + b"\0")
    except OSError:
        udp.close()
        raise
    return udp


def _multicast_out(udp: socket.socket, family: int, medium: Mcast) -> None:
    index = socket.if_nametoindex(medium.device)
    if family == socket.AF_INET6:
        udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, medium.ttl)
        udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_LOOP, int(medium.loop))
        return
    # struct ip_mreqn: group, local address (any), interface index
    udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, struct.pack("=4s4si", bytes(4), bytes(4), index))
    udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, medium.ttl)
    udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, int(medium.loop))


def _join(udp: socket.socket, family: int, medium: Mcast) -> None:
    index = socket.if_nametoindex(medium.device)
    if family == socket.AF_INET6:
        group = socket.inet_pton(socket.AF_INET6, medium.group)
        udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group + struct.pack("=I", index))
        return
    group = socket.inet_pton(socket.AF_INET, medium.group)
    udp.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, struct.pack("=4s4si", group, bytes(4), index))


def _broadcast_address(device: str) -> str:
    """The device's IPv4 broadcast address, or the limited one when it has no address yet (netdevice(7))."""
    import fcntl  # noqa: PLC0415 - only bcast needs it

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe, 0x8919, struct.pack("256s", device.encode()[:15]))  # SIOCGIFBRDADDR
        except OSError:
            return "255.255.255.255"
    address = socket.inet_ntoa(answer[20:24])
    return "255.255.255.255" if address == "0.0.0.0" else address


def _close(udp: socket.socket | None) -> None:
    if udp is not None:
        udp.close()
