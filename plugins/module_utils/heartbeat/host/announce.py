# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Announcing held addresses: at once, repeated while caches settle, then kept fresh.

Sockets are opened at start, per device, so that the first announcement of a takeover is one ``send``.
Switches and hosts drop bursts, so large sets go out in slices of ``BURST`` frames a millisecond apart.
"""

from __future__ import annotations

import socket
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable

from .clock import MS, SECOND
from .frames import frames
from .rtnl import ARPHRD_ETHER, Device

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .loop import Loop, Timer

#: When an announcement is repeated, counted from the first. The dense beginning is for hand-overs: while the giver
#: still has the address, its kernel answers requests too, and a client may have learnt the old place once more.
SCHEDULE_NS = (1 * MS, 3 * MS, 10 * MS, 30 * MS, 100 * MS, 1 * SECOND)
REFRESH_NS = 60 * SECOND
BURST = 128

Opener = Callable[[str], socket.socket]
Frame = tuple[str, bytes]  # device, bytes


def open_packet_socket(device: str) -> socket.socket:
    """A send-only packet socket on a device (protocol 0: it never receives)."""
    packet = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK, 0)
    try:
        packet.bind((device, 0))
    except OSError:
        packet.close()
        raise
    return packet


@dataclass
class _Campaign:
    places: tuple[tuple[str, str], ...]  # (ip, device name)
    frames: list[Frame] = field(default_factory=list)
    began_ns: int = 0
    step: int = 0
    timer: Timer | None = None


class Announcer:
    """Sends and repeats announcements per group. Only a group that is held and not being given is announced."""

    def __init__(
        self,
        loop: Loop,
        may_announce: Callable[[str], bool],
        on_error: Callable[[str, str], None],
        opener: Opener = open_packet_socket,
    ) -> None:
        """``may_announce(key)`` is asked before each repetition; ``on_error(device, text)`` hears of failed sends."""
        self._loop, self._may, self._on_error, self._opener = loop, may_announce, on_error, opener
        self._sockets: dict[str, socket.socket] = {}
        self._devices: dict[str, Device] = {}
        self._campaigns: dict[str, _Campaign] = {}
        self._queue: deque[tuple[str, Frame]] = deque()  # what still has to go out, and for which group
        self._pacer: Timer | None = None
        self.sent = 0
        self.failed = 0

    def prepare(self, groups: Mapping[str, Sequence[tuple[str, str]]], devices: Mapping[str, Device]) -> None:
        """Build frames for each group's (ip, device name) and open sockets. Running campaigns go on."""
        self._devices = dict(devices)
        wanted = {device for places in groups.values() for _ip, device in places}
        for gone in set(self._sockets) - wanted:
            self._sockets.pop(gone).close()
        for name in sorted(wanted):
            if name not in self._sockets:
                self._open(name)
        for key in set(self._campaigns) - set(groups):
            self.silence(key)
            del self._campaigns[key]
        for key, places in groups.items():
            campaign = self._campaigns.setdefault(key, _Campaign(()))
            campaign.places = tuple(places)
            campaign.frames = self._frames(campaign.places)

    def device_changed(self, device: Device, gone: bool) -> None:
        """A device got another index, hardware address or carrier: rebuild, reopen, announce again when it is up."""
        before = self._devices.get(device.name)
        if gone:
            self._devices.pop(device.name, None)
            return
        self._devices[device.name] = device
        if device == before or all(name != device.name for c in self._campaigns.values() for _ip, name in c.places):
            return
        if before is None or before.index != device.index:
            if device.name in self._sockets:
                self._sockets.pop(device.name).close()
            self._open(device.name)
        for key, campaign in self._campaigns.items():
            if any(name == device.name for _ip, name in campaign.places):
                campaign.frames = self._frames(campaign.places)
                if campaign.timer is not None and device.carrier:
                    self.announce(key)

    def announce(self, key: str) -> None:
        """Send the first announcement before returning, then start the schedule over."""
        campaign = self._campaigns[key]
        self.silence(key)
        campaign.began_ns, campaign.step = self._loop.now(), 0
        self._send(key, campaign.frames)
        self._arm(key, campaign)

    def silence(self, key: str) -> None:
        """Stop repeating, and drop what still waits to go out: only the taker announces a group that is given away."""
        if self._queue:
            self._queue = deque(item for item in self._queue if item[0] != key)
        campaign = self._campaigns.get(key)
        if campaign is not None and campaign.timer is not None:
            campaign.timer.cancel()
            campaign.timer = None

    def close(self) -> None:
        """Stop everything."""
        for key in list(self._campaigns):
            self.silence(key)
        for packet in self._sockets.values():
            packet.close()
        self._sockets.clear()

    def _frames(self, places: Sequence[tuple[str, str]]) -> list[Frame]:
        found: list[Frame] = []
        for ip, name in places:
            device = self._devices.get(name)
            if device is not None and device.kind == ARPHRD_ETHER and len(device.mac) == 6:
                found += [(name, frame) for frame in frames(ip, device.mac)]
        return found

    def _open(self, name: str) -> None:
        try:
            self._sockets[name] = self._opener(name)
        except OSError as error:
            self._on_error(name, str(error))

    def _arm(self, key: str, campaign: _Campaign) -> None:
        now = self._loop.now()
        while True:  # steps that a frozen process slept through are skipped, not made up for in a burst
            if campaign.step < len(SCHEDULE_NS):
                due = campaign.began_ns + SCHEDULE_NS[campaign.step]
            else:
                due = campaign.began_ns + SCHEDULE_NS[-1] + REFRESH_NS * (campaign.step - len(SCHEDULE_NS) + 1)
            if due > now:
                break
            campaign.step += 1
        campaign.timer = self._loop.call_at(due, lambda: self._repeat(key))

    def _repeat(self, key: str) -> None:
        campaign = self._campaigns[key]
        campaign.step += 1
        if self._may(key):
            self._send(key, campaign.frames)
        self._arm(key, campaign)

    def _send(self, key: str, batch: Sequence[Frame]) -> None:
        if self._queue:  # an earlier large set is still going out: keep the order and the pace
            self._queue.extend((key, frame) for frame in batch)
            return
        for device, frame in batch[:BURST]:
            self._send_one(device, frame)
        if len(batch) > BURST:
            self._queue.extend((key, frame) for frame in batch[BURST:])
        if self._queue and self._pacer is None:
            self._pacer = self._loop.call_at(self._loop.now() + MS, self._drain)

    def _drain(self) -> None:
        for _slot in range(min(BURST, len(self._queue))):
            _key, frame = self._queue.popleft()
            self._send_one(*frame)
        self._pacer = self._loop.call_at(self._loop.now() + MS, self._drain) if self._queue else None

    def _send_one(self, device: str, frame: bytes) -> None:
        packet = self._sockets.get(device)
        if packet is None:
            self.failed += 1
            return
        try:
            packet.send(frame)
            self.sent += 1
        except OSError as error:
            self.failed += 1
            self._on_error(device, str(error))
