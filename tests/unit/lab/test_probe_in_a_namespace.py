# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe of the integration tests: which of its requests count as lost when it is stopped."""

from __future__ import annotations

import struct
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "integration"))

import netns


@dataclass
class Network:
    """A socket to a peer who answers each request after a while, or never from some request on."""

    after_s: float
    silent_from: int = 1 << 16
    due: list[tuple[float, bytes]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def settimeout(self, seconds: float) -> None:
        self.patience_s = seconds

    def sendto(self, packet: bytes, _target: tuple[str, int]) -> None:
        _kind, _code, _sum, number, seq = struct.unpack("!BBHHH", packet)
        if seq < self.silent_from:
            with self.lock:
                self.due.append(
                    (time.monotonic() + self.after_s, b"\x45" + bytes(19) + struct.pack("!BBHHH", 0, 0, 0, number, seq))
                )

    def recv(self, _size: int) -> bytes:
        end = time.monotonic() + self.patience_s
        while time.monotonic() < end:
            with self.lock:
                if self.due and self.due[0][0] <= time.monotonic():
                    return self.due.pop(0)[1]
            time.sleep(0.002)
        raise TimeoutError

    def close(self) -> None:
        pass


def probe_for(seconds: float, network: Network, monkeypatch: pytest.MonkeyPatch) -> netns.Probe:
    monkeypatch.setattr(netns, "socket_in", lambda *_arguments: network)
    with netns.Probe("nowhere", "192.0.2.1") as probe:
        time.sleep(seconds)
    return probe


@pytest.mark.parametrize("after_s", [0.0, 0.6])
def test_an_answer_that_is_under_way_at_the_end_counts(after_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine answers late: that is no loss."""
    probe = probe_for(0.1, Network(after_s), monkeypatch)
    assert len(probe.sent) > 5
    assert probe.lost() == []


def test_a_request_that_nobody_answers_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netns, "ANSWER_S", 0.2)
    probe = probe_for(0.1, Network(0.0, silent_from=4), monkeypatch)
    assert probe.lost() == list(range(4, max(probe.sent) + 1))


def test_the_end_waits_for_the_last_requests_and_not_for_old_ones() -> None:
    probe = netns.Probe("nowhere", "192.0.2.1")
    now = time.monotonic()
    probe.sent = {1: now - netns.ANSWER_S - 1, 2: now}
    assert probe._under_way()
    probe.answered = {2: now}
    assert not probe._under_way()
