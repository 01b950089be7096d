# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import time
from pathlib import Path

from drill.probe.follow import Follower


def write(path: Path, *rows: object) -> None:
    with path.open("a") as stream:
        for row in rows:
            stream.write(json.dumps(row) + "\n")


def header(timeout_ms: int = 100) -> dict[str, object]:
    probes = [{"name": name, "interval_ms": 10, "timeout_ms": timeout_ms} for name in ("a", "b")]
    return {"t": "header", "format": 1, "mono_ns": time.monotonic_ns(), "probes": probes}


def test_steady_is_a_row_of_good_answers_in_every_probe(tmp_path: Path) -> None:
    path = tmp_path / "samples"
    write(path, header())
    follower = Follower(str(path))
    follower.update()
    assert follower.unsteady(500_000, 0) == ["a", "b"]
    write(path, [0, 0, 600_000, 0, "ok", 5], [1, 0, 600_000, 0, "ok", 5])
    follower.update()
    assert follower.unsteady(500_000, 0) == []
    # What came before the drill's own request does not count.
    assert follower.unsteady(500_000, 200_000) == ["a", "b"]


def row(lane: int, first: int, last: int, outcome: str = "ok") -> list[list[object]]:
    """Attempts of a probe on its pace of 10 ms, in a row."""
    return [[lane, seq, seq * 10_000, 0, outcome, 5] for seq in range(first, last + 1)]


def test_a_loss_begins_the_row_anew_also_when_it_is_known_late(tmp_path: Path) -> None:
    path = tmp_path / "samples"
    write(path, header(), *row(0, 0, 49), *row(0, 51, 90), *row(1, 0, 90), [0, 50, 500_000, 0, "timeout", 100_000])
    follower = Follower(str(path))
    follower.update()
    assert follower.unsteady(500_000, 0) == ["a"]
    write(path, *row(0, 91, 100))
    follower.update()
    assert follower.unsteady(500_000, 0) == []


def test_what_is_under_way_may_still_be_lost_and_what_has_ended_may_not(tmp_path: Path) -> None:
    path = tmp_path / "samples"
    # attempt 20 of the first probe is slow
    write(path, header(timeout_ms=30_000), *row(0, 0, 19), *row(0, 21, 60), *row(1, 0, 60))
    follower = Follower(str(path))
    follower.update()
    # nobody waits for the timeout of what has long been answered
    assert follower.unsteady(500_000, 0) == ["a"]
    assert follower.unsteady(400_000, 0) == []
    write(path, *row(0, 20, 20))
    follower.update()
    assert follower.unsteady(500_000, 0) == []


def test_an_attempt_that_was_never_made_counts_for_as_long_as_it_could_have_lasted(tmp_path: Path) -> None:
    path = tmp_path / "samples"
    write(path, header(timeout_ms=100), *row(0, 0, 49), *row(0, 51, 60), *row(1, 0, 60))
    follower = Follower(str(path))
    follower.update()
    assert follower.unsteady(200_000, 0) == ["a"]
    write(path, *row(0, 61, 62))
    follower.update()
    assert follower.unsteady(200_000, 0) == []


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    path = tmp_path / "samples"
    write(path, header())
    follower = Follower(str(path))
    with path.open("a") as stream:
        stream.write('[0,0,700000,0,"o')
    follower.update()
    with path.open("a") as stream:
        stream.write('k",5]\n[1,0,700000,0,"pending",5]\n')
    follower.update()
    assert follower.unsteady(500_000, 0) == ["b"]


def test_waiting_ends_when_the_run_does(tmp_path: Path) -> None:
    path = tmp_path / "samples"
    write(path, header())
    assert Follower(str(path)).wait(500_000, 60, lambda: False) == ["a", "b"]
