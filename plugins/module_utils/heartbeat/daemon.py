# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins the rooms: bytes -> wire -> node.handle(event, now) -> effects -> host. Glue only; it decides nothing."""

from __future__ import annotations

import os
import random
import signal
import socket
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import __version__
from .control.protocol import Request, verdict
from .control.report import HostFacts, one_line, report
from .control.server import ControlServer, Peer, Reply
from .core import effects as fx
from .core.effects import Level
from .core.events import CarrierChanged, Command, Event, Reloaded, Tick, Verb, Woke
from .core.node import Node
from .host import realtime
from .host.assembly import Host
from .host.clock import MS, SECOND, wall_s
from .observation import Observation
from .settings.fingerprint import cluster_hash, configuration_hash
from .wire.station import Reception, Station

if TYPE_CHECKING:
    from .host.loading import Loaded
    from .host.logs import Log
    from .host.loop import Loop
    from .host.sdnotify import Notifier
    from .host.workerclient import WorkerClient
    from .settings.model import Configuration
    from .wire.envelope import Identity

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


class StartError(RuntimeError):
    """The daemon cannot start on this machine; one sentence per line."""


@dataclass(frozen=True)
class Start:
    """What a daemon is started with. ``loaded.result.configuration`` is not None."""

    config_directory: str
    identity: Identity
    configuration: Configuration
    loaded: Loaded


