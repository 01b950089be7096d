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


def plays_after_the_first_truths(runs: Runs) -> list[Play]:
    """The runs of the role among the side effects."""
    try:
        plays = runs.side_effects()
    except LookupError:
        pytest.skip("the cluster has not been changed and broken yet")
    return [play for play in plays if play.name == PLAY]


def test_check_mode_on_bare_nodes_foretells_the_first_run(runs: Runs) -> None:
    done = runs.first("converge")
    assert any(play.changed for play in done)
    assert differences(runs.first("converge-check"), done, EXCEPTIONS) == []


def test_a_timer_goes_out_by_one_reload(runs: Runs) -> None:
    changed = plays_after_the_first_truths(runs)[0].changed
    reloads = [host for host, task in changed if "Reload corosync everywhere" in task]
    assert len(reloads) == 1
    assert {task.rsplit(" : ", 1)[-1] for _host, task in changed} == {
        "Write corosync.conf and the key",
        "Reload corosync everywhere",
    }


def test_a_run_after_failovers_changes_nothing(runs: Runs) -> None:
    plays = plays_after_the_first_truths(runs)
    assert plays[-1].changed == ()
