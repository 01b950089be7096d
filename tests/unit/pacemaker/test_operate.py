# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators ask for, as the one command that it takes, or none when it is so already."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

import pytest
from pacemaker import operate, tree
from pacemaker.status import facts
from pacemaker.words import Refused

RECORDED = Path(__file__).parent / "recorded"


@pytest.fixture
def well() -> dict[str, Any]:
    return facts((RECORDED / "status-bookworm-well.xml").read_text(encoding="utf-8"))


@pytest.fixture
def cib() -> Element:
    return tree.read((RECORDED / "running.xml").read_text(encoding="utf-8"))


def command(action: str, node: str, resource: str, well: dict[str, Any], cib: Element) -> str:
    return " ".join(operate.decide(action, node, resource, well, cib).command)


def with_move(cib: Element) -> Element:
    section = cib.find("configuration/constraints")
    assert section is not None
    SubElement(section, "rsc_location", {"id": "cli-prefer-web", "rsc": "web", "node": "node2", "score": "INFINITY"})
    return cib


def test_standby_and_back(well: dict[str, Any], cib: Element) -> None:
    assert command("standby", "node1", "", well, cib) == "crm_attribute --node node1 --name standby --update on"
    assert command("unstandby", "node1", "", well, cib) == ""
    well["nodes"]["node1"]["standby"] = True
    assert command("standby", "node1", "", well, cib) == ""
    assert command("unstandby", "node1", "", well, cib) == "crm_attribute --node node1 --name standby --delete"


def test_maintenance_of_all_and_of_one(well: dict[str, Any], cib: Element) -> None:
    everywhere = "crm_attribute --type crm_config --name maintenance-mode"
    assert command("maintenance", "", "", well, cib) == f"{everywhere} --update true"
    assert command("unmaintenance", "", "", well, cib) == ""
    well["maintenance_mode"] = True
    assert command("unmaintenance", "", "", well, cib) == f"{everywhere} --delete"
    assert (
        command("maintenance", "node1", "", well, cib) == "crm_attribute --node node1 --name maintenance --update true"
    )


def test_a_group_moves_as_a_whole(well: dict[str, Any], cib: Element) -> None:
    here = well["resources"]["web-vip"]["nodes"][0]
    there = {"node1": "node2", "node2": "node1"}[here]
    wanted = f"crm_resource --move --resource web --node {there}"
    assert command("move", there, "web-vip", well, cib) == wanted
    assert command("move", there, "web", well, cib) == wanted
    assert command("move", here, "web", well, cib) == ""
    assert command("move", "", "web", well, cib) == "crm_resource --move --resource web"


def test_a_move_is_cleared_only_where_there_is_one(well: dict[str, Any], cib: Element) -> None:
    assert command("clear", "", "web-vip", well, cib) == ""
    assert operate.without_moves(cib, "web") is None
    moved = with_move(cib)
    assert command("clear", "", "web-vip", well, moved) == "crm_resource --clear --resource web"
    later = operate.without_moves(moved, "web-vip")
    assert later is not None
    assert operate.moved(later, "web") == []
    assert operate.moved(moved, "web") == ["cli-prefer-web"]


def test_an_interrupted_move_is_finished_where_the_resource_is_there(well: dict[str, Any], cib: Element) -> None:
    assert operate.left_behind("web", "node2", cib) == operate.Step()
    moved = with_move(cib)
    section = moved.find("configuration/constraints")
    assert section is not None
    SubElement(section, "rsc_location", {"id": "cli-ban-web-on-node1", "rsc": "web", "node": "node1"})
    step = operate.left_behind("web-vip", "node2", moved)
    assert " ".join(step.command) == "crm_resource --clear --resource web --node node2"
    assert operate.left_behind("web", "node1", moved) == operate.Step()
    assert operate.left_behind("vip", "node2", moved) == operate.Step()


def test_cleanup_only_where_something_failed(well: dict[str, Any], cib: Element) -> None:
    assert command("cleanup", "", "", well, cib) == ""
    trouble = facts((RECORDED / "status-bookworm-trouble.xml").read_text(encoding="utf-8"))
    assert command("cleanup", "", "", trouble, cib) == "crm_resource --cleanup"
    assert command("cleanup", "node1", "vip", trouble, cib) == "crm_resource --cleanup --resource vip --node node1"
    assert command("cleanup", "node2", "", trouble, cib) == ""
    assert command("cleanup", "", "web", trouble, cib) == ""


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (("standby", "", ""), "node: standby needs one"),
        (("standby", "nod1", ""), r"node: nobody knows 'nod1', did you mean node1\?"),
        (("move", "", ""), "resource: move needs one"),
        (("move", "node1", "vpi"), r"resource: nobody knows 'vpi', did you mean vip\?"),
    ],
)
def test_what_cannot_be_asked(asked: tuple[str, str, str], complaint: str, well: dict[str, Any], cib: Element) -> None:
    with pytest.raises(Refused, match=complaint):
        operate.decide(*asked, well, cib)


def test_nothing_moves_to_a_node_that_takes_nothing(well: dict[str, Any], cib: Element) -> None:
    here = well["resources"]["vip"]["nodes"][0]
    there = {"node1": "node2", "node2": "node1"}[here]
    well["nodes"][there]["standby"] = True
    with pytest.raises(Refused, match=f"node: {there} is in standby"):
        operate.decide("move", there, "vip", well, cib)
