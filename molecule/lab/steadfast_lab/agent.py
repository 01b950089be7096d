# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's one background process.

It serves packages and power on the bridges' own addresses, ends faults whose time is up, and gives a machine that
asked for a reboot its power back. It ends by itself when the lab is gone.
"""

from __future__ import annotations

import hashlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from . import netns, process, state
from .cache import CacheServer, PackageCache
from .errors import LabError, say
from .identity import Identity
from .inventory import POWER_PORT
from .nodes import PACKAGE_PORT
from .power_service import PowerServer

if TYPE_CHECKING:
    from .lab import Lab

START_SECONDS = 15.0
POLL_SECONDS = 0.25


def code_digest() -> str:
    """Return a hash of this package's source, so that an agent of older code is replaced."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _note(identity: Identity) -> Path:
    return identity.directory / "agent.json"


def _read_note(identity: Identity) -> dict[str, str | int]:
    try:
        note = json.loads(_note(identity).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return dict(note)


def is_running(identity: Identity) -> bool:
    """Tell whether the lab's agent is there."""
    note = _read_note(identity)
    return process.is_alive(int(note.get("pid", 0)), int(note.get("started", 0)))


def ensure(identity: Identity) -> None:
    """Start the agent unless one of this very code is running; LabError when it does not come up."""
    if is_running(identity) and _read_note(identity).get("code") == code_digest():
        return
    stop(identity)
    log = identity.directory / "agent.log"
    program = Path(__file__).resolve().parent.parent / "lab"
    with open(log, "ab") as output:
        child = subprocess.Popen(
            [sys.executable, str(program), "agent", "--lab", identity.lab],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd="/",
            env={**os.environ, "STEADFAST_ROOT": str(identity.root)},
        )
    deadline = time.monotonic() + START_SECONDS
    while not is_running(identity):
        if child.poll() is not None or time.monotonic() > deadline:
            tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
            raise LabError(f"the lab's agent did not start; its log {log} ends with:\n{tail}")
        time.sleep(0.02)


def stop(identity: Identity) -> None:
    """End the agent, if there is one, by its process id."""
    note = _read_note(identity)
    pid, started = int(note.get("pid", 0)), int(note.get("started", 0))
    if (
        process.is_alive(pid, started)
        and not process.kill(pid, started, signal.SIGTERM, wait=5)
        and not process.kill(pid, started, signal.SIGKILL, wait=5)
    ):
        raise LabError(f"the lab's agent (process {pid}) cannot be ended")
    _note(identity).unlink(missing_ok=True)


def serve(lab: Lab) -> None:
    """Run until SIGTERM or until the lab is gone."""
    from .lab import Lab as LabClass

    identity, plan = lab.identity, lab.state.plan
    stopping = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)

    def listeners() -> list[tuple[socket.socket, socket.socket]]:
        return [
            (socket.create_server((network.router, PACKAGE_PORT)), socket.create_server((network.router, POWER_PORT)))
            for network in plan.networks
        ]

    cache = PackageCache()
    for packages, power in netns.inside(netns.path_of(identity.netns), listeners):
        strip = PowerServer(power, lab.state.power_token, lambda: LabClass.open(identity.lab, identity.root))
        for server in (CacheServer(packages, cache), strip):
            threading.Thread(target=server.serve_forever, daemon=True).start()

    own = {"pid": os.getpid(), "started": process.start_time(os.getpid()), "code": code_digest()}
    state.write_private(_note(identity), json.dumps(own) + "\n")
    say(f"agent {os.getpid()} serves lab {identity.lab}")
    cache.trim()
    watched: dict[tuple[int, int], int] = {}
    try:
        while not stopping.is_set():
            _wait(stopping, watched)
            if not netns.exists(identity.netns) or state.load(identity) is None:
                say("the lab is gone")
                return
            try:
                _watch(LabClass.open(identity.lab, identity.root), watched)
            except (LabError, OSError) as error:
                say(f"{type(error).__name__}: {error}")
    finally:
        if _read_note(identity).get("pid") == os.getpid():
            _note(identity).unlink(missing_ok=True)


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
