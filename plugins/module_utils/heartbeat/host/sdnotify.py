# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Talking to systemd without a library: sd_notify(3). Harmless where there is no systemd."""

from __future__ import annotations

import os
import socket

from .clock import now_ns


class Notifier:
    """Readiness, status, watchdog. A failing notification is ignored: the service manager has time-outs."""

    def __init__(self) -> None:
        """Takes NOTIFY_SOCKET and WATCHDOG_USEC out of the environment, so that no script inherits them."""
        path = os.environ.pop("NOTIFY_SOCKET", "")
        watchdog = os.environ.pop("WATCHDOG_USEC", "")
        pid = os.environ.pop("WATCHDOG_PID", "")
        self._address = "\0" + path[1:] if path.startswith("@") else path
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        meant_for_us = not pid or pid == str(os.getpid())
        #: ns between two watchdog messages: half of what systemd allows; 0: no watchdog
        self.watchdog_ns = int(watchdog) * 500 if watchdog.isdigit() and meant_for_us and self._socket else 0
        self._last_watchdog = 0

    @property
    def wanted(self) -> bool:
        """Is anybody listening?"""
        return self._socket is not None

    def send(self, *assignments: str) -> None:
        """E.g. ``send("READY=1", "STATUS=…")``."""
        if self._socket is None:
            return
        try:
            self._socket.sendto("\n".join(assignments).encode(), self._address)
        except OSError:
            pass  # systemd restarting, or its queue full

    def ready(self, status: str) -> None:
        """Start-up, or a reload, is complete."""
        self.send("READY=1", f"STATUS={status}", f"MAINPID={os.getpid()}")

    def reloading(self) -> None:
        """A reload begins (Type=notify-reload wants the time on CLOCK_MONOTONIC)."""
        import time  # noqa: PLC0415 - the only use of that clock

        self.send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def status(self, text: str) -> None:
        """One line for ``systemctl status``."""
        self.send(f"STATUS={text}")

    def stopping(self, status: str) -> None:
        """The shutdown begins."""
        self.send("STOPPING=1", f"STATUS={status}")

    def close(self) -> None:
        """Say nothing any more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def alive(self) -> None:
        """Pet the watchdog when it is time. To be called from the decision loop only."""
        if self.watchdog_ns:
            now = now_ns()
            if now - self._last_watchdog >= self.watchdog_ns:
                self._last_watchdog = now
                self.send("WATCHDOG=1")
