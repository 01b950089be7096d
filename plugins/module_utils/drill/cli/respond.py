# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``drill respond``: the echo service that udp and stream probes talk to, for nodes that have none."""

from __future__ import annotations

import argparse
import platform
import signal
import sys
from typing import Any

from ..respond import Responder

__all__ = ["add_commands"]


def add_commands(commands: Any) -> None:
    """Register ``drill respond``."""
    parser = commands.add_parser("respond", help="echo datagrams and lines, with this node's name appended")
    parser.add_argument("--host", default="::", help="address to listen on (default: %(default)s, all)")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--name", default=platform.node(), help="name to append (default: %(default)s)")
    parser.add_argument("--no-udp", action="store_true", help="TCP only")
    parser.add_argument("--no-tcp", action="store_true", help="UDP only")
    parser.set_defaults(act=_respond)


def _respond(arguments: argparse.Namespace) -> int:
    service = Responder(
        arguments.host, arguments.port, arguments.name, udp=not arguments.no_udp, tcp=not arguments.no_tcp
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_ignored: service.stop())
    sys.stdout.write(f"answering as {arguments.name} on port {service.port}\n")
    sys.stdout.flush()
    service.run()
    return 0
