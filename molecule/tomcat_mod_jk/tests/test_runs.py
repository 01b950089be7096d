# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runs of the playbooks changed: foretold by check mode, and nothing after failures."""

from __future__ import annotations

import pytest
from steadfast_runs import Play, Runs, differences

#: Task -> why a first run in check mode cannot foretell it.
EXCEPTIONS: dict[str, str] = {}

PLAYS = ("Tomcat workers", "Apache with mod_jk", "Keepalived group")


def plays_after_the_first_truths(runs: Runs, name: str) -> list[Play]:
    """The runs of a role among the side effects."""
    try:
        plays = runs.side_effects()
    except LookupError:
        pytest.skip("nothing has been broken yet")
    return [play for play in plays if play.name == name]


def test_check_mode_on_bare_nodes_foretells_the_first_run(runs: Runs) -> None:
    done = runs.first("converge")
    assert any(play.changed for play in done)
    assert differences(runs.first("converge-check"), done, EXCEPTIONS) == []


@pytest.mark.parametrize("name", PLAYS)
def test_a_run_after_failures_changes_nothing(runs: Runs, name: str, is_full: bool) -> None:
    plays = plays_after_the_first_truths(runs, name)
    # after the drills of the core, and after the game day where that is the end
    assert plays[0].changed == ()
    assert not is_full or plays[-1].changed == ()


def test_a_new_version_goes_through_the_workers_in_turn(runs: Runs, is_full: bool) -> None:
    if not is_full:
        pytest.skip("the rolling deploy belongs to the full list")
    (play,) = plays_after_the_first_truths(runs, "Rolling deploy")[:1]
    stopped = [host for host, task in play.changed if task.endswith("Stop the instances that change")]
    started = [host for host, task in play.changed if task.endswith("Start the instances")]
    assert stopped == started == ["app1", "app2", "app3"]
