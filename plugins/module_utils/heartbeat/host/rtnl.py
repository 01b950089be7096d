# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""rtnetlink messages as bytes, and back: addresses, devices, routes.

Pure encoding and decoding (rtnetlink(7), include/uapi/linux/{netlink,rtnetlink,if_addr,if_link}.h); the
socket is in ``netlink.py``. All integers are in host byte order, as the kernel has them.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

NLMSG_ERROR, NLMSG_DONE = 2, 3
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x1, 0x4, 0x300
NLM_F_DUMP_INTR = 0x10
NLM_F_EXCL, NLM_F_CREATE = 0x200, 0x400
RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK = 16, 17, 18
RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR = 20, 21, 22
RTM_NEWROUTE, RTM_GETROUTE = 24, 26
IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_BROADCAST, IFA_FLAGS, IFA_PROTO = 1, 2, 3, 4, 8, 11
IFA_F_NODAD, IFA_F_PERMANENT = 0x02, 0x80
IFLA_ADDRESS, IFLA_IFNAME = 1, 3
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_TABLE = 1, 4, 5, 6, 15
RTN_UNICAST, RTN_LOCAL, RT_TABLE_MAIN = 1, 2, 254
IFF_UP, IFF_LOWER_UP = 0x1, 0x10000
ARPHRD_ETHER = 1

#: Marks addresses that this daemon put on a device (kernel 5.18 and newer keep it, older ones ignore it),
#: so that a VIP which somebody also configured statically can be told from one that a crash left behind.
#: 0..3 are the kernel's own values.
OUR_PROTOCOL = 0x48

_HEADER = struct.Struct("=IHHII")
_IFADDR = struct.Struct("=BBBBI")
_IFINFO = struct.Struct("=BxHiII")
_RTMSG = struct.Struct("=BBBBBBBBI")
_ATTR = struct.Struct("=HH")


@dataclass(frozen=True)
class KernelAddress:
    """An address on a device. ``ip`` is in the kernel's own spelling (lower case, compressed)."""

    index: int
    ip: str
    prefix: int
    label: str = ""
    flags: int = 0
    protocol: int = 0


@dataclass(frozen=True)
class Device:
    """A network device. ``carrier`` is true when it is up and its lower layer says so too."""

    index: int
    name: str
    mac: bytes
    kind: int  # ARPHRD_*
    carrier: bool


@dataclass(frozen=True)
class Route:
    """A unicast route of the main table; ``gateway`` false means: directly connected."""

    network: str  # "10.0.0.0/24", "0.0.0.0/0"
    index: int
    gateway: bool
    metric: int = 0


def family_of(ip: str) -> int:
    """AF_INET or AF_INET6."""
    return socket.AF_INET6 if ":" in ip else socket.AF_INET


def message(kind: int, flags: int, body: bytes, seq: int = 0) -> bytes:
    """A complete netlink message, padded to four bytes."""
    length = _HEADER.size + len(body)
    return _HEADER.pack(length, kind, flags, seq, 0) + body + bytes(-length % 4)


def _attribute(kind: int, value: bytes) -> bytes:
    length = _ATTR.size + len(value)
    return _ATTR.pack(length, kind) + value + bytes(-length % 4)


def address_body(
    index: int, ip: str, prefix: int, broadcast: str | None = None, label: str = "", *, ours: bool = True
) -> bytes:
    """Body of RTM_NEWADDR / RTM_DELADDR. IPv6 addresses skip duplicate detection, which would cost a second."""
    family = family_of(ip)
    packed = socket.inet_pton(family, ip)
    flags = IFA_F_PERMANENT | (IFA_F_NODAD if family == socket.AF_INET6 else 0)
    body = _IFADDR.pack(family, prefix, flags & 0xFF, 0, index)
    body += _attribute(IFA_LOCAL, packed) + _attribute(IFA_ADDRESS, packed)
    if family == socket.AF_INET and broadcast:
        body += _attribute(IFA_BROADCAST, socket.inet_pton(family, broadcast))
    if family == socket.AF_INET and label:
        body += _attribute(IFA_LABEL, label.encode() + b"\0")
    body += _attribute(IFA_FLAGS, struct.pack("=I", flags))
    if ours:
        body += bytes(_attribute(IFA_PROTO, bytes([OUR_PROTOCOL])))
    return body


def new_address(index: int, ip: str, prefix: int, broadcast: str | None = None, label: str = "") -> bytes:
    """RTM_NEWADDR that fails with EEXIST when the address is already there."""
    flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL
    return message(RTM_NEWADDR, flags, address_body(index, ip, prefix, broadcast, label))


def delete_address(index: int, ip: str, prefix: int) -> bytes:
    """RTM_DELADDR that fails with EADDRNOTAVAIL when the address is not there."""
    return message(RTM_DELADDR, NLM_F_REQUEST | NLM_F_ACK, address_body(index, ip, prefix, ours=False))


