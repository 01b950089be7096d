# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``metrics``: numbers for Prometheus - printed, as a file for node_exporter, or over HTTP. Always a process of its
own: the daemon only hands over numbers when it is asked."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from typing import TYPE_CHECKING, Any

from ..control.client import RUNTIME_DIRECTORY, NotRunning, ask
from ..control.metrics import down, render
from .main import DEGRADED, NOT_RUNNING, OK
from .output import say

if TYPE_CHECKING:
    from collections.abc import Callable

FILE_NAME = "heartbeat.prom"


def add_parser(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "metrics",
        help="numbers for Prometheus",
        description="Print metrics in Prometheus text format; hb_up is 0 when the daemon does not answer. Exit code 0:"
        " printed or written, 3: the daemon does not run (after the page with hb_up 0).",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--textfile", metavar="DIR", help=f"write DIR/{FILE_NAME}, for node_exporter's textfile collector"
    )
    where.add_argument("--listen", type=_address, metavar="ADDRESS:PORT", help="serve /metrics over HTTP until ended")
    parser.add_argument("--every", type=float, metavar="SECONDS", help="with --textfile: again and again, until ended")
    parser.add_argument("--runtime-dir", default=RUNTIME_DIRECTORY, metavar="DIR", help="default: %(default)s")
    parser.set_defaults(func=run)


def run(args: argparse.Namespace) -> int:
    """0 printed or written, 1 it cannot be written, 3 the daemon does not run."""
    if args.listen is not None:
        from .metrics_http import serve  # noqa: PLC0415 - an HTTP server is a second to import

        return serve(args.listen, lambda: page(args.runtime_dir)[1])
    if args.textfile is None:
        running, text = page(args.runtime_dir)
        say(text.rstrip("\n"))
        return OK if running else NOT_RUNNING
    return _textfile(args.textfile, args.every, lambda: page(args.runtime_dir))


def page(runtime_directory: str) -> tuple[bool, str]:
    """Did the daemon answer, and the page that says so. A daemon that hangs counts as one that is down."""
    try:
        return True, render(ask({"command": "metrics"}, runtime_directory))
    except NotRunning:
        return False, down()
    except (OSError, KeyError, TypeError, ValueError) as error:
        say(f"the daemon's answer is of no use: {error!r}", ok=False)
        return False, down()


def write_textfile(directory: str, text: str) -> None:
    """Replace the file in one step, so that the collector never reads half of it. Raises OSError."""
    descriptor, path = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=directory)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(path, 0o644)  # the collector runs as another user
        os.replace(path, os.path.join(directory, FILE_NAME))
    except BaseException:
        os.unlink(path)
        raise


def _textfile(directory: str, every_s: float | None, get: Callable[[], tuple[bool, str]]) -> int:
    while True:
        began = time.monotonic()
        running, text = get()
        code = OK if running else NOT_RUNNING
        try:
            write_textfile(directory, text)
        except OSError as error:
            say(f"cannot write into {directory}: {error.strerror}", ok=False)
            code = DEGRADED
        if every_s is None:
            return code
        time.sleep(max(0.1, every_s - (time.monotonic() - began)))


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not ADDRESS:PORT, as in 127.0.0.1:9694 or [::1]:9694")
    return host.strip("[]"), int(port)
