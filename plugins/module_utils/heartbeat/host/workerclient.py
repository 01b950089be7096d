# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon's side of the wall: starts the worker process and talks to it without ever waiting.

See ``worker.py`` for what the worker does and why it exists.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from .logwriter import serve_logs
from .worker import Outcome, Task, Worker, frame, unframe

if TYPE_CHECKING:
    from .loop import Loop

_LOG_BUFFER = 1 << 20
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


@dataclass
class _Pending:
    task: Task | None  # None: a configuration being loaded
    done: Callable[[Any], None]
    pid: int = 0  # of a client, which would outlive a worker that dies


class WorkerClient:
    """One worker process. Should it die, a new one is started and its open tasks are reported as failed; clients that
    it has left behind are ended."""

    def __init__(self, load: Callable[..., Any]) -> None:
        """Forks at once; call before sockets are opened and before real-time scheduling."""
        self._load = load
        self._loop: Loop | None = None
        self._number = 0
        self._pending: dict[int, _Pending] = {}
        self._buffer = bytearray()
        self._out = bytearray()
        self.pid = 0
        self.restarts = 0
        #: told after it was replaced, before its open tasks are reported
        self.on_death: Callable[[], None] = lambda: None
        self.log_socket: socket.socket
        self._channel: socket.socket
        self._fork()

    def attach(self, loop: Loop) -> None:
        """Serve answers from this loop from now on."""
        self._loop = loop
        loop.add_reader(self._channel, self._ready)

    def run(self, task: Task, done: Callable[[Outcome], None]) -> int:
        """Start a task; ``done(outcome)`` follows from the loop. Returns its number."""
        return self._request("run", task, _Pending(task, done))

    def kill(self, number: int, signal_number: int = signal.SIGTERM) -> None:
        """Signal a running task's whole process group; its outcome still follows."""
        self._write(frame(("kill", number, signal_number)))

    def load(self, arguments: tuple[Any, ...], done: Callable[[Any], None]) -> None:
        """Load a configuration apart; ``done`` gets the result, or the exception that the loader raised."""
        self._request("load", arguments, _Pending(None, done))

    def close(self, patience_s: float = 1.0) -> None:
        """Let the worker write the last log lines, then end; bounded, so that a blocked log cannot hold up an exit."""
        if self._loop is not None:
            self._loop.remove(self._channel)
        self.log_socket.close()
        self._channel.close()
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            try:
                if os.waitpid(self.pid, os.WNOHANG)[0] == self.pid:
                    return
            except ChildProcessError:
                return
            time.sleep(0.005)
        os.kill(self.pid, signal.SIGKILL)

    def _fork(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        log_ours, log_theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        log_ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LOG_BUFFER)
        sys.stdout.flush()
        sys.stderr.flush()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # until the worker has handlers of its own
        pid = os.fork()
        if pid == 0:
            self._be_worker(theirs, log_theirs, before)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        log_theirs.close()
        ours.setblocking(False)
        log_ours.setblocking(False)
        self.pid, self._channel, self.log_socket = pid, ours, log_ours

    def _be_worker(self, channel: socket.socket, log_channel: socket.socket, mask: set[int | signal.Signals]) -> None:
        code = 1
        try:
            # The daemon's end of the channel decides when to go. Handlers, not SIG_IGN: programs inherit the latter.
            for number in _SIGNALS:
                signal.signal(number, lambda _number, _frame: None)
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            keep = {0, 1, 2, channel.fileno(), log_channel.fileno()}
            for name in os.listdir("/proc/self/fd"):
                if int(name) not in keep:
                    try:
                        os.close(int(name))
                    except OSError:
                        pass  # the descriptor of this very listing
            logs = serve_logs(log_channel)
            Worker(channel, self._load).run()
            logs.join(timeout=1.0)
            code = 0
        finally:
            os._exit(code)

    def _request(self, kind: str, argument: Any, pending: _Pending) -> int:
        self._number += 1
        self._pending[self._number] = pending
        self._write(frame((kind, self._number, argument)))
        return self._number

    def _write(self, data: bytes) -> None:
        self._out += data
        self._flush()

    def _flush(self) -> None:
        try:
            while self._out:
                del self._out[: self._channel.send(self._out)]
        except BlockingIOError:
            pass
        except OSError:
            self._out.clear()  # the worker is gone; _ready sees the end of its channel
        if self._loop is not None:
            self._loop.add_writer_too(self._channel, self._ready, bool(self._out))

    def _ready(self) -> None:
        if self._out:
            self._flush()
        try:
            data = self._channel.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._died()
            return
        self._buffer += data
        for kind, number, value in unframe(self._buffer):
            if kind == "started":
                self._pending[number].pid = value
                continue
            pending = self._pending.pop(number, None)
            if pending is not None:
                pending.done(value)

    def _died(self) -> None:
        if self._loop is not None:
            self._loop.remove(self._channel)
        self._channel.close()
        self.log_socket.close()
        try:
            os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            pass
        self.restarts += 1
        self._buffer.clear()
        self._out.clear()
        lost, self._pending = list(self._pending.values()), {}
        for pending in lost:  # scripts end by themselves; a client would run beside its successor
            if pending.pid:
                _end_group(pending.pid)
        self._fork()
        if self._loop is not None:
            self._loop.add_reader(self._channel, self._ready)
        self.on_death()
        for pending in lost:
            gone = "the worker process died"
            pending.done(Outcome(None, error=gone) if pending.task else RuntimeError(gone))


def _end_group(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        pass  # ended with its worker
