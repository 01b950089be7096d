# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runs of the playbook changed: foretold by check mode, and nothing after failovers."""

from __future__ import annotations

import pytest
from steadfast_runs import Play, Runs, differences

#: Task -> why a first run in check mode cannot foretell it.
EXCEPTIONS: dict[str, str] = {}

PLAY = "Redis cluster"


def plays_after_the_first_truths(runs: Runs) -> list[Play]:
    """The runs of the role among the side effects."""
    try:
        plays = runs.side_effects()
    except LookupError:
        pytest.skip("the cluster has not been broken yet")
    return [play for play in plays if play.name == PLAY]


def test_check_mode_on_bare_nodes_foretells_the_first_run(runs: Runs) -> None:
    done = runs.first("converge")
    assert any(play.changed for play in done)
    assert differences(runs.first("converge-check"), done, EXCEPTIONS) == []


def test_a_run_after_failovers_changes_nothing(runs: Runs) -> None:
    assert plays_after_the_first_truths(runs)[0].changed == ()


def test_restarts_go_replicas_first_and_one_machine_at_a_time(runs: Runs, is_full: bool) -> None:
    if not is_full:
        pytest.skip("rolling restarts belong to the full list")
    plays = plays_after_the_first_truths(runs)
    restarts = [[host for host, task in play.changed if task.endswith(": Restart")] for play in plays]
    rolled = next(hosts for hosts in restarts if len(hosts) == 6)
    assert len(set(rolled[:3])) == 3
    assert len(set(rolled[3:])) == 3
