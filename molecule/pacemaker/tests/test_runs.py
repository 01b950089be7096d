# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs of the playbook changed: foretold by check mode, one reload for a timer, nothing after failovers."""

from __future__ import annotations

import pytest
from steadfast_runs import Play, Runs, differences

#: Task -> why a first run in check mode cannot foretell it.
EXCEPTIONS: dict[str, str] = {
    "steadfast.ha.pacemaker : Let every node in": "pcs is not there yet, and is asked by a command",
}

PLAY = "Pacemaker cluster"


def plays_among_the_side_effects(runs: Runs) -> list[Play]:
    """The runs of the role after the cluster was broken for the first time."""
    try:
        plays = runs.side_effects()
    except LookupError:
        pytest.skip("the cluster has not been changed and broken yet")
    return [play for play in plays if play.name == PLAY]


def run_behind(runs: Runs, mark: str, is_full: bool) -> Play:
    """The run of the role that follows a play of the full list."""
    if not (is_full and plays_among_the_side_effects(runs)):
        pytest.skip("that belongs to the full list")
    return runs.behind(mark, PLAY)


def test_check_mode_on_bare_nodes_foretells_the_first_run(runs: Runs) -> None:
    done = runs.first("converge")
    assert any(play.changed for play in done)
    assert differences(runs.first("converge-check"), done, EXCEPTIONS) == []


def test_a_run_after_failovers_changes_nothing(runs: Runs) -> None:
    assert plays_among_the_side_effects(runs)[0].changed == ()


def test_what_was_stopped_by_hand_comes_back_and_nothing_else_changes(runs: Runs, is_full: bool) -> None:
    ((_host, task),) = run_behind(runs, "See that corosync runs with both", is_full).changed
    assert task.endswith(" : Start corosync and pacemaker")


def test_what_all_share_changes_while_resources_are_unmanaged(runs: Runs, is_full: bool) -> None:
    done = [task.rsplit(" : ", 1)[-1] for _host, task in run_behind(runs, "See that it is back", is_full).changed]
    for task in ("Stop pacemaker and corosync, not what they manage", "Start corosync and pacemaker"):
        assert done.count(task) == 3, task
    assert done[0] == "Make resources unmanaged, so that a later run knows whose doing it was"
    assert done[-1] == "End that"


def test_a_timer_goes_out_by_one_reload_and_once(runs: Runs, is_full: bool) -> None:
    if not is_full:
        pytest.skip("the change of a timer belongs to the full list")
    reload, again = plays_among_the_side_effects(runs)[-2:]
    reloads = [host for host, task in reload.changed if "Reload corosync everywhere" in task]
    assert len(reloads) == 1
    # the delay before planning follows the timers, and one node speaks for all
    pushes = [host for host, task in reload.changed if "Push what is different" in task]
    assert len(pushes) == 1
    assert {task.rsplit(" : ", 1)[-1] for _host, task in reload.changed} == {
        "Write corosync.conf and the key",
        "Reload corosync everywhere",
        "Push what is different",
    }
    assert again.changed == ()
