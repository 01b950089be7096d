# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from drill.model import Outcome, Sample
from drill.probe.samples import Recording, from_ranges, to_ranges
from drill.report.build import Fault, RunInput, build_run
from drill.timeline.accounting import account
from drill.verdict.budget import parse_budgets
from drill.verdict.measures import measures_of_writes

Make = Callable[..., dict[str, Any]]


def writes(*outcomes: Outcome) -> list[Sample]:
    return [Sample(seq, seq * 1000, 0, outcome, 10) for seq, outcome in enumerate(outcomes)]


def test_promises_kept_broken_doubled_and_never_made() -> None:
    samples = writes(Outcome.OK, Outcome.OK, Outcome.OK, Outcome.TIMEOUT, Outcome.TIMEOUT, Outcome.LOCAL)
    found = account(samples, [0, 2, 2, 3, 77])
    assert (found.promised, found.lost, found.duplicates) == (3, [1], [2])
    assert (found.unpromised, found.strange) == ([3], [77])


@given(st.lists(st.sampled_from([Outcome.OK, Outcome.TIMEOUT]), max_size=40), st.lists(st.integers(0, 45), max_size=60))
def test_every_promise_is_kept_or_lost_and_nothing_is_counted_twice(outcomes: list[Outcome], there: list[int]) -> None:
    samples = writes(*outcomes)
    found = account(samples, there)
    kept = {sample.seq for sample in samples if sample.outcome is Outcome.OK} & set(there)
    assert len(kept) + len(found.lost) == found.promised
    assert not set(found.lost) & set(there)
    assert kept | set(found.unpromised) | set(found.strange) == set(there)
    assert sum(there.count(number) > 1 for number in set(there)) == len(found.duplicates)


@given(st.lists(st.integers(0, 200)))
def test_numbers_travel_as_ranges_with_their_repetitions(numbers: list[int]) -> None:
    assert from_ranges(to_ranges(numbers)) == sorted(numbers)


def test_a_long_row_is_one_range() -> None:
    assert to_ranges(range(100_000)) == [[0, 99_999]]
    assert to_ranges([4, 5, 5, 6]) == [[4, 5], [5, 6]]


def test_protected_writes_are_accounted_for_apart() -> None:
    details = [{"protected": True}, {"protected": True}, {"protected": False}, {"protected": False}]
    samples = [sample._replace(detail=detail) for sample, detail in zip(writes(*[Outcome.OK] * 4), details)]
    found = account(samples, [0, 2])
    assert (found.promised, found.protected, found.lost, found.lost_protected) == (4, 2, [1, 3], [1])
    assert measures_of_writes(found)["lost_protected_writes"] == 1
    # Nobody asked for copies: then there is nothing to say about them, and a budget for it is not met by silence.
    silent = account(writes(Outcome.OK), [0])
    assert silent.protected is None
    assert "lost_protected_writes" not in measures_of_writes(silent)


def run_with(readback: dict[str, Any] | None) -> dict[str, Any]:
    header = {"run_id": "w", "wall_ns": 0, "probes": [{"name": "cart", "kind": "command", "target": "cart"}]}
    header["probes"][0].update(interval_ms=1, timeout_ms=5)  # type: ignore[index]
    recording = Recording(header, [writes(Outcome.OK, Outcome.OK, Outcome.TIMEOUT, Outcome.OK)])
    if readback is not None:
        recording = replace(recording, readbacks={0: readback})
    budgets = parse_budgets({"*": {"outage_ms": 100, "lost_writes": 0, "duplicates": 0}})
    return build_run(RunInput("w", "Writes", Fault("none", "n", 0), recording, budgets=budgets))


def test_a_lost_write_fails_the_drill_and_is_named() -> None:
    run = run_with({"numbers": [0, 2, 3]})
    results = {row["measure"]: row["result"] for row in run["verdicts"]}
    assert results == {"outage_us": "pass", "lost_writes": "fail", "duplicates": "pass"}
    assert "cart: 3 writes were acknowledged, 1 of them are lost" in run["notes"]
    assert "cart: lost: 1" in run["notes"]
    assert run["verdict"] == "fail"


def test_writes_that_were_not_read_back_prove_nothing() -> None:
    for readback in (None, {"error": "connection refused"}):
        run = run_with(readback)
        assert {row["measure"]: row["result"] for row in run["verdicts"]}["lost_writes"] == "inconclusive"
    assert run["notes"] == ["cart: the writes could not be read back: connection refused"]