def dump_request(kind: int) -> bytes:
    """A dump of all devices (RTM_GETLINK), addresses (RTM_GETADDR) or routes (RTM_GETROUTE)."""
    body = {RTM_GETLINK: _IFINFO.pack(0, 0, 0, 0, 0), RTM_GETADDR: _IFADDR.pack(0, 0, 0, 0, 0)}.get(
        kind, _RTMSG.pack(0, 0, 0, 0, 0, 0, 0, 0, 0)
    )
    return message(kind, NLM_F_REQUEST | NLM_F_DUMP, body)


def route_request(ip: str) -> bytes:
    """Asks how this machine would route packets to an address."""
    family = family_of(ip)
    packed = socket.inet_pton(family, ip)
    body = _RTMSG.pack(family, len(packed) * 8, 0, 0, 0, 0, 0, 0, 0) + _attribute(RTA_DST, packed)
    return message(RTM_GETROUTE, NLM_F_REQUEST, body)


def is_local_route(body: bytes) -> bool:
    """Does the answer to ``route_request`` say that the packets are for this machine itself?"""
    return len(body) >= _RTMSG.size and body[7] == RTN_LOCAL


def with_seq(prebuilt: bytes, seq: int) -> bytes:
    """The same message with another sequence number."""
    return prebuilt[:8] + struct.pack("=I", seq) + prebuilt[12:]


def split(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """(type, flags, seq, body) of each message in one read; a truncated tail is dropped."""
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, flags, seq, _pid = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size or offset + length > len(data):
            return
        yield kind, flags, seq, data[offset + _HEADER.size : offset + length]
        offset += (length + 3) & ~3


def error_number(body: bytes) -> int:
    """The errno of an NLMSG_ERROR body; 0 is success."""
    return -int(struct.unpack_from("=i", body)[0])


def _attributes(body: bytes, offset: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    while offset + _ATTR.size <= len(body):
        length, kind = _ATTR.unpack_from(body, offset)
        if length < _ATTR.size or offset + length > len(body):
            break
        found[kind & 0x3FFF] = body[offset + _ATTR.size : offset + length]
        offset += (length + 3) & ~3
    return found


def parse_address(body: bytes) -> KernelAddress | None:
    """From the body of RTM_NEWADDR / RTM_DELADDR; None for other families or cut messages."""
    if len(body) < _IFADDR.size:
        return None
    family, prefix, flags, _scope, index = _IFADDR.unpack_from(body)
    attributes = _attributes(body, _IFADDR.size)
    packed = attributes.get(IFA_LOCAL, attributes.get(IFA_ADDRESS, b""))
    if (family, len(packed)) not in ((socket.AF_INET, 4), (socket.AF_INET6, 16)):
        return None
    long_flags = attributes.get(IFA_FLAGS, b"")
    return KernelAddress(
        index=index,
        ip=socket.inet_ntop(family, packed),
        prefix=prefix,
        label=attributes.get(IFA_LABEL, b"").rstrip(b"\0").decode("ascii", "replace"),
        flags=struct.unpack("=I", long_flags)[0] if len(long_flags) == 4 else flags,
        protocol=(attributes.get(IFA_PROTO) or b"\0")[0],
    )


def parse_device(body: bytes) -> Device | None:
    """From the body of RTM_NEWLINK / RTM_DELLINK."""
    if len(body) < _IFINFO.size:
        return None
    _family, kind, index, flags, _change = _IFINFO.unpack_from(body)
    attributes = _attributes(body, _IFINFO.size)
    return Device(
        index=index,
        name=attributes.get(IFLA_IFNAME, b"").rstrip(b"\0").decode("utf-8", "surrogateescape"),
        mac=attributes.get(IFLA_ADDRESS, b""),
        kind=kind,
        carrier=bool(flags & IFF_UP) and bool(flags & IFF_LOWER_UP),
    )


def parse_route(body: bytes) -> Route | None:
    """From the body of RTM_NEWROUTE; None for anything but unicast routes of the main table with one device."""
    if len(body) < _RTMSG.size:
        return None
    family, dst_len, _src, _tos, table, _proto, _scope, kind, _flags = _RTMSG.unpack_from(body)
    attributes = _attributes(body, _RTMSG.size)
    if RTA_TABLE in attributes:
        table = struct.unpack("=I", attributes[RTA_TABLE])[0]
    if kind != RTN_UNICAST or table != RT_TABLE_MAIN or RTA_OIF not in attributes:
        return None
    if family not in (socket.AF_INET, socket.AF_INET6):
        return None
    blank = bytes(16 if family == socket.AF_INET6 else 4)
    network = ipaddress.ip_network((attributes.get(RTA_DST, blank), dst_len), strict=False)
    metric = struct.unpack("=I", attributes[RTA_PRIORITY])[0] if RTA_PRIORITY in attributes else 0
    index = struct.unpack("=I", attributes[RTA_OIF])[0]
    return Route(str(network), index, RTA_GATEWAY in attributes, metric)
