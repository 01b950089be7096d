# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A move that is seen through: what becomes of its constraint when it happens, fails, or takes too long."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Optional

import pytest
from pacemaker import moving
from pacemaker.tools import Failed, Tools

RECORDED = Path(__file__).parent / "recorded"
#: where the group runs, by what crm_mon says here
HERE, THERE = "node2", "node1"
MOVE = '<rsc_location id="steadfast-move-web" rsc="web" node="{}" score="INFINITY"/>'


class Cluster:
    """Answers as Pacemaker's programs do, and writes down what it is asked to change."""

    def __init__(self, folder: Path, target: str, wait: int = 0) -> None:
        self.status = (RECORDED / "status-bookworm-well.xml").read_text(encoding="utf-8")
        cib = (RECORDED / "running.xml").read_text(encoding="utf-8")
        self.cib = cib.replace("</constraints>", MOVE.format(target) + "</constraints>")
        self.wait = wait
        self.deleted: list[str] = []
        self.tools = Tools(self.run, str(folder))

    def run(self, arguments: Sequence[str], _stdin: Optional[str]) -> tuple[int, str, str]:
        if "--wait" in arguments:
            return self.wait, "", "it is not done"
        if "--delete-all" in arguments:
            self.deleted.append(arguments[-1])
        answers = {
            "cibadmin": self.cib,
            "crm_mon": self.status,
            "crm_simulate": "<pacemaker-result><actions/></pacemaker-result>",
        }
        return 0, answers[arguments[0]], ""


def test_a_move_that_has_happened_leaves_nothing(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, HERE)
    assert not moving.finish(cluster.tools, "web", HERE, 5)
    (deleted,) = cluster.deleted
    assert "steadfast-move-web" in deleted


def test_a_move_that_failed_leaves_nothing_either_and_is_told(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, THERE)
    with pytest.raises(
        Failed, match=f"web was to move to {THERE}, and runs on {HERE}. The constraint .* is taken away"
    ):
        moving.finish(cluster.tools, "web", THERE, 5)
    (deleted,) = cluster.deleted
    assert "steadfast-move-web" in deleted


def test_a_move_that_takes_too_long_names_what_is_left(tmp_path: Path) -> None:
    cluster = Cluster(tmp_path, THERE, wait=124)
    with pytest.raises(Failed, match=r"web-vip may move yet, as steadfast-move-web .*action=clear.*ended with 124"):
        moving.finish(cluster.tools, "web-vip", THERE, 5)
    assert cluster.deleted == []


def test_a_wait_says_what_to_know_when_it_is_in_vain(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"^It was taken: crm_resource ended with 124"):
        Cluster(tmp_path, THERE, wait=124).tools.settle(5, "It was taken: ")
