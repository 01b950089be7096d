# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``run``: the daemon, in the foreground."""

from __future__ import annotations

import os
import secrets
import time
from typing import TYPE_CHECKING, Any

from ..control.client import RUNTIME_DIRECTORY
from ..control.protocol import SOCKET_NAME
from ..core.effects import Level
from ..daemon import Daemon, Start, StartError
from ..host.clock import now_ns, wall_s
from ..host.loading import load
from ..host.logs import Log
from ..host.loop import Loop
from ..host.sdnotify import Notifier
from ..host.sentences import sentence
from ..host.state import AlreadyRunning, Lock, make_directories, next_generation, node_uuid
from ..host.sweep import sweep_marked_addresses
from ..host.workerclient import WorkerClient
from ..settings.load import CONFIG_DIRECTORY, local_node_name
from ..wire.envelope import Identity
from .main import CONFIGURATION, DEGRADED, OK
from .output import say

if TYPE_CHECKING:
    import argparse

    from ..settings.model import Settings

STATE_DIRECTORY = "/var/lib/heartbeat"
#: A supervisor starts us again at once, which is right after a crash; what is wrong with a file takes longer to mend.
MENDING_S = 2.0


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "run",
        help="run the daemon in the foreground",
        description="SIGTERM hands over and ends, SIGHUP reads the configuration anew, SIGUSR1 and SIGUSR2 change"
        " the debug level.",
    )
    parser.add_argument("--config-dir", default=CONFIG_DIRECTORY, metavar="DIR", help="default: %(default)s")
    parser.add_argument("--state-dir", default=STATE_DIRECTORY, metavar="DIR", help="default: %(default)s")
    parser.add_argument("--runtime-dir", default=RUNTIME_DIRECTORY, metavar="DIR", help="default: %(default)s")
    parser.add_argument("--node-name", metavar="NAME", help="default: nodeinfo in the config directory, or uname -n")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """0: ended as asked, 1: cannot run here, 6: the configuration has errors (all of them on stderr)."""
    notifier = Notifier()
    name = (args.node_name or local_node_name(args.config_dir)).lower()
    loaded = load(args.config_dir, name)
    for diagnostic in loaded.result.diagnostics:
        say(str(diagnostic), ok=False)
    configuration = loaded.result.configuration
    if configuration is None:
        _cannot_serve(args.runtime_dir, notifier)
        return CONFIGURATION
    worker = WorkerClient(load)
    log = Log(lambda: worker.log_socket, now_ns, sentence)
    log.configure(configuration.settings.logging, os.getpid())
    refused = False
    try:
        make_directories([args.state_dir, args.runtime_dir])
        lock = Lock(os.path.join(args.runtime_dir, "lock"))
        identity = _identity(args.state_dir, name, configuration.settings, log)
        loop = Loop()
        worker.attach(loop)
        start = Start(args.config_dir, identity, configuration, loaded)
        try:
            daemon = Daemon(start, loop=loop, worker=worker, log=log, notifier=notifier)
        except StartError:
            lock.release()
            refused = True
            raise
        else:
            daemon.run(os.path.join(args.runtime_dir, SOCKET_NAME))
        lock.release()
    except (AlreadyRunning, StartError, OSError) as error:
        for line in str(error).splitlines():
            say(f"heartbeat: {line}", ok=False)
        if refused:
            _cannot_serve(args.runtime_dir, notifier)
        return DEGRADED
    finally:
        worker.close()
    return OK


def _cannot_serve(runtime_directory: str, notifier: Notifier) -> None:
    """What a crash has left here is taken down, because a peer holds it by now, or will after its dead time, and two
    nodes must not. Not while another daemon runs here: then it is that one's."""
    try:
        make_directories([runtime_directory])
        lock = Lock(os.path.join(runtime_directory, "lock"))
    except (AlreadyRunning, OSError):
        return
    try:
        gone = sweep_marked_addresses()
    except OSError as error:
        say(f"heartbeat: what a crash may have left here cannot be removed: {error.strerror or error}", ok=False)
    else:
        if gone:
            say(f"heartbeat: removed {', '.join(gone)}, left here by a crash: this node cannot serve now", ok=False)
    finally:
        lock.release()
    if notifier.wanted:
        notifier.status("cannot run with this configuration, see the log; it is tried again")
        time.sleep(MENDING_S)


def _identity(directory: str, name: str, settings: Settings, log: Log) -> Identity:
    uuid, uuid_problem = node_uuid(directory, settings.uuidfrom, name, secrets.token_bytes(16))
    generation, generation_problem = next_generation(directory, settings.hbgenmethod, wall_s())
    for problem in (uuid_problem, generation_problem):
        if problem is not None:
            log.emit(Level.ERROR, "state-file", {"detail": problem})
    return Identity(name, uuid, generation)
