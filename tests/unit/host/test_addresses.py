# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses in a kernel that refuses, or whose answers get lost: nothing may stay that nobody knows of."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import Any

from heartbeat.host import rtnl
from heartbeat.host.addresses import Addresses
from heartbeat.host.netlink import NetlinkError
from heartbeat.host.places import Place

ETH0 = rtnl.Device(2, "eth0", bytes(6), 1, True)
PLACES = (Place("10.0.0.8", 24, "eth0", None), Place("10.0.0.9", 24, "eth0", None))


class Kernel:
    """Adds and deletes as asked. ``deaf``: the next answer is lost; ``full``: it refuses that address."""

    def __init__(self) -> None:
        self.there: set[str] = set()
        self.deaf = False
        self.full = ""

    def execute(self, requests: Sequence[bytes]) -> list[int]:
        answers = [self._one(request) for request in requests]
        if self.deaf:
            self.deaf = False
            raise NetlinkError(errno.EAGAIN, "rtnetlink: timed out")
        return answers

    def _one(self, request: bytes) -> int:
        kind = int.from_bytes(request[4:6], "little")
        address = rtnl.parse_address(request[16:])
        assert address is not None
        if kind != rtnl.RTM_NEWADDR:
            there = address.ip in self.there
            self.there.discard(address.ip)
            return 0 if there else errno.EADDRNOTAVAIL
        if address.ip in self.there:
            return errno.EEXIST
        if address.ip == self.full:
            return errno.ENOBUFS
        self.there.add(address.ip)
        return 0


def addresses(kernel: Kernel) -> Addresses:
    netlink: Any = kernel
    found = Addresses(netlink, lambda key, text: None, lambda text: None)
    found.prepare({"vip": PLACES}, {"eth0": ETH0})
    return found


def test_one_refusal_takes_all_of_a_group_back() -> None:
    kernel = Kernel()
    kernel.full = "10.0.0.9"
    assert "No buffer space" in (addresses(kernel).add("vip") or "")
    assert kernel.there == set()


def test_what_was_there_before_stays_for_the_one_who_put_it_there() -> None:
    kernel = Kernel()
    kernel.there, kernel.full = {"10.0.0.8"}, "10.0.0.9"
    assert addresses(kernel).add("vip") is not None
    assert kernel.there == {"10.0.0.8"}


def test_a_lost_answer_leaves_no_address_behind() -> None:
    kernel = Kernel()
    kernel.deaf = True
    assert addresses(kernel).add("vip") is not None
    assert kernel.there == set()
