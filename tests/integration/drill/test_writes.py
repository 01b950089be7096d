# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Acknowledged writes with a store that lies: a file that drops some lines and doubles others."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from drill.model import Outcome
from drill.probe.rundir import RunDirectory, RunError
from drill.probe.samples import Recording, read_recording_file
from drill.timeline.accounting import account

Start = Callable[..., RunDirectory]

# Acknowledges everything but every tenth; keeps everything but every seventh; keeps every eleventh twice.
STORE = """#!/bin/sh
[ $(($1 % 7)) -eq 3 ] || echo "$2 $1" >> "$0.data"
[ $(($1 % 11)) -eq 5 ] && echo "$2 $1" >> "$0.data"
[ $(($1 % 10)) -ne 9 ]
"""


def collected(run: RunDirectory) -> Recording:
    run.stop()
    run.read_back()
    return read_recording_file(run.pack())


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "store"
    path.write_text(STORE)
    path.chmod(0o755)
    return path


def test_every_lie_is_found(start: Start, store: Path) -> None:
    read = ["sed", "-n", "s/^{run} //p", f"{store}.data"]
    run = start(
        [
            {
                "name": "w",
                "kind": "command",
                "command": [str(store), "{number}", "{run}"],
                "read_command": read,
                "interval_ms": 40,
            }
        ]
    )
    with pytest.raises(RunError, match="when it has ended"):
        run.read_back()
    time.sleep(2.5)
    recording = collected(run)
    samples = [sample for sample in recording.samples[0] if sample.outcome is not Outcome.PENDING]
    numbers = [sample.seq for sample in samples]
    assert len(numbers) >= 20
    assert {sample.seq for sample in samples if sample.outcome is Outcome.WRONG} == {n for n in numbers if n % 10 == 9}
    found = account(recording.samples[0], recording.readbacks[0]["numbers"])
    assert set(found.lost) == {n for n in numbers if n % 7 == 3 and n % 11 != 5 and n % 10 != 9}
    assert set(found.duplicates) >= {n for n in numbers if n % 11 == 5 and n % 7 != 3}
    assert found.strange == []
    # Asking again gives the same answer, not another one.
    run.read_back()
    assert read_recording_file(run.pack()).readbacks == recording.readbacks


def test_a_store_that_cannot_be_read_is_said_so(start: Start, store: Path) -> None:
    run = start(
        [{"name": "w", "kind": "command", "command": [str(store), "{number}", "{run}"], "read_command": ["false"]}]
    )
    time.sleep(0.3)
    assert collected(run).readbacks[0]["error"] == "false ended with 1: "


def test_a_hanging_command_is_killed_with_all_it_has_started(start: Start, tmp_path: Path) -> None:
    script = f"sleep 300 & echo $! > {tmp_path}/child.$1; wait"
    run = start(
        [
            {
                "name": "hang",
                "kind": "command",
                "command": ["/bin/sh", "-c", script, "sh", "{number}"],
                "interval_ms": 100,
                "timeout_ms": 300,
            }
        ]
    )
    time.sleep(1)
    recording = collected(run)
    assert Outcome.TIMEOUT in {sample.outcome for sample in recording.samples[0]}
    assert recording.readbacks == {}
    children = [int(path.read_text()) for path in tmp_path.glob("child.*") if path.read_text()]
    assert children
    for child in children:
        stat = Path(f"/proc/{child}/stat")
        assert not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"
