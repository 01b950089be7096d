# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Pacemaker's programs answered once, on Debian 12: it is read on machines that do not have them, too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Optional
from xml.etree.ElementTree import Element

import pytest
from pacemaker.simulate import moves
from pacemaker.tools import Tools
from pacemaker.words import Refused

RECORDED = Path(__file__).parent / "recorded"


def test_a_simulation_says_what_would_move() -> None:
    """The cluster of running.xml, with node1 on standby."""
    found = moves((RECORDED / "simulation-standby.xml").read_text(encoding="utf-8"))
    assert [move.sentence() for move in found] == [
        "dummy would move from node1 to node2",
        "vip would move from node1 to node2",
    ]


def test_what_is_no_simulation_is_refused() -> None:
    with pytest.raises(Refused, match="something else than XML"):
        moves("crm_simulate: no such file")


def test_what_does_not_fit_the_schema_is_said_in_detail(new_cib: Element, tmp_path: Path) -> None:
    """A resource without a type. Where it does not fit is in the second answer, to the question for more."""

    def answer(arguments: Sequence[str], stdin: Optional[str]) -> tuple[int, str, str]:
        assert stdin is None
        name = "verify-invalid-details.txt" if "-VVVVV" in arguments else "verify-invalid.txt"
        return 78, "", (RECORDED / name).read_text(encoding="utf-8")

    objections = Tools(answer, str(tmp_path)).verify(new_cib)
    assert objections[0] == "CIB did not pass schema validation"
    assert any("element primitive: Relax-NG validity error" in line for line in objections)
