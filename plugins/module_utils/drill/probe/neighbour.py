# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds an address, as the network itself sees it: ARP and neighbour discovery.

Every attempt asks "who has it?" and listens until its timeout for all who answer. One is the
holder; two at a time are a split that no service on top can hide. Announcements overheard in
between are noted, and so is what the client's own neighbour table believes – stale entries are
why clients miss a service that is already back.
"""

from __future__ import annotations

import fcntl
import selectors
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from ..model import Outcome
from .neighbour_table import NeighbourTable
from .neighbour_wire import (
    ETH_P_ARP,
    Claim,
    arp_request,
    neighbour_solicitation,
    parse_advertisement,
    parse_arp,
    solicited_node,
)
from .prober import Answer, Prober, outcome_of, resolve

__all__ = ["NeighbourProber"]

ICMP6_FILTER = 1
IFA_HEX_LENGTH = 32


class NeighbourProber(Prober):
    """Asks on one interface; needs CAP_NET_RAW.

    Detail of a sample: ``who`` answered first (MAC address), ``also`` (others that answered the
    same question), ``announced`` (MAC addresses that announced themselves since the last sample),
    ``entry`` (what the neighbour table says, where that is not ``who``).
    """

    def open(self) -> None:
        """Find interface and addresses, and open the sockets."""
        self.family, self.address = resolve(self.spec, socket.SOCK_DGRAM)
        self.wanted = socket.inet_pton(self.family, self.address[0].split("%")[0])
        self.interface = self.spec.options.get("interface") or _interface_to(self.family, self.address)
        self.index = socket.if_nametoindex(self.interface)
        written = Path(f"/sys/class/net/{self.interface}/address").read_text().strip()
        self.our_mac = bytes.fromhex(written.replace(":", ""))
        if len(self.our_mac) != 6:
            raise OSError(f"{self.interface} has no Ethernet address: nobody can be asked there who holds an address")
        self.table = NeighbourTable(self.family, self.wanted, self.index)
        self.sock = self._arp_socket() if self.family == socket.AF_INET else self._icmp6_socket()
        self.sock.setblocking(False)
        self.heard: dict[int, list[tuple[str, int]]] = {}
        self.announced: list[str] = []
        self.hub.watch(self.sock, selectors.EVENT_READ, self._ready)

    def send(self, seq: int) -> None:
        """Ask everybody."""
        self.heard[seq] = []
        try:
            if self.family == socket.AF_INET:
                self.sock.send(arp_request(self.our_mac, self._our_ipv4(), self.wanted))
            else:
                group = socket.inet_ntop(socket.AF_INET6, solicited_node(self.wanted))
                self.sock.sendto(neighbour_solicitation(self.our_mac, self.wanted), (group, 0, 0, self.index))
        except OSError as error:
            self.heard.pop(seq, None)
            outcome = outcome_of(error.errno)
            self.hub.done(seq, outcome, {"why": str(error)} if outcome is Outcome.LOCAL else None)

    def abandon(self, seq: int) -> Optional[Answer]:
        """The time to listen is over: say who answered."""
        answers = self.heard.pop(seq, [])
        detail: dict[str, Any] = {}
        if self.announced:
            detail["announced"] = list(dict.fromkeys(self.announced))
            self.announced.clear()
        entry = self.table.lookup()
        if not answers:
            if entry:
                detail["entry"] = entry
            return Answer(Outcome.TIMEOUT, detail or None, self.hub.age_us(seq))
        who, latency_us = answers[0]
        detail["who"] = who
        others = [mac for mac in dict.fromkeys(mac for mac, _when in answers) if mac != who]
        if others:
            detail["also"] = others
        if entry and entry != who:
            detail["entry"] = entry
        return Answer(Outcome.OK, detail, latency_us)

    def close(self) -> None:
        """Close the sockets."""
        self.hub.unwatch(self.sock)
        self.sock.close()
        self.table.close()

    def _ready(self, _mask: int) -> None:
        while True:
            try:
                data = self.sock.recv(2048)
            except OSError:
                return
            claim = (
                parse_arp(data, self.wanted, self.our_mac)
                if self.family == socket.AF_INET
                else parse_advertisement(data, self.wanted)
            )
            if claim is not None:
                self._take(claim)

    def _take(self, claim: Claim) -> None:
        if claim.announced:
            self.announced.append(claim.mac)
        elif self.heard:
            # The pace is slower than the timeout, so there is one open question at most.
            seq = next(reversed(self.heard))
            self.heard[seq].append((claim.mac, self.hub.age_us(seq)))

    def _arp_socket(self) -> socket.socket:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ARP))
        sock.bind((self.interface, ETH_P_ARP))
        return sock

    def _icmp6_socket(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
        blocked = [0xFFFFFFFF] * 8
        blocked[136 >> 5] &= ~(1 << (136 & 31))
        sock.setsockopt(socket.IPPROTO_ICMPV6, ICMP6_FILTER, struct.pack("8I", *blocked))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.interface.encode())
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, self.index)
        # Anything but 255 might have come from outside, and is thrown away (RFC 4861, 7.1.1).
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        return sock

    def _our_ipv4(self) -> bytes:
        """The source that an ordinary client would use; looked up at each question, since a client's
        own address may move as well."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                sock.connect((self.address[0], 9))
                return socket.inet_aton(sock.getsockname()[0])
            except OSError:
                return bytes(4)


def _interface_to(family: socket.AddressFamily, address: tuple[Any, ...]) -> str:
    """The interface an address is reached by: the one that has the source address the kernel chooses.

    Raises OSError when that cannot be told; the option ``interface`` helps then.
    """
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.connect((address[0], 9, *address[2:]))
        ours = sock.getsockname()
    if family == socket.AF_INET6 and ours[3]:
        return socket.if_indextoname(ours[3])
    found = (_ipv4_owners() if family == socket.AF_INET else _ipv6_owners()).get(ours[0])
    if found is None:
        raise OSError(f"cannot tell which interface {address[0]} is reached by: set interface")
    return found


def _ipv4_owners() -> Mapping[str, str]:
    """Interface by its primary IPv4 address (SIOCGIFADDR, netdevice(7))."""
    found = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _index, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode())
            try:
                found[socket.inet_ntoa(fcntl.ioctl(sock, 0x8915, request)[20:24])] = name
            except OSError:
                continue
    return found


def _ipv6_owners() -> Mapping[str, str]:
    """Interface by IPv6 address (/proc/net/if_inet6)."""
    found = {}
    for line in Path("/proc/net/if_inet6").read_text().splitlines():
        words = line.split()
        if len(words) == 6 and len(words[0]) == IFA_HEX_LENGTH:
            found[socket.inet_ntop(socket.AF_INET6, bytes.fromhex(words[0]))] = words[5]
    return found
