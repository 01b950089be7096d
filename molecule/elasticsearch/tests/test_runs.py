# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runs of the playbook changed: foretold by check mode."""

from __future__ import annotations

from steadfast_runs import Runs, differences

#: Task -> why a first run in check mode cannot foretell it.
EXCEPTIONS: dict[str, str] = {
    "steadfast.ha.elasticsearch : Unpack it": "in check mode nothing was fetched that could be unpacked",
}


def test_check_mode_on_bare_nodes_foretells_the_first_run(runs: Runs) -> None:
    done = runs.first("converge")
    assert any(play.changed for play in done)
    assert differences(runs.first("converge-check"), done, EXCEPTIONS) == []
