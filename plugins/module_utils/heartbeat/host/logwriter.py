# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where log lines end up: standard error (the journal), files, syslog. Runs in the worker process, in a thread.

A target that fails is complained about once, counted, and tried again with every line: a full disk costs log
lines, nothing else. Formats of the files follow Linux-HA heartbeat 3.0.6.
"""

from __future__ import annotations

import os
import pickle
import platform
import socket
import threading
import time

from ..settings.model import Logging

CONFIGURE = b"C"  # first byte of a record that carries a pickled (Logging, pid) instead of a line
_DEBUG = 7
_NAMES = {2: "CRIT", 3: "ERROR", 4: "WARN", 5: "notice", 6: "info", _DEBUG: "debug"}
_FACILITIES = (
    "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp security console clock "
    "local0 local1 local2 local3 local4 local5 local6 local7"
).split()
_MAX_RECORD = 1 << 16


class _File:
    """An append-only log file that is reopened when it was rotated away."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._fd: int | None = None
        self._inode = 0
        self.lost = 0

    def write(self, line: bytes) -> None:
        """Append one line. Raises OSError, also when only a part of it fits."""
        try:
            inode = os.stat(self.path).st_ino
        except FileNotFoundError:
            inode = -1
        if self._fd is None or inode != self._inode:
            self.close()
            self._fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
            self._inode = os.fstat(self._fd).st_ino
        written = os.write(self._fd, line)
        if written != len(line):
            raise OSError(28, os.strerror(28))

    def close(self) -> None:
        """Close; the next write opens again."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


class LogWriter:
    """Distributes records to the configured targets."""

    def __init__(self, journal: bool | None = None) -> None:
        """``journal``: standard error is the journal's stream (default: as systemd's environment says)."""
        self._journal = "JOURNAL_STREAM" in os.environ if journal is None else journal
        self._prefix = self._journal or not os.isatty(2)
        self._settings = Logging()
        self._files: dict[str, _File] = {}
        self._syslog: socket.socket | None = None
        self._pid = os.getppid()
        self._host = platform.node().split(".")[0]

    def configure(self, settings: Logging, pid: int) -> None:
        """Other targets from now on."""
        self._settings, self._pid = settings, pid
        wanted = {path for path in (settings.logfile, settings.debugfile) if path}
        for path in set(self._files) - wanted:
            self._files.pop(path).close()
        for path in wanted - set(self._files):
            self._files[path] = _File(path)

    def write(self, priority: int, text: str) -> None:
        """One line to all targets it belongs to; never raises."""
        settings = self._settings
        in_syslog = settings.facility is not None and self._to_syslog(settings.facility, priority, text)
        if not (in_syslog and self._journal):  # journald reads the syslog socket too: once is enough
            self._to_stderr(priority, text)
        stamp = time.strftime("%b %d %H:%M:%S")
        line = f"{stamp} {self._host} heartbeat: [{self._pid}]: {_NAMES.get(priority, 'info')}: {text}\n"
        data = line.encode("utf-8", "replace")
        if settings.logfile and priority < _DEBUG:
            self._to_file(settings.logfile, data)
        if settings.debugfile and settings.debugfile != settings.logfile:
            self._to_file(settings.debugfile, data)

    def _to_stderr(self, priority: int, text: str) -> None:
        try:
            os.write(2, f"{f'<{priority}>' if self._prefix else ''}{text}\n".encode("utf-8", "replace"))
        except OSError:
            pass  # nobody is listening; there is no better place to say so

    def _to_file(self, path: str, data: bytes) -> None:
        target = self._files[path]
        try:
            target.write(data)
        except OSError as error:
            target.close()
            target.lost += 1
            if target.lost == 1:
                why = f"cannot write the log file ({error.strerror}); its lines are only here until that is mended"
                self._to_stderr(3, f'event=log-write-failed file={path} why="{why}"')
            return
        if target.lost:
            lost, target.lost = target.lost, 0
            self._to_stderr(5, f'event=log-write-works file={path} lost={lost} why="the log file can be written again"')

    def _to_syslog(self, facility: str, priority: int, text: str) -> bool:
        if facility not in _FACILITIES:
            return False
        number = _FACILITIES.index(facility) * 8 + priority
        try:
            if self._syslog is None:
                self._syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
                self._syslog.connect("/dev/log")
            self._syslog.send(f"<{number}>heartbeat[{self._pid}]: {text}".encode("utf-8", "replace"))
        except OSError:
            if self._syslog is not None:
                self._syslog.close()
            self._syslog = None
            return False
        return True


def encode_line(priority: int, text: str) -> bytes:
    """A record that carries a line."""
    return b"%d%s" % (priority, text.encode("utf-8", "replace")[: _MAX_RECORD - 1])


def encode_configuration(settings: Logging, pid: int) -> bytes:
    """A record that carries new targets."""
    return CONFIGURE + pickle.dumps((settings, pid))


def serve_logs(source: socket.socket) -> threading.Thread:
    """Write what arrives on a sequenced-packet socket until its other end closes, in a thread."""
    thread = threading.Thread(target=_serve, args=(source, LogWriter()), name="log", daemon=True)
    thread.start()
    return thread


def _serve(source: socket.socket, writer: LogWriter) -> None:
    while True:
        try:
            record = source.recv(_MAX_RECORD)
        except OSError:
            return
        if not record:
            return
        if record[:1] == CONFIGURE:
            settings: tuple[Logging, int] = pickle.loads(record[1:])
            writer.configure(*settings)
        else:
            writer.write(record[0] - 48, record[1:].decode("utf-8", "replace"))
