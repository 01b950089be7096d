# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the real, detached probe on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drill.probe.rundir import RunDirectory
from drill.probe.spec import parse_run


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunDirectory]]:
    """Start a run and return it probing; whatever the test does, it is ended."""
    runs: list[RunDirectory] = []

    def begin(probes: list[dict[str, Any]], max_seconds: float = 60, run_id: str = "r1", **more: Any) -> RunDirectory:
        run = RunDirectory(str(tmp_path / "runs"), run_id)
        runs.append(run)
        run.start(parse_run({"run_id": run_id, "probes": probes, "max_seconds": max_seconds, **more}))
        return run

    yield begin
    for run in runs:
        run.stop()
