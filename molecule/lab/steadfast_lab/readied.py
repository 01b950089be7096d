# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Have a Python program run by the Python that a machine keeps ready (`inside/readied.py`).

A module of Ansible's spends five sixths of its time on what each of them does first: starting Python, and importing the
same thirty files. The process that has done that forks for each task instead.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import selectors
import shlex
import socket
from pathlib import Path

from .entering import LIBRARIES, SCRIPTS, run_in

ADDRESS = "/run/steadfast-lab/readied"
_PYTHON = re.compile(r"/usr/bin/python3(\.\d+)?")
_NO_TERMINAL = " && sleep 0"  # what Ansible appends where a connection has no terminal
_SETTING = re.compile(r"\w+=.*", re.DOTALL)
Outcome = tuple[int, bytes, bytes]


def libraries() -> Path | None:
    """Return the folder that has the controller's package `ansible`, for the machines; None when there is none."""
    found = importlib.util.find_spec("ansible")
    return Path(found.origin).parents[1] if found and found.origin else None


def settings_of(line: str) -> dict[str, str] | None:
    """Return the environment that a command line of Ansible's gives to a bare Python; None for any other command."""
    try:
        shell, option, command = shlex.split(line)
        *settings, python = shlex.split(command.removesuffix(_NO_TERMINAL))
    except ValueError:
        return None
    if (shell, option) != ("/bin/sh", "-c") or not _PYTHON.fullmatch(python):
        return None
    if any(_SETTING.fullmatch(word) is None for word in settings) or "$" in command:
        return None
    return dict(word.split("=", 1) for word in settings)


def run_readied(pid: int, settings: dict[str, str], program: bytes) -> Outcome | None:
    """Run `program` in the machine whose init is `pid`; return code, output and errors, None where none is ready."""
    with socket.socket(socket.AF_UNIX) as caller:
        address = f"/proc/{pid}/root{ADDRESS}"
        if caller.connect_ex(address):
            run_in(pid, ["/usr/bin/python3", f"{SCRIPTS}/readied.py", ADDRESS, LIBRARIES])
            if caller.connect_ex(address):
                return None
        with os.fdopen(os.memfd_create("program"), "r+b") as source:
            source.write(program)
            source.seek(0)
            (out, out_end), (err, err_end) = os.pipe(), os.pipe()
            socket.send_fds(caller, [json.dumps(settings).encode()], [source.fileno(), out_end, err_end])
        os.close(out_end)
        os.close(err_end)
        output, errors = _read_both(out, err)
        try:
            code = caller.recv(16)
        except ConnectionResetError:  # gone before it has read what was to be done
            return None
    return int(code) if code else -9, output, errors


def _read_both(*ends: int) -> tuple[bytes, ...]:
    """Return what comes out of each pipe until nobody can write into it any more."""
    found = {end: bytearray() for end in ends}
    with selectors.DefaultSelector() as selector:
        for end in ends:
            selector.register(end, selectors.EVENT_READ)
        while selector.get_map():
            for key, _events in selector.select():
                if piece := os.read(key.fd, 1 << 16):
                    found[key.fd] += piece
                else:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    return tuple(bytes(found[end]) for end in ends)
