# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python on a machine of the lab that has loaded what every module of Ansible's loads, and forks for each of them.

    python3 readied.py SOCKET LIBRARIES

returns when the socket SOCKET listens, by a process that stays or by one that was there before. LIBRARIES is the folder
that has the package `ansible` of the controller: what a task would bring along of `ansible.module_utils` is just that.
Modules themselves and all code of collections are the task's own.

A request is one message: a JSON object of environment variables, with three file descriptors, from which the program is
read and to which its output and errors go. The answer is its exit code, below zero when a signal ended it.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import json
import os
import signal
import socket
import sys
import types
from collections.abc import Iterator
from typing import Any

LOADED = (
    "ansible.module_utils._internal._ansiballz._loader",
    "ansible.module_utils.basic",
    "ansible.module_utils.urls",
)
MESSAGE = 1 << 16


class TasksFirst(list[str]):
    """Where Python looks for what is in the package `ansible`: in the task's archive, then where it was loaded from."""

    def __iter__(self) -> Iterator[str]:
        yield from (f"{path}/ansible" for path in sys.path if path.endswith(".zip"))
        yield from list.__iter__(self)


def load(libraries: str) -> None:
    """Import what every module needs; compiled files are kept where those of archives are."""
    sys.pycache_prefix = os.environ.get("LAB_BYTECODE") or None
    sys.path.insert(0, libraries)
    for name in LOADED:
        importlib.import_module(name)
    sys.path.remove(libraries)
    sys.pycache_prefix = None
    package: Any = sys.modules["ansible"]
    package.__path__ = TasksFirst(package.__path__)


def is_answering(address: str) -> bool:
    """Tell whether a process listens there."""
    with socket.socket(socket.AF_UNIX) as caller:
        return caller.connect_ex(address) == 0


def listen(address: str) -> socket.socket | None:
    """Return a socket that listens; None when another process does."""
    os.makedirs(os.path.dirname(address), mode=0o700, exist_ok=True)
    lock = os.open(f"{address}.lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        if is_answering(address):
            return None
        with contextlib.suppress(FileNotFoundError):
            os.unlink(address)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(address)
        listener.listen(64)
        return listener
    finally:
        os.close(lock)


def stay() -> None:
    """Leave whoever started this process: it returns there, and here it goes on with nothing of the caller's."""
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    os.close(nothing)


def next_task(listener: socket.socket) -> socket.socket:
    """Return, in a process of its own, the connection of the next one who asks."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        caller, _address = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            return caller
        caller.close()


def become_program(caller: socket.socket) -> None:
    """Return in the process that is to be the program; the one before waits for it, tells how it ended, and ends."""
    message, streams, _flags, _address = socket.recv_fds(caller, MESSAGE, 3)
    if not message:  # somebody asked whether we answer
        os._exit(0)
    child = os.fork()
    if child:
        for stream in streams:
            os.close(stream)
        _pid, status = os.waitpid(child, 0)
        with contextlib.suppress(OSError):
            caller.sendall(b"%d" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    caller.close()
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.update(json.loads(message))


def run_program() -> None:
    """Do what `python3` does with a program on its standard input."""
    sys.argv = [""]
    sys.path.insert(0, "")
    sys.modules["__main__"] = main = types.ModuleType("__main__")
    exec(compile(sys.stdin.buffer.read(), "<stdin>", "exec"), main.__dict__)


def main() -> None:
    """Listen, load, stay; in each process for a task, run it and end as Python does, not at once."""
    _script, address, libraries = sys.argv
    listener = listen(address)
    if listener is None:
        return
    load(libraries)
    stay()
    become_program(next_task(listener))
    run_program()


if __name__ == "__main__":
    main()
