# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runs of the playbook changed: foretold by check mode, nothing after elections, one node at a time."""

from __future__ import annotations

import pytest
from steadfast_runs import Play, Runs, differences

#: Task -> why a first run in check mode cannot foretell it.
EXCEPTIONS: dict[str, str] = {
    "steadfast.ha.elasticsearch : Unpack it": "in check mode nothing was fetched that could be unpacked",
}

PLAY = "Elasticsearch cluster"


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


def test_a_run_after_elections_changes_nothing(runs: Runs) -> None:
    assert plays_after_the_first_truths(runs)[0].changed == ()


def test_a_rolling_restart_takes_every_node_once(runs: Runs, is_full: bool) -> None:
    if not is_full:
        pytest.skip("only in the full list")
    rolled = plays_after_the_first_truths(runs)[1].changed
    steps = [(host, task.split(" : ")[1]) for host, task in rolled if task.endswith((": Stop the node", ": Start"))]
    hosts = [host for host, _task in steps[::2]]
    assert sorted(hosts) == ["node1", "node2", "node3"]
    assert steps == [(host, task) for host in hosts for task in ("Stop the node", "Start")]
