# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from heartbeat.host.sdnotify import Notifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiver.bind(str(tmp_path / "notify"))
    receiver.setblocking(False)
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    yield receiver
    receiver.close()


def test_without_systemd_everything_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notifier = Notifier()
    notifier.ready("x")
    assert not notifier.wanted


def test_messages_have_systemd_s_form_and_scripts_do_not_inherit_the_socket(systemd: socket.socket) -> None:
    notifier = Notifier()
    assert "NOTIFY_SOCKET" not in os.environ
    notifier.ready("serving")
    assert systemd.recv(999).decode().split("\n") == ["READY=1", "STATUS=serving", f"MAINPID={os.getpid()}"]
    notifier.reloading()
    first, second = systemd.recv(999).decode().split("\n")
    assert first == "RELOADING=1"
    assert int(second.partition("MONOTONIC_USEC=")[2]) > 0
    notifier.stopping("handing over")
    assert systemd.recv(999).startswith(b"STOPPING=1\n")
    notifier.close()


def test_the_watchdog_is_petted_at_half_time_and_only_when_it_is_ours(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "10000000")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    notifier = Notifier()
    assert notifier.watchdog_ns == 5 * 10**9
    notifier.alive()
    notifier.alive()
    assert systemd.recv(999) == b"WATCHDOG=1"
    with pytest.raises(BlockingIOError):
        systemd.recv(999)
    monkeypatch.setenv("NOTIFY_SOCKET", str(systemd.getsockname()))
    monkeypatch.setenv("WATCHDOG_USEC", "10000000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    other = Notifier()
    assert other.watchdog_ns == 0
    for one in (notifier, other):
        one.close()
