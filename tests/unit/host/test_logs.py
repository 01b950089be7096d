# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from heartbeat.core.effects import Level
from heartbeat.host.logs import Log, line
from heartbeat.host.logwriter import LogWriter, encode_configuration
from heartbeat.host.sentences import sentence
from heartbeat.settings.model import Logging

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_line_is_one_line_whatever_the_values_are() -> None:
    assert line("x", {"a": "1", "b": "two words", "c": 'q"\n', "d": ""}, "because") == (
        r'event=x a=1 b="two words" c="q\"\n" d="" why="because"'
    )


class Pair:
    def __init__(self) -> None:
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.ours.setblocking(False)
        self.theirs.setblocking(False)

    def lines(self) -> list[str]:
        found = []
        while True:
            try:
                record = self.theirs.recv(65536)
            except BlockingIOError:
                return found
            if record[:1] != b"C":
                found.append(record.decode())

    def close(self) -> None:
        self.ours.close()
        self.theirs.close()


def make(pair: Pair, clock: list[int] | None = None) -> Log:
    moment = clock or [0]
    return Log(lambda: pair.ours, lambda: moment[0], sentence)


def test_debug_lines_need_the_debug_directive_or_the_signal() -> None:
    pair = Pair()
    log = make(pair)
    log.emit(Level.DEBUG, "started")
    assert pair.lines() == []
    log.louder(1)
    log.emit(Level.DEBUG, "started", {"version": "1", "node": "n1"})
    assert pair.lines() == ['7event=started version=1 node=n1 why="heartbeat 1 runs as n1"']
    pair.close()


def test_repeated_trouble_is_said_seldom_and_counted() -> None:
    pair, clock = Pair(), [0]
    log = make(pair, clock)
    for _ in range(100):
        log.seldom(Level.WARNING, "link-error", "eth0", {"medium": "eth0", "detail": "down"})
    assert len(pair.lines()) == 1
    clock[0] += 11 * 10**9
    log.seldom(Level.WARNING, "link-error", "eth0", {"medium": "eth0", "detail": "down"})
    assert "more=99" in pair.lines()[0]
    pair.close()


def test_a_log_that_nobody_reads_never_blocks_and_says_later_what_was_lost() -> None:
    pair = Pair()
    log = make(pair)
    for _ in range(20_000):
        log.emit(Level.NOTICE, "stopped", {"filler": "x" * 200})
    assert log.dropped > 0
    pair.lines()
    log.emit(Level.NOTICE, "stopped")
    assert f"lines={log.dropped}" in pair.lines()[0]
    pair.close()


def test_files_get_the_classic_format_and_only_the_debug_file_gets_debug(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    writer = LogWriter(journal=False)
    writer.configure(Logging(str(tmp_path / "log"), str(tmp_path / "debug")), 4711)
    writer.write(4, "event=a")
    writer.write(7, "event=b")
    (only,) = (tmp_path / "log").read_text().splitlines()
    assert only.endswith(" heartbeat: [4711]: WARN: event=a")
    assert len((tmp_path / "debug").read_text().splitlines()) == 2
    assert capfd.readouterr().err == "<4>event=a\n<7>event=b\n"


def test_a_full_disk_is_said_once(capfd: pytest.CaptureFixture[str]) -> None:
    writer = LogWriter(journal=False)
    writer.configure(Logging("/dev/full"), 1)
    for _ in range(5):
        writer.write(5, "event=a")
    lines = capfd.readouterr().err.splitlines()
    assert sum("log-write-failed" in text for text in lines) == 1
    assert sum(text == "<5>event=a" for text in lines) == 5  # nothing is lost to the journal


def test_a_rotated_file_is_opened_again(tmp_path: Path) -> None:
    writer = LogWriter(journal=False)
    writer.configure(Logging(str(tmp_path / "log")), 1)
    writer.write(5, "event=a")
    os.rename(tmp_path / "log", tmp_path / "log.1")
    writer.write(5, "event=b")
    assert (tmp_path / "log").read_text().endswith("event=b\n")


def test_secrets_cannot_come_with_the_configuration_record() -> None:
    assert b"keyring" not in encode_configuration(Logging(), 1)


def test_every_code_of_the_host_has_a_sentence() -> None:
    assert sentence("service-started", {"group": "g", "service": "s"}) == "g: s was started"
    assert sentence("peer-dead", {"peer": "n2"}).startswith("n2 has been silent")
    assert sentence("no-such-code", {}) == "no-such-code"
