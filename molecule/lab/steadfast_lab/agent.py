# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's one background process.

It serves packages and power on the bridges' own addresses, ends faults whose time is up, and gives a machine that
asked for a reboot its power back. It ends by itself when the lab is gone.
"""

from __future__ import annotations

import errno
import json
import os
import select
import signal
import socket
import threading
import time
from types import FrameType

from . import netns, process, state
from .agent_process import code_digest, note_path, read_note
from .cache import CacheServer, PackageCache
from .errors import LabError, say
from .inventory import POWER_PORT
from .lab import Lab
from .nodes import PACKAGE_PORT
from .power_service import PowerServer

POLL_SECONDS = 0.25


def serve(lab: Lab) -> None:
    """Run until SIGTERM or until the lab is gone."""
    identity, plan = lab.identity, lab.state.plan
    stopping = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)

    def listeners() -> list[tuple[socket.socket, socket.socket]]:
        return [
            (_listen(network.router, PACKAGE_PORT), _listen(network.router, POWER_PORT)) for network in plan.networks
        ]

    cache = PackageCache()
    for packages, power in netns.inside(netns.path_of(identity.netns), listeners):
        strip = PowerServer(power, lab.state.power_token, lambda: Lab.open(identity.lab, identity.root))
        for server in (CacheServer(packages, cache), strip):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    own = {"pid": os.getpid(), "started": process.start_time(os.getpid()), "code": code_digest()}
    state.write_private(note_path(identity), json.dumps(own) + "\n")
    say(f"agent {os.getpid()} serves lab {identity.lab}")
    cache.trim()
    watched: dict[tuple[int, int], int] = {}
    try:
        while not stopping.is_set():
            _wait(stopping, watched)
            if not netns.exists(identity.netns) or read_note(identity).get("pid") != os.getpid():
                say("the lab is gone, or has another agent")
                return
            try:
                _watch(Lab.open(identity.lab, identity.root), watched)
            except (LabError, OSError) as error:
                say(f"{type(error).__name__}: {error}")
    finally:
        if read_note(identity).get("pid") == os.getpid():
            note_path(identity).unlink(missing_ok=True)


def _listen(address: str, port: int) -> socket.socket:
    """Return a listening socket; an agent that has lost its lab frees the port within one of its rounds."""
    deadline = time.monotonic() + 5
    while True:
        try:
            return socket.create_server((address, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)


def _wait(stopping: threading.Event, watched: dict[tuple[int, int], int]) -> None:
    """Sleep for one round, or until a watched machine's init ends."""
    if not watched:
        stopping.wait(POLL_SECONDS)
        return
    select.select(list(watched.values()), [], [], POLL_SECONDS)


def _watch(lab: Lab, watched: dict[tuple[int, int], int]) -> None:
    """Keep the list of watched machines, end overdue faults, answer reboots."""
    present = {(known.pid, known.started) for known in lab.state.nodes.values() if known.power != "off"}
    for gone in [key for key in watched if key not in present or not process.is_alive(*key)]:
        os.close(watched.pop(gone))
    for key in present - set(watched):
        try:
            descriptor = os.pidfd_open(key[0])
        except OSError:
            continue
        if process.is_alive(*key):
            watched[key] = descriptor
        else:
            os.close(descriptor)
    now = time.monotonic()
    for what in [what for what, deadline in lab.state.deadlines.items() if deadline <= now]:
        say(f"time is up for {what}")
        lab.end_fault(what)
    for name, known in lab.state.nodes.items():
        if known.power == "on" and not process.is_alive(known.pid, known.started):
            lab.after_exit(name)
