# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runs of the playbook changed: foretold by check mode, nothing after a failover, one node at a time."""

from __future__ import annotations

import pytest
from steadfast_runs import Play, Runs, differences

#: Task -> why a first run in check mode cannot foretell it.
EXCEPTIONS: dict[str, str] = {}

PLAY = "Heartbeat cluster"


def plays_after_the_first_truths(runs: Runs) -> list[Play]:
    """The runs of the role among the side effects: a restart, a reload, and the same after drills."""
    try:
        plays = runs.side_effects()
    except LookupError:
        pytest.skip("the cluster has not been changed and broken yet")
    return [play for play in plays if play.name == PLAY]


def test_check_mode_on_bare_nodes_foretells_the_first_run(runs: Runs) -> None:
    done = runs.first("converge")
    assert any(play.changed for play in done)
    assert differences(runs.first("converge-check"), done, EXCEPTIONS) == []


def test_a_change_goes_through_the_nodes_one_at_a_time(runs: Runs) -> None:
    changed = [host for host, _ in plays_after_the_first_truths(runs)[0].changed]
    assert set(changed) == {"node1", "node2"}
    turns = [host for number, host in enumerate(changed) if number == 0 or changed[number - 1] != host]
    assert len(turns) == 2, changed


def test_a_change_that_a_reload_brings_drains_nobody(runs: Runs) -> None:
    changed = plays_after_the_first_truths(runs)[1].changed
    tasks = {"steadfast.ha.rolling : Write ha.cf", "steadfast.ha.rolling : Bring the daemon to what was written"}
    assert set(changed) == {(node, task) for node in ("node1", "node2") for task in tasks}


def test_a_run_after_failovers_changes_nothing(runs: Runs) -> None:
    assert plays_after_the_first_truths(runs)[-1].changed == ()
    assert len(plays_after_the_first_truths(runs)) == 3
