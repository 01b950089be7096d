# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker's side of the wall: a small process that does everything which may block.

It is forked at start, before sockets are opened and before real-time scheduling, so that a hung script, a dead
disk, a slow resolver or a full log pipe can never hold up the heartbeat loop. It runs resource scripts and
clients, each in a session of its own, loads configurations for a reload, and writes the logs (both in threads, so
that neither a blocked log nor a name service that is down holds up the scripts of a takeover). It ends when the
daemon's end of the channel closes.
"""

from __future__ import annotations

import os
import pickle
import queue
import selectors
import signal
import struct
import subprocess
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    import socket

OUTPUT_LIMIT = 16384
_HEADER = struct.Struct("=I")


@dataclass(frozen=True)
class Task:
    """A program to run. ``argv`` is executed without a shell. ``timeout_s`` 0: run for ever (a client)."""

    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()
    timeout_s: float = 60.0
    user: str | None = None
    #: run in addition when the time is up, e.g. to kill a transient unit that is not our child
    on_timeout: tuple[str, ...] = ()
    #: what the program reads on its standard input
    stdin: bytes = b""


@dataclass(frozen=True)
class Outcome:
    """How a task ended. ``code`` None: it could not be started or was killed by us; ``output``: its first 16 KiB."""

    code: int | None
    output: str = ""
    timed_out: bool = False
    error: str = ""

    @property
    def ok(self) -> bool:
        """Exit code 0."""
        return self.code == 0

    def describe(self) -> str:
        """For a log line."""
        if self.error:
            return self.error
        if self.timed_out:
            return "did not end in time and was killed"
        tail = self.output.strip().splitlines()[-1:] or [""]
        return f"exit code {self.code}" + (f": {tail[0][:200]}" if tail[0] else "")


def frame(payload: Any) -> bytes:
    """One object, ready for the stream between daemon and worker."""
    data = pickle.dumps(payload)
    return _HEADER.pack(len(data)) + data


def unframe(buffer: bytearray) -> list[Any]:
    """Take all complete objects out of the buffer."""
    found = []
    while len(buffer) >= _HEADER.size:
        (length,) = _HEADER.unpack_from(buffer)
        if len(buffer) < _HEADER.size + length:
            break
        found.append(pickle.loads(bytes(buffer[_HEADER.size : _HEADER.size + length])))
        del buffer[: _HEADER.size + length]
    return found


@dataclass
class _Running:
    number: int
    process: subprocess.Popen[bytes]
    task: Task
    deadline: float | None
    output: bytearray = field(default_factory=bytearray)
    timed_out: bool = False


class Worker:
    """The worker process's main loop."""

    def __init__(self, channel: socket.socket, load: Callable[..., Any]) -> None:
        """``load(*arguments)`` reads a configuration; its result is pickled back."""
        self._channel, self._load = channel, load
        self._selector = selectors.SelectSelector()
        self._running: dict[int, _Running] = {}
        self._loaded: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._buffer = bytearray()
        self._open = True
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        os.set_blocking(self._wake_read, False)

    def run(self) -> None:
        """Serve until the daemon is gone. Scripts that still run are left to end by themselves."""
        signal.set_wakeup_fd(self._wake_write)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        self._selector.register(self._channel, selectors.EVENT_READ, self._read_channel)
        self._selector.register(self._wake_read, selectors.EVENT_READ, lambda: _discard(self._wake_read))
        while self._open:
            for key, _events in self._selector.select(self._patience()):
                key.data()
            self._reap()
            while not self._loaded.empty():
                self._answer("loaded", *self._loaded.get())

    def _patience(self) -> float | None:
        deadlines = [job.deadline for job in self._running.values() if job.deadline is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _read_channel(self) -> None:
        data = self._channel.recv(65536)
        if not data:
            self._open = False
            return
        self._buffer += data
        for request in unframe(self._buffer):
            kind, number, arguments = request
            if kind == "run":
                self._start(number, arguments)
            elif kind == "kill":
                self._kill(number, arguments)
            elif kind == "load":
                threading.Thread(target=self._load_apart, args=(number, arguments), name="load", daemon=True).start()

    def _load_apart(self, number: int, arguments: tuple[Any, ...]) -> None:
        self._loaded.put((number, _guarded(self._load, arguments)))
        try:
            os.write(self._wake_write, b"\0")
        except BlockingIOError:
            pass  # it is awake already

    def _answer(self, kind: str, number: int, value: Any) -> None:
        try:
            self._channel.sendall(frame((kind, number, value)))
        except OSError:
            self._open = False

    def _start(self, number: int, task: Task) -> None:
        identity: dict[str, Any] = {}
        stdin = subprocess.DEVNULL
        try:
            if task.stdin:
                stdin = _as_file(task.stdin)
            if task.user is not None:
                identity = _identity(task.user)
            process = subprocess.Popen(
                task.argv,
                stdin=stdin,
                stdout=subprocess.PIPE if task.timeout_s else subprocess.DEVNULL,
                stderr=subprocess.STDOUT if task.timeout_s else subprocess.DEVNULL,
                env=dict(task.env),
                cwd="/",
                start_new_session=True,
                **identity,
            )
        except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            self._answer("done", number, Outcome(None, error=f"cannot run {task.argv[0]}: {error}"))
            return
        finally:
            if stdin != subprocess.DEVNULL:
                os.close(stdin)
        deadline = time.monotonic() + task.timeout_s if task.timeout_s else None
        job = self._running[process.pid] = _Running(number, process, task, deadline)
        if deadline is None:
            self._answer("started", number, process.pid)
        if process.stdout is not None:
            descriptor = process.stdout.fileno()
            os.set_blocking(descriptor, False)
            self._selector.register(descriptor, selectors.EVENT_READ, lambda: self._collect(job, descriptor))

    def _collect(self, job: _Running, descriptor: int) -> None:
        try:
            data = os.read(descriptor, 65536)
        except BlockingIOError:
            return
        job.output += data[: OUTPUT_LIMIT - len(job.output)]
        if not data:  # a daemon that the script left behind may keep it open much longer than the script lives
            self._selector.unregister(descriptor)
            if job.process.stdout is not None:
                job.process.stdout.close()

    def _kill(self, number: int, signal_number: int) -> None:
        for job in self._running.values():
            if job.number == number:
                _kill_group(job.process.pid, signal_number)

    def _reap(self) -> None:
        now = time.monotonic()
        for pid, job in list(self._running.items()):
            if job.deadline is not None and now >= job.deadline and not job.timed_out:
                job.timed_out, job.deadline = True, None
                _kill_group(pid, signal.SIGKILL)
                if job.task.on_timeout:
                    _forget(job.task)
            if job.process.poll() is None:
                continue
            if job.process.stdout is not None and not job.process.stdout.closed:
                self._collect(job, job.process.stdout.fileno())
            del self._running[pid]
            code = None if job.timed_out else job.process.returncode
            text = job.output.decode("utf-8", "replace")
            self._answer("done", job.number, Outcome(code, text, job.timed_out))


def _guarded(load: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    try:
        return load(*arguments)
    except Exception as error:  # the daemon must live on whatever a file contains
        return error


def _as_file(content: bytes) -> int:
    """A descriptor to read this from; unlike a pipe, it never makes the writer wait for the reader."""
    descriptor = os.memfd_create("stdin")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _identity(user: str) -> dict[str, Any]:
    import pwd  # noqa: PLC0415 - only clients need it

    entry = pwd.getpwnam(user)
    groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": groups}


def _kill_group(pid: int, signal_number: int) -> None:
    try:
        os.killpg(pid, signal_number)
    except (ProcessLookupError, PermissionError):
        pass  # ended in this very moment


def _forget(task: Task) -> None:
    try:
        subprocess.Popen(
            task.on_timeout,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(task.env),
            start_new_session=True,
        )
    except OSError:
        pass  # nothing more can be done about a unit that hangs


def _discard(descriptor: int) -> None:
    try:
        os.read(descriptor, 4096)
    except BlockingIOError:
        pass
