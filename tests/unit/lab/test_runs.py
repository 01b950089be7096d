# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison of a run in check mode with the real one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from steadfast_runs import Play, Runs, differences

if TYPE_CHECKING:
    from pathlib import Path


def play(*changed: tuple[str, str]) -> tuple[Play, ...]:
    return (Play("Cluster", changed),)


def test_the_same_changes_in_another_order_are_no_difference() -> None:
    assert differences(play(("a", "x"), ("b", "x")), play(("b", "x"), ("a", "x")), {}) == []


def test_what_check_mode_did_not_foretell_is_told() -> None:
    (told,) = differences(play(("a", "x")), play(("a", "x"), ("b", "x")), {})
    assert told == "b: 'x' changes 1 time(s), check mode said 0"


def test_what_check_mode_foretold_in_vain_is_told() -> None:
    (told,) = differences(play(("a", "x"), ("a", "x")), play(("a", "x")), {})
    assert told == "a: 'x' changes 1 time(s), check mode said 2"


def test_an_exception_excuses_its_task_on_every_host_and_no_other() -> None:
    found = differences(play(("a", "x"), ("b", "x"), ("a", "y")), play(), {"x": "reason"})
    assert found == ["a: 'y' changes 0 time(s), check mode said 1"]


def test_an_exception_that_is_not_needed_is_told() -> None:
    assert differences(play(("a", "x")), play(("a", "x")), {"x": "reason"}) == ["'x' is no exception any more"]


def test_the_first_run_of_a_name_counts(tmp_path: Path) -> None:
    for name, task in (("01-converge-check", "c"), ("02-converge", "x"), ("03-converge", "y")):
        (tmp_path / f"{name}.json").write_text(json.dumps([{"play": "Cluster", "changed": [["a", task]]}]))
    runs = Runs.read(tmp_path)
    assert runs.first("converge") == play(("a", "x"))
    assert runs.first("converge-check") == play(("a", "c"))
    with pytest.raises(LookupError, match="no record of a run 'side_effect'"):
        runs.first("side_effect")


def test_the_full_list_follows_the_core(tmp_path: Path) -> None:
    for name, task in (("01-converge", "c"), ("02-side_effect", "x")):
        (tmp_path / f"{name}.json").write_text(json.dumps([{"play": "Cluster", "changed": [["a", task]]}]))
    assert Runs.read(tmp_path).side_effects() == play(("a", "x"))
    (tmp_path / "03-full.json").write_text(json.dumps([{"play": "Cluster", "changed": [["a", "y"]]}]))
    assert Runs.read(tmp_path).side_effects() == play(("a", "x")) + play(("a", "y"))


def test_a_play_is_found_by_the_one_before_it(tmp_path: Path) -> None:
    plays = [("Cluster", "x"), ("Look", "y"), ("Other", "z"), ("Cluster", "w"), ("Cluster", "v")]
    text = json.dumps([{"play": name, "changed": [["a", task]]} for name, task in plays])
    (tmp_path / "01-side_effect.json").write_text(text)
    runs = Runs.read(tmp_path)
    assert runs.behind("Look", "Cluster") == Play("Cluster", (("a", "w"),))
    for mark, name in (("Look", "Nobody"), ("Nobody", "Cluster")):
        with pytest.raises(LookupError, match="no play"):
            runs.behind(mark, name)


def test_without_a_side_effect_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="no record of a run 'side_effect'"):
        Runs.read(tmp_path).side_effects()
