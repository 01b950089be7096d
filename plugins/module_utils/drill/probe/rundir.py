# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on a client host: start one detached, ask for its state, stop it, take its samples.

A run is a directory, owned by and open to one user only. Whether its agent is alive is told by
a lock the agent holds (flock(2)), handed over at birth: no pid file can lie about that.
"""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any, Optional

from .agent import SAMPLES, SPEC, STATE
from .kinds import reader_of
from .payload import build_payload
from .samples import to_ranges
from .spec import RunSpec, parse_run
from .writes import READBACK, read_back

__all__ = ["RunDirectory", "RunError", "default_base"]

PROGRAM = "probe.pyz"
LOCK = "lock"
LOG = "log"
START_SECONDS = 15.0
POLL_SECONDS = 0.02


class RunError(RuntimeError):
    """A run cannot be started, stopped or read; the message says why and what helps."""


def default_base() -> str:
    """Where runs live unless told otherwise: survives a reboot, one directory per user."""
    return f"/var/tmp/steadfast-drill-{os.geteuid()}"


class RunDirectory:
    """One run, named by its id, below a base directory."""

    def __init__(self, base: str, run_id: str) -> None:
        self.base = base
        self.path = os.path.join(base, run_id)
        self.run_id = run_id

    def state(self) -> Mapping[str, Any]:
        """``{"state": "absent" | "starting" | "running" | "ended" | "failed" | "killed", …}``."""
        if not os.path.isdir(self.path):
            return {"state": "absent"}
        # The lock first: an agent that ends in between has written its last state by then.
        alive = self._alive()
        noted = self._noted()
        if alive:
            return noted if noted.get("state") == "running" else {**noted, "state": "starting"}
        if noted.get("state") in ("ended", "failed"):
            return noted
        return {**noted, "state": "killed", "log": self._log()}

    def spec(self) -> Optional[Mapping[str, Any]]:
        """The specification the run was started with, or None."""
        try:
            with open(os.path.join(self.path, SPEC), encoding="utf-8") as stream:
                found: Mapping[str, Any] = json.load(stream)
                return found
        except OSError:
            return None

    def would_start(self, spec: RunSpec) -> bool:
        """Whether ``start`` has anything to do; raises RunError when it must refuse."""
        found = self.state()["state"]
        if found == "absent":
            return True
        if found not in ("starting", "running"):
            raise RunError(
                f"run {self.run_id} has been there already ({found}): its samples are kept, choose another id"
            )
        if self.spec() != json.loads(json.dumps(spec.as_dict())):
            raise RunError(f"run {self.run_id} is running with other probes: stop it or choose another id")
        return False

    def start(self, spec: RunSpec) -> bool:
        """Start the agent in a session of its own; returns once it probes. False: it did already.

        Raises RunError when the run cannot start, with the agent's own words.
        """
        if not self.would_start(spec):
            return False
        self._make_base()
        os.mkdir(self.path, 0o700)
        with open(os.path.join(self.path, SPEC), "w", encoding="utf-8") as stream:
            json.dump(spec.as_dict(), stream)
        with open(os.path.join(self.path, PROGRAM), "wb") as program:
            program.write(build_payload())
        lock = os.open(os.path.join(self.path, LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._spawn(lock)
        finally:
            os.close(lock)
        self._await_start()
        return True

    def stop(self, seconds: float = 20.0) -> bool:
        """End the run in order, by force after ``seconds``; False: it had ended already."""
        found = self.state()
        if found["state"] not in ("starting", "running"):
            return False
        end = time.monotonic() + seconds
        number = signal.SIGTERM
        while self._alive():
            pid = self._noted().get("pid")
            if pid:
                try:
                    os.kill(int(pid), number)
                except ProcessLookupError:
                    break
            if time.monotonic() > end:
                if number == signal.SIGKILL:
                    raise RunError(f"run {self.run_id} does not end, not even killed")
                number, end = signal.SIGKILL, time.monotonic() + 5
            time.sleep(POLL_SECONDS)
        return True

    def read_back(self) -> None:
        """Read the writes of an ended run back and add what is found to its samples, once.

        What cannot be read back is noted with its reason; raises RunError for a run that is on.
        """
        spec = self.spec()
        if spec is None or self._alive():
            raise RunError(f"run {self.run_id} is {self.state()['state']}: its writes are read back when it has ended")
        if os.path.exists(os.path.join(self.path, READBACK)):
            return
        probes = [(probe, reader_of(probe)) for probe in parse_run(spec).probes]
        found = read_back(self.path, self.run_id, probes)
        with open(self.samples_path(), "r+b") as stream:
            # A killed run leaves half a line, which must not run into what is added.
            whole = stream.read()
            stream.seek(whole.rfind(b"\n") + 1)
            stream.truncate()
            for record in found:
                numbers = {"numbers": to_ranges(record["numbers"])} if "numbers" in record else {}
                stream.write(json.dumps({"t": "readback", **record, **numbers}).encode() + b"\n")

    def pack(self) -> str:
        """Compress the samples of an ended run for the journey; returns the path."""
        source = os.path.join(self.path, SAMPLES)
        packed = f"{source}.gz"
        if not os.path.exists(source):
            raise RunError(f"run {self.run_id} has no samples on this host")
        if not os.path.exists(packed) or os.path.getmtime(packed) < os.path.getmtime(source):
            # Without a time inside, the same samples pack to the same bytes.
            with open(source, "rb") as plain, gzip.GzipFile(f"{packed}.new", "wb", 6, mtime=0) as stream:
                shutil.copyfileobj(plain, stream)
            os.replace(f"{packed}.new", packed)
        return packed

    def samples_path(self) -> str:
        """The samples file, growing while the run is on."""
        return os.path.join(self.path, SAMPLES)

    def remove(self) -> bool:
        """Stop the run and delete everything of it; False: there was nothing."""
        self.stop()
        if not os.path.isdir(self.path):
            return False
        shutil.rmtree(self.path)
        return True

    def _make_base(self) -> None:
        os.makedirs(self.base, mode=0o700, exist_ok=True)
        found = os.lstat(self.base)
        # In a directory open to all, somebody else may have been first: their link or
        # directory would let them swap the program that is started here.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise RunError(f"{self.base} must be a directory that only its owner, uid {os.geteuid()}, can write to")

    def _spawn(self, lock: int) -> None:
        with open(os.path.join(self.path, LOG), "wb") as log:
            child = subprocess.Popen(
                [sys.executable, "-I", os.path.join(self.path, PROGRAM), self.path],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                pass_fds=(lock,),
            )
        # The child outlives this program on purpose: tell Popen that nobody will wait for it.
        child.returncode = 0

    def _await_start(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            found = self.state()
            if found["state"] in ("running", "ended"):
                return
            if found["state"] != "starting":
                raise RunError(f"the probes do not start: {found.get('error') or found.get('log') or found['state']}")
            time.sleep(POLL_SECONDS)
        raise RunError(f"the probes have not started within {START_SECONDS:g} s: see {self.path}/{LOG}")

    def _alive(self) -> bool:
        try:
            lock = os.open(os.path.join(self.path, LOCK), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def _noted(self) -> dict[str, Any]:
        try:
            with open(os.path.join(self.path, STATE), encoding="utf-8") as stream:
                found: dict[str, Any] = json.load(stream)
                return found
        except (OSError, ValueError):
            return {}

    def _log(self) -> str:
        try:
            with open(os.path.join(self.path, LOG), encoding="utf-8", errors="replace") as stream:
                return stream.read()[-2000:].strip()
        except OSError:
            return ""
