# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any command as a probe, and as a writer: for systems that have a client program but no probe yet.

``command`` runs at every slot and answers with its exit status. Where ``read_command`` is given the
attempts are writes: ``{number}`` stands for the number to write and ``{run}`` for the run's id, and
``read_command`` prints the numbers it finds afterwards, separated by white space.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
from collections.abc import Sequence
from typing import Optional

from ..model import Outcome
from .prober import Answer
from .spec import ProbeSpec
from .writes import ReadError, WriteProber

__all__ = ["CommandProber", "fill", "read_numbers"]

READ_SECONDS = 60


def fill(command: Sequence[str], number: int, run_id: str) -> list[str]:
    """The command with its placeholders filled in; no shell is involved."""
    return [word.replace("{number}", str(number)).replace("{run}", run_id) for word in command]


class CommandProber(WriteProber):
    """Starts one process per attempt. That costs a few milliseconds of a core each: mind the interval."""

    def open(self) -> None:
        """Nothing to prepare."""
        self.command = list(self.spec.options["command"])
        self.processes: dict[int, tuple[subprocess.Popen[bytes], int]] = {}
        self.dying: list[subprocess.Popen[bytes]] = []

    def send(self, seq: int) -> None:
        """Start the command of a slot."""
        self.dying = [process for process in self.dying if process.poll() is None]
        ended, held = os.pipe()
        try:
            # The process holds one end of a pipe until it is gone: its end can be waited for like an answer.
            process = subprocess.Popen(
                fill(self.command, seq, self.run_id),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=(held,),
            )
        except OSError as error:
            os.close(ended)
            self.hub.done(seq, Outcome.LOCAL, {"why": str(error)})
            return
        finally:
            os.close(held)
        self.processes[seq] = (process, ended)
        self.hub.watch(ended, selectors.EVENT_READ, lambda _mask: self._ended(seq))

    def abandon(self, seq: int) -> Optional[Answer]:
        """Kill what has not ended in time, with everything it has started."""
        found = self.processes.pop(seq, None)
        if found is not None:
            process, ended = found
            self._close(ended)
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.dying.append(process)
        return None

    def close(self) -> None:
        """Kill what is left."""
        for seq in list(self.processes):
            self.abandon(seq)
        for process in self.dying:
            process.wait()

    def _ended(self, seq: int) -> None:
        process, ended = self.processes.pop(seq)
        self._close(ended)
        # The pipe closes in the middle of exiting; what is left of that takes no noticeable time.
        code = process.wait()
        if code == 0:
            self.hub.done(seq, Outcome.OK)
        else:
            self.hub.done(seq, Outcome.WRONG, {"why": f"exit status {code}"})

    def _close(self, descriptor: int) -> None:
        self.hub.unwatch(descriptor)
        os.close(descriptor)


def read_numbers(spec: ProbeSpec, run_id: str) -> list[int]:
    """Run ``read_command`` and take its numbers. Raises ReadError."""
    command = fill(spec.options["read_command"], 0, run_id)
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=READ_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise ReadError(f"{command[0]} did not end within {READ_SECONDS} s") from None
    if done.returncode != 0:
        raise ReadError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[:200]}")
    words = done.stdout.split()
    if not all(word.isdigit() for word in words):
        raise ReadError(f"{command[0]} printed something else than numbers: {done.stdout.strip()[:60]!r}")
    return [int(word) for word in words]
