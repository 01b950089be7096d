# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, find and end the lab's background process (see `agent`)."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import process
from .errors import LabError
from .identity import Identity

START_SECONDS = 15.0


def code_digest() -> str:
    """Return a hash of this package's source, so that an agent of older code is replaced."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def note_path(identity: Identity) -> Path:
    """Return the file in which the running agent says who it is."""
    return identity.directory / "agent.json"


def read_note(identity: Identity) -> dict[str, str | int]:
    """Return what the agent said, empty when there is none."""
    try:
        note = json.loads(note_path(identity).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return dict(note)


def is_running(identity: Identity) -> bool:
    """Tell whether the lab's agent is there."""
    note = read_note(identity)
    return process.is_alive(int(note.get("pid", 0)), int(note.get("started", 0)))


def ensure(identity: Identity) -> None:
    """Start the agent unless one of this very code is running; LabError when it does not come up."""
    if is_running(identity) and read_note(identity).get("code") == code_digest():
        return
    stop(identity)
    log = identity.directory / "agent.log"
    program = Path(__file__).resolve().parent.parent / "lab"
    with open(log, "ab") as output:
        # setsid --fork: the agent belongs to nobody who could take it along, or would have to wait for it.
        subprocess.run(
            ["setsid", "--fork", sys.executable, str(program), "agent", "--lab", identity.lab],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env={**os.environ, "STEADFAST_ROOT": str(identity.root)},
            check=True,
        )
    deadline = time.monotonic() + START_SECONDS
    while not is_running(identity):
        if time.monotonic() > deadline:
            tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
            raise LabError(f"the lab's agent did not start; its log {log} ends with:\n{tail}")
        time.sleep(0.02)


def stop(identity: Identity) -> None:
    """End the agent, if there is one, by its process id."""
    note = read_note(identity)
    pid, started = int(note.get("pid", 0)), int(note.get("started", 0))
    if (
        process.is_alive(pid, started)
        and not process.kill(pid, started, signal.SIGTERM, wait=5)
        and not process.kill(pid, started, signal.SIGKILL, wait=5)
    ):
        raise LabError(f"the lab's agent (process {pid}) cannot be ended")
    note_path(identity).unlink(missing_ok=True)
