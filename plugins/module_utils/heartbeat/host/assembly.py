# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything of this machine that the daemon handles, assembled, and brought in line with a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from ..core.effects import Level
from ..core.events import CarrierChanged, Event, GroupReport, Stage
from .addresses import Addresses
from .agents import Toolbox, script_environment
from .announce import Announcer
from .clients import Clients
from .groups import Groups
from .hooks import Hooks
from .links import Links
from .netlink import Monitor, Netlink
from .ping import Pings
from .places import Plan, plan
from .rtnl import Device, KernelAddress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..settings.model import Configuration
    from .logs import Log
    from .loop import Loop
    from .workerclient import WorkerClient


class Host:
    """The machine's side of the daemon. Events go to ``feed``, datagrams to the two receivers."""

    def __init__(
        self,
        loop: Loop,
        worker: WorkerClient,
        log: Log,
        *,
        feed: Callable[[Event], None],
        on_datagram: Callable[[bytes, str], None],
        on_ping_reply: Callable[[bytes, str], None],
        ping_payload: Callable[[str], bytes],
        may_announce: Callable[[str], bool],
    ) -> None:
        self._feed, self._log = feed, log
        self._netlink = Netlink()
        self._monitor = Monitor(self._device, self._address_removed, self._overrun)
        loop.add_reader(self._monitor.socket, self._monitor.ready)
        self._devices: dict[str, Device] = {}
        self._used: frozenset[str] = frozenset()
        self._plan = Plan({})
        self._environment: dict[str, str] = {}
        self.links = Links(loop, on_datagram, lambda medium, why: self._complain("link-error", "medium", medium, why))
        self.pings = Pings(
            loop, ping_payload, on_ping_reply, lambda target, why: self._complain("ping-error", "target", target, why)
        )
        self._addresses = Addresses(
            self._netlink,
            lambda key, text: feed(GroupReport(key, Stage.ADDRESS_LOST, text)),
            lambda text: log.emit(Level.WARNING, "address-static", {"detail": text}),
        )
        self.announcer = Announcer(
            loop, may_announce, lambda device, why: self._complain("announce-error", "device", device, why)
        )
        self.groups = Groups(loop, worker, self._addresses, self.announcer, report=feed, log=log.emit)
        self.clients = Clients(loop, worker, log.emit)
        self.hooks = Hooks(worker, log.emit)

    def apply(
        self, configuration: Configuration, names: Mapping[str, str], config_directory: str, node_name: str
    ) -> list[str]:
        """Make everything as ``configuration`` says; what stays is not touched.

        Returns what stands in the way, as sentences; addresses without a place leave all as it was."""
        devices, present = self._netlink.devices(), self._netlink.addresses()
        new = plan(configuration.groups, self._netlink.routes(), devices, present)
        if new.errors:
            return list(new.errors)
        settings = configuration.settings
        self._devices, self._plan = devices, new
        vips = {place.device for places in new.places.values() for place in places}
        self._used = frozenset(vips | {medium.device for medium in settings.media})
        moving = {place.ip for places in new.places.values() for place in places}
        own = {address.ip for address in present} - moving
        problems = self.links.open(settings.media, devices, names, own)
        problems += self.pings.open(settings.pings, names)
        self._addresses.prepare(new.places, devices)
        announced = {key: [(place.ip, place.device) for place in places] for key, places in new.places.items()}
        self.announcer.prepare(announced, devices)
        env = self._environment = script_environment(settings.parameters, settings.env, node_name, config_directory)
        self.groups.configure(configuration.groups, Toolbox.of_this_machine(config_directory, env))
        self.hooks.configure(config_directory, env)
        return problems

    def start_clients(self, configuration: Configuration) -> None:
        """Start respawn clients, or bring the running ones in line."""
        self.clients.configure(configuration.settings.respawns, self._environment)

    def leftovers(self) -> frozenset[str]:
        """Groups of which addresses are on this machine before we put any there."""
        return self._addresses.leftovers(self._netlink.addresses())

    def missing_carriers(self) -> list[str]:
        """Devices in use that have no carrier now."""
        return [name for name, device in self._devices.items() if name in self._used and not device.carrier]

    def warnings(self) -> tuple[str, ...]:
        """Standing warnings about the configuration on this machine."""
        return self._plan.warnings

    def vips(self) -> dict[str, list[str]]:
        """Per group its addresses, complete with prefix and device."""
        return {key: [str(place) for place in places] for key, places in self._plan.places.items()}

    def counters(self) -> dict[str, Any]:
        """For the status report."""
        announced = {"sent": self.announcer.sent, "failed": self.announcer.failed}
        return {"links": self.links.counters(), "announcements": announced, "last_take": self.groups.last_take_us}

    def close(self) -> None:
        """Close every socket. Addresses that are still here stay."""
        for part in (self.announcer, self.links, self.pings, self._monitor, self._netlink):
            part.close()

    # --- what the kernel reports --------------------------------------------------------------------------

    def _device(self, device: Device, gone: bool) -> None:
        before = self._devices.get(device.name)
        if device.name not in self._used or (before == device and not gone):
            return
        now = Device(device.index, device.name, device.mac, device.kind, device.carrier and not gone)
        self._devices[device.name] = now
        self.links.device_changed(now, gone)
        self._addresses.device_changed(now, gone)
        self.announcer.device_changed(now, gone)
        if before is None or before.carrier != now.carrier:
            self._feed(CarrierChanged(device.name, now.carrier))

    def _address_removed(self, address: KernelAddress) -> None:
        self._addresses.removed_by_somebody(address)

    def _overrun(self) -> None:
        for device in self._netlink.devices().values():
            self._device(device, False)
        self._addresses.verify()

    def _complain(self, code: str, name: str, subject: str, why: str) -> None:
        self._log.seldom(Level.WARNING, code, f"{subject} {why}", {name: subject, "detail": why})
