# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The groups' addresses in the kernel: add, remove, find leftovers, notice removals by others.

Requests are built when the configuration is read, so that a takeover only sends them.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Callable

from . import rtnl
from .netlink import Netlink, NetlinkError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .places import Place

_ADDED = (0, errno.EEXIST)
_REMOVED = (0, errno.EADDRNOTAVAIL, errno.ENODEV)


class Addresses:
    """All VIPs of the configuration, by group. ``held`` is what should be on this machine now."""

    def __init__(self, netlink: Netlink, on_lost: Callable[[str, str], None], on_note: Callable[[str], None]) -> None:
        """``on_lost(key, address)``: somebody else removed an address of a held group; ``on_note(sentence)``."""
        self._netlink, self._on_lost, self._on_note = netlink, on_lost, on_note
        self._places: dict[str, tuple[Place, ...]] = {}
        self._devices: dict[str, rtnl.Device] = {}
        self._add: dict[str, list[bytes]] = {}
        self._strays: dict[str, list[rtnl.KernelAddress]] = {}
        self._up: dict[str, tuple[Place, ...]] = {}
        self._waiting: dict[str, list[Place]] = {}  # IPv6 addresses that were just added

    def places(self, key: str) -> tuple[Place, ...]:
        """Where the group's addresses go."""
        return self._places.get(key, ())

    def prepare(self, places: Mapping[str, tuple[Place, ...]], devices: Mapping[str, rtnl.Device]) -> None:
        """Build the requests. What is up stays up, also of groups that are no longer there."""
        self._places, self._devices = dict(places), dict(devices)
        self._add = {key: self._requests(found) for key, found in places.items()}

    def device_changed(self, device: rtnl.Device, gone: bool) -> None:
        """A device got another index: requests that carry the old one are built again."""
        before = self._devices.get(device.name)
        if gone:
            self._devices.pop(device.name, None)
        else:
            self._devices[device.name] = device
        if before is None or gone or before.index != device.index:
            self._add = {key: self._requests(found) for key, found in self._places.items()}

    def leftovers(self, present: Sequence[rtnl.KernelAddress]) -> frozenset[str]:
        """The groups of which an address is here at start, and a note for each that this daemon did not put there."""
        owners = {place.ip: key for key, places in self._places.items() for place in places}
        names = {device.index: device.name for device in self._devices.values()}
        found: set[str] = set()
        marks = _kernel_keeps_marks()
        for address in present:
            key = owners.get(address.ip)
            if key is None:
                continue
            found.add(key)
            self._strays.setdefault(key, []).append(address)
            if marks and address.protocol != rtnl.OUR_PROTOCOL:
                where = address.label or names.get(address.index, "?")
                self._on_note(
                    f"the VIP {address.ip} is already configured on {where}, and not by this daemon: if the operating"
                    " system configures it (/etc/network/interfaces, netplan, NetworkManager), remove it there,"
                    " because both nodes would have it after a boot"
                )
        return frozenset(found)

    def add(self, key: str) -> str | None:
        """Put all addresses of a group up; None, or why not (then none of those added now is left)."""
        places, requests = self._places[key], self._add[key]
        if len(requests) != len(places):
            missing = [place for place in places if place.device not in self._devices]
            return f"{missing[0]}: interface {missing[0].device} is gone"
        previous, self._up[key] = self._up.get(key, ()), places
        results = self._execute(requests)
        failed = [(place, result) for place, result in zip(places, results) if result not in _ADDED]
        if failed:
            # also where the kernel's answer was lost: the address may be there all the same
            fresh = [place for place, result in zip(places, results) if result != errno.EEXIST]
            self._up[key] = previous
            self._execute(self._deletions(fresh))
            return "; ".join(f"{place}: {os.strerror(number)}" for place, number in failed[:3])
        right = {(place.ip, place.prefix, place.device) for place in places}
        self._waiting[key] = [place for place, result in zip(places, results) if result == 0 and ":" in place.ip]
        outdated = [place for place in previous if (place.ip, place.prefix, place.device) not in right]
        strays = self._other_prefixes(key, places)
        if outdated or strays:  # a changed definition, or a leftover with another prefix or device
            self._execute(self._deletions(outdated) + strays)
        self._strays.pop(key, None)
        return None

    def ready(self, key: str) -> bool:
        """Are packets for all addresses of the group taken by now?

        The kernel finishes an IPv6 address in a work queue: on a busy machine many milliseconds after it was added."""
        waiting = [place for place in self._waiting.get(key, ()) if not self._netlink.delivers(place.ip)]
        self._waiting[key] = waiting
        return not waiting

    def remove(self, key: str) -> str | None:
        """Take all addresses of a group down, leftovers included; None, or why not."""
        places = self._up.pop(key, None)
        places = self._places.get(key, ()) if places is None else places
        strays = [rtnl.delete_address(s.index, s.ip, s.prefix) for s in self._strays.pop(key, [])]
        results = self._execute(strays + self._deletions(places))
        failed = [number for number in results if number not in _REMOVED]
        return None if not failed else f"address: {os.strerror(failed[0])}"

    def removed_by_somebody(self, address: rtnl.KernelAddress) -> None:
        """The kernel says that an address is gone; if a held group needs it, report."""
        for key, places in list(self._up.items()):
            for place in places:
                device = self._devices.get(place.device)
                same = (place.ip, place.prefix) == (address.ip, address.prefix)
                if same and device is not None and device.index == address.index:
                    self._on_lost(key, str(place))

    def verify(self) -> None:
        """After lost notices: compare what should be here with what is."""
        present = {(address.index, address.ip) for address in self._netlink.addresses()}
        for key, places in list(self._up.items()):
            for place in places:
                device = self._devices.get(place.device)
                if device is None or (device.index, place.ip) not in present:
                    self._on_lost(key, str(place))

    def _requests(self, places: Sequence[Place]) -> list[bytes]:
        return [
            rtnl.new_address(self._devices[p.device].index, p.ip, p.prefix, p.broadcast, p.label)
            for p in places
            if p.device in self._devices
        ]

    def _deletions(self, places: Sequence[Place]) -> list[bytes]:
        return [
            rtnl.delete_address(self._devices[p.device].index, p.ip, p.prefix)
            for p in places
            if p.device in self._devices
        ]

    def _other_prefixes(self, key: str, places: Sequence[Place]) -> list[bytes]:
        right = {(self._devices[p.device].index, p.ip, p.prefix) for p in places if p.device in self._devices}
        strays = self._strays.get(key, [])
        return [rtnl.delete_address(s.index, s.ip, s.prefix) for s in strays if (s.index, s.ip, s.prefix) not in right]

    def _execute(self, requests: Sequence[bytes]) -> list[int]:
        if not requests:
            return []
        try:
            return self._netlink.execute(requests)
        except NetlinkError as error:
            return [error.errno or errno.EIO] * len(requests)


def _kernel_keeps_marks() -> bool:
    """IFA_PROTO came with Linux 5.18."""
    try:
        major, minor = (int(part) for part in os.uname().release.split(".")[:2])
    except ValueError:
        return False
    return (major, minor) >= (5, 18)
