# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runs of the playbook changed: foretold by check mode, nothing after a failover, the master last."""

from __future__ import annotations

import pytest
from steadfast_runs import Play, Runs, differences

#: Task -> why a first run in check mode cannot foretell it.
EXCEPTIONS: dict[str, str] = {}

PLAY = "Keepalived group"


def plays_after_the_first_truths(runs: Runs) -> list[Play]:
    """The runs of the role among the side effects."""
    try:
        plays = runs.side_effects()
    except LookupError:
        pytest.skip("the group has not been changed and broken yet")
    return [play for play in plays if play.name == PLAY]


def hosts_in_turn(play: Play) -> list[str]:
    changed = [host for host, _ in play.changed]
    return [host for number, host in enumerate(changed) if number == 0 or changed[number - 1] != host]


def test_check_mode_on_bare_nodes_foretells_the_first_run(runs: Runs) -> None:
    done = runs.first("converge")
    assert any(play.changed for play in done)
    assert differences(runs.first("converge-check"), done, EXCEPTIONS) == []


def test_a_change_goes_through_the_nodes_one_at_a_time_and_the_masters_last(runs: Runs) -> None:
    """node3 is the only one that is master of nothing at first."""
    turns = hosts_in_turn(plays_after_the_first_truths(runs)[0])
    assert sorted(turns) == ["node1", "node2", "node3"]
    assert turns[0] == "node3"


def test_a_run_after_failovers_changes_nothing(runs: Runs, is_full: bool) -> None:
    plays = plays_after_the_first_truths(runs)
    assert plays[1].changed == plays[-1].changed == ()
    # A reload and one after drills; in the full list a restart, its way back, one beside a drained node, two about
    # firewalls, one more address, its way back, and one after the game day.
    assert len(plays) == (10 if is_full else 2)


def test_a_drained_node_does_not_make_a_run_change_anything(runs: Runs, is_full: bool) -> None:
    plays = plays_after_the_first_truths(runs)
    if not is_full:
        pytest.skip("drains belong to the full list")
    assert plays[4].changed == ()
