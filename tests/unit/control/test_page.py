# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/observation.md names every metric, kind, result and variable that there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from heartbeat.control.happenings import KINDS
from heartbeat.control.metrics import GROUP_STATES, NODE_STATES, render
from heartbeat.core.reasons import CATALOGUE
from heartbeat.wire.traffic import LOST, OK, RESULTS

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "observation.md").read_text()


def test_every_metric_is_explained(numbers: dict[str, Any]) -> None:
    families = set(re.findall(r"^# TYPE (\S+)", render(numbers), re.MULTILINE))
    assert set(re.findall(r"`(hb_[a-z_]+)`", PAGE)) == families


def test_every_kind_of_event_is_explained() -> None:
    table = PAGE[PAGE.index("| kind |") : PAGE.index("`hbctl explain` prints")]
    assert {
        kind for row in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE) for kind in re.findall("[a-z]+", row)
    } == {*KINDS.values()}


def test_results_and_states_are_listed() -> None:
    (results,) = re.findall(r"`hb_messages_total` [^\n]*`result` \| ([^\n]*)", PAGE)
    listed = set(re.findall("[a-z]+", re.sub(r"\([^)]*\)", "", results)))
    assert listed == {OK, LOST, *RESULTS.values()}
    for states in (NODE_STATES, GROUP_STATES):
        assert ", ".join(states) in PAGE


def test_the_variables_of_hooks_are_listed() -> None:
    from heartbeat.control.happenings import Happening

    variables = Happening(1, 1, "n1", "notice", "started", "node", "", {}).environment()
    assert set(re.findall(r"`(HB_[A-Z_]+)`", PAGE)) == set(variables)


def test_the_example_is_an_event_as_it_is() -> None:
    (example,) = re.findall(r'"event": "([a-z-]+)"', PAGE)
    assert KINDS[example] == "taken"
    assert CATALOGUE[example].replace("{group}", "192.0.2.10/24/eth0").replace("{peer}", "web1") in PAGE