class Daemon:
    """One running node."""

    def __init__(self, start: Start, *, loop: Loop, worker: WorkerClient, log: Log, notifier: Notifier) -> None:
        """Opens everything but the control socket. Raises StartError."""
        self._loop, self._worker, self._log, self._notifier = loop, worker, log, notifier
        self._directory, self._identity = start.config_directory, start.identity
        self._configuration = start.configuration
        self._names = start.loaded.names  # what the host names in this configuration were resolved to
        self._events: deque[Event] = deque()
        self._feeding = False
        self._active = False
        self._leaving = False
        self._ending = False
        self._load = (-SECOND, "n/a")
        self._requests: dict[int, Reply] = {}
        self._request_number = 0
        self._reloads: list[Reply | None] = []
        self._notes: tuple[str, ...] = tuple(str(item) for item in start.loaded.result.warnings())
        self._status_line = ""
        self._watchdog_due = 0
        self._observation = Observation(start.identity.name, loop, worker, log)
        self._observation.configure(start.loaded.hooks)
        self._station = Station(start.identity, self._configuration, random.SystemRandom().randint)
        self._host = Host(
            loop,
            worker,
            log,
            feed=self._feed,
            on_datagram=self._datagram,
            on_ping_reply=lambda content, address: self._received(
                self._station.receive_ping(content, address), address
            ),
            ping_payload=lambda name: self._station.ping_payload(name, wall_s()),
            may_announce=self._may_announce,
        )
        worker.on_death = lambda: log.emit(Level.ERROR, "worker-died")
        self._control = ControlServer(loop, self._serve)
        self._observation.publish(self._control.publish)
        problems = self._host.apply(self._configuration, start.loaded.names, self._directory, start.identity.name)
        if problems:
            raise StartError("\n".join(problems))
        found = self._host.leftovers()
        self._node = Node(start.identity.name, self._configuration, found=found, now=loop.now())

    def run(self, control_path: str) -> None:
        """Serve until everything is handed over or released."""
        self._control.open(control_path)
        self._catch_signals()
        settings = self._configuration.settings
        for problem in realtime.engage(settings.rtprio) if settings.realtime else ():
            self._log.emit(Level.WARNING, "realtime", {"detail": problem})
        self._log.emit(Level.NOTICE, "started", {"version": __version__, "node": self._identity.name})
        self._notifier.ready("starting: waiting for peers")
        self._perform(self._node.start(self._loop.now()))
        for device in self._host.missing_carriers():
            self._feed(CarrierChanged(device, False))
        self._feed(Tick())
        self._loop.run(self._next_deadline, self._woke, self._tick)
        self._control.close()
        self._host.close()
        self._log.emit(Level.NOTICE, "stopped")

    # --- inwards: time, signals, datagrams ----------------------------------------------------------------

    def _next_deadline(self) -> int | None:
        due = (self._node.next_deadline(), self._station.next_deadline(), self._watchdog_due or None)
        return min((moment for moment in due if moment is not None), default=None)

    def _woke(self, late_ns: int) -> None:
        deadtime_ns = self._configuration.settings.deadtime_ms * MS
        if late_ns >= deadtime_ns:  # a peer may hold our groups by now: no announcement until the node asks for one
            for group in self._configuration.groups:
                self._host.announcer.silence(group.key)
        if late_ns > deadtime_ns // 2:
            self._feed(Woke(late_ns // MS))

    def _tick(self) -> None:
        self._feed(Tick())
        for datagram in self._station.due(self._loop.now(), wall_s(), self._node.statuses()):
            self._host.links.send(datagram)
        if self._notifier.watchdog_ns:
            self._notifier.alive()
            self._watchdog_due = self._loop.now() + self._notifier.watchdog_ns

    def _catch_signals(self) -> None:
        ours, theirs = self._signal_sockets = socket.socketpair()
        ours.setblocking(False)
        theirs.setblocking(False)
        signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        for number in _SIGNALS:
            signal.signal(number, lambda _number, _frame: None)
        self._loop.add_reader(ours, self._signalled)

    def _signalled(self) -> None:
        for number in self._signal_sockets[0].recv(64):
            if number in (signal.SIGTERM, signal.SIGINT) and not self._leaving:
                self._leaving = True
                self._log.emit(Level.NOTICE, "stopping", {"by": signal.Signals(number).name})
                self._notifier.stopping("handing over")
                self._feed(Command(Verb.SHUTDOWN))
            elif number == signal.SIGHUP:
                self._reload(None)
            elif number in (signal.SIGUSR1, signal.SIGUSR2):
                self._log.louder(1 if number == signal.SIGUSR1 else -1)

    def _datagram(self, data: bytes, link: str) -> None:
        self._received(self._station.receive(data, link, self._loop.now(), self._node.statuses()), link)

    def _may_announce(self, key: str) -> bool:
        return self._node.announces(key)

    def _received(self, reception: Reception, link: str) -> None:
        for datagram in reception.datagrams:
            self._host.links.send(datagram)
        rejected = reception.rejected
        if rejected is not None and self._configuration.settings.log_badpack:
            reason, peer = rejected.reason.value, rejected.peer or "?"
            facts = {"link": link, "reason": reason, "peer": peer, "detail": rejected.text}
            self._log.seldom(Level.WARNING, "bad-packet", f"{link} {reason} {peer}", facts)
        for entry in reception.logs:
            self._log.emit(entry.level, entry.code, entry.facts)
        for event in reception.events:
            self._feed(event)

    # --- decisions, and what follows ----------------------------------------------------------------------

    def _feed(self, event: Event) -> None:
        """The only way to the node: one event after the other, also when performing an effect reports something."""
        self._events.append(event)
        if self._feeding:
            return
        self._feeding = True
        try:
            while self._events:
                self._perform(self._node.handle(self._events.popleft(), self._loop.now()))
        finally:
            self._feeding = False

    def _perform(self, effects: fx.Effects) -> None:
        groups = self._host.groups
        for effect in effects:
            if isinstance(effect, fx.StartGroup):
                groups.start(effect.key)
            elif isinstance(effect, fx.StopServices):
                groups.stop_services(effect.key)
            elif isinstance(effect, fx.StopGroup):
                groups.stop(effect.key)
            elif isinstance(effect, fx.Announce):
                groups.announce(effect.key)
            elif isinstance(effect, fx.Send):
                self._send(effect)
            elif isinstance(effect, fx.Log):
                self._log.emit(effect.level, effect.code, effect.facts)
            elif isinstance(effect, fx.Answer):
                reply = self._requests.pop(effect.request, None)
                if reply is not None:
                    reply(verdict(effect.ok, effect.text))
            elif isinstance(effect, fx.PeerStatusChanged):
                self._host.hooks.peer_status(effect.peer, effect.status)
            elif isinstance(effect, fx.BecameActive):
                self._active = True
                self._host.start_clients(self._configuration)
            elif not self._ending:  # Exit
                self._ending = True
                self._host.clients.stop(self._loop.stop)

    def _send(self, effect: fx.Send) -> None:
        for datagram in self._station.send(effect.message, self._loop.now(), wall_s(), self._load_average()):
            self._host.links.send(datagram)
        if effect.message.kind == "status":
            self._host.pings.request()
            if self._notifier.wanted and not self._leaving:
                line = one_line(self._node.snapshot(self._loop.now()))
                if line != self._status_line:
                    self._status_line = line
                    self._notifier.status(line)

    def _load_average(self) -> str:
        now = self._loop.now()
        if now - self._load[0] >= SECOND:
            with open("/proc/loadavg", encoding="ascii") as stream:
                self._load = (now, stream.readline().strip())
        return self._load[1]

    # --- operators ----------------------------------------------------------------------------------------

    def _serve(self, request: Request, peer: Peer, reply: Reply) -> None:
        if request.command == "status":
            reply(self._report())
        elif request.command == "metrics":
            traffic = self._station.traffic.as_list()
            reply(self._observation.numbers(self._report(), traffic, self._configuration.settings))
        elif request.command == "events":
            reply(self._observation.events())
        elif request.command == "notify":
            reply(verdict(True, self._observation.test(peer.uid)))
        elif request.command == "version":
            reply(verdict(True, f"heartbeat (steadfast.ha) {__version__}"))
        elif request.command == "reload":
            self._reload(reply)
        else:
            facts = {"verb": request.command, "scope": request.key or request.scope, "uid": str(peer.uid)}
            self._log.emit(Level.NOTICE, "command-by", {**facts, "pid": str(peer.pid)})
            self._request_number += 1
            self._requests[self._request_number] = reply
            self._feed(Command(Verb(request.command), request.scope, request.key, self._request_number))

    def _report(self) -> dict[str, Any]:
        wire, late = self._station.counters(), self._loop.lateness.snapshot()
        counters = {"wire": wire, "log_dropped": self._log.dropped, "worker_restarts": self._worker.restarts}
        host = HostFacts(
            pid=os.getpid(),
            generation=self._identity.generation,
            configuration_hash=configuration_hash(self._configuration),
            cluster_hash=cluster_hash(self._configuration),
            warnings=[*self._notes, *self._host.warnings(), *self._observation.problems()],
            hooks=self._observation.hooks(),
            addresses=self._host.vips(),
            counters={**counters, **self._host.counters()},
            loop={**late, "turns": self._loop.turns, "scheduling": realtime.scheduling()},
        )
        return report(self._node.snapshot(self._loop.now()), host)

    def _reload(self, reply: Reply | None) -> None:
        """Reads the files apart; a request that comes meanwhile is served by another reading afterwards."""
        self._reloads.append(reply)
        if len(self._reloads) == 1:
            self._notifier.reloading()
            self._worker.load((self._directory, self._identity.name), self._loaded)

    def _loaded(self, loaded: Loaded | Exception) -> None:
        reply = self._reloads.pop(0)
        if isinstance(loaded, Exception):
            problems = [f"the configuration could not be read: {loaded}"]
        elif loaded.result.configuration is None:
            problems = [str(item) for item in loaded.result.errors()]
        else:
            self._notes = tuple(str(item) for item in loaded.result.warnings())
            problems = self._apply(loaded.result.configuration, loaded)
        if problems:
            detail = "; ".join(problems)
            self._log.emit(Level.ERROR, "reload-refused", {"errors": str(len(problems)), "detail": detail})
        self._notifier.ready(self._status_line or "running")
        if reply is not None:
            text = "the old configuration stays in force" if problems else "the new configuration is in force"
            reply({**verdict(not problems, text), "diagnostics": problems})
        if self._reloads:
            self._worker.load((self._directory, self._identity.name), self._loaded)

    def _apply(self, new: Configuration, loaded: Loaded) -> list[str]:
        self._observation.configure(loaded.hooks)
        if new == self._configuration:
            self._log.emit(Level.INFO, "reload-same")
            return []
        problems = self._host.apply(new, loaded.names, self._directory, self._identity.name)
        if problems:  # half of it may be open by now: back to what was in force
            self._host.apply(self._configuration, self._names, self._directory, self._identity.name)
            return problems
        self._log.configure(new.settings.logging, os.getpid())
        self._configuration, self._names = new, loaded.names
        self._station.reconfigure(new)
        self._feed(Reloaded(new))
        if self._active and not self._ending:
            self._host.start_clients(new)
        self._log.emit(Level.NOTICE, "reload-done")
        return []
