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


def with_location(cib: Element, name: str, node: str, score: str = "INFINITY") -> Element:
    section = cib.find("configuration/constraints")
    assert section is not None
    SubElement(section, "rsc_location", {"id": name, "rsc": "web", "node": node, "score": score})
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


def test_a_maintenance_of_an_interrupted_run_becomes_the_operators(well: dict[str, Any], cib: Element) -> None:
    well["maintenance_mode"] = True
    assert command("maintenance", "", "", well, cib) == ""
    section = cib.find("configuration/crm_config/cluster_property_set")
    assert section is not None
    SubElement(section, "nvpair", {"id": operate.OF_A_RUN, "name": "maintenance-mode", "value": "true"})
    step = operate.decide("maintenance", "", "", well, cib)
    everywhere = "crm_attribute --type crm_config --name maintenance-mode"
    # theirs is there before ours goes: it never ends in between
    assert " ".join(step.command) == f"{everywhere} --id=cib-bootstrap-options-maintenance-mode --update true"
    assert [" ".join(one) for one in step.then] == [f"{everywhere} --id={operate.OF_A_RUN} --delete"]
    assert step.diff()["before"] != step.diff()["after"]
    assert command("unmaintenance", "", "", well, cib) == f"{everywhere} --delete"


@pytest.mark.parametrize(
    ("asked", "before", "after"),
    [
        (("standby", "node1", ""), "standby of node node1: off\n", "standby of node node1: on\n"),
        (("maintenance", "", ""), "maintenance of the cluster: off\n", "maintenance of the cluster: on\n"),
        (("maintenance", "node2", ""), "maintenance of node node2: off\n", "maintenance of node node2: on\n"),
        (("cleanup", "", ""), "monitor of vip failed on node1: not running\n", ""),
        (("move", "node1", "web"), "web on node2\n", "web on node1\n"),
        (("move", "", "web"), "web on node2\n", "web on node1\n"),
        (("clear", "", "web"), "constraint cli-ban-web: web on node1, score -INFINITY\n", ""),
    ],
)
def test_a_difference_shows_what_is_and_what_will_be(
    asked: tuple[str, str, str], before: str, after: str, well: dict[str, Any], cib: Element
) -> None:
    well["failures"] = [{"resource": "vip", "action": "monitor", "node": "node1", "status": "not running"}]
    if asked[0] == "clear":
        with_location(cib, "cli-ban-web", "node1", "-INFINITY")
    step = operate.decide(*asked, well, cib)
    assert step.diff() == {"before": before, "after": after}


def test_the_end_of_a_standby_shows_it_too(well: dict[str, Any], cib: Element) -> None:
    well["nodes"]["node1"]["standby"] = True
    step = operate.decide("unstandby", "node1", "", well, cib)
    assert step.diff() == {"before": "standby of node node1: on\n", "after": "standby of node node1: off\n"}
    assert operate.decide("standby", "node1", "", well, cib).diff() == {"before": "", "after": ""}


def test_a_group_moves_as_a_whole(well: dict[str, Any], cib: Element) -> None:
    here = well["resources"]["web-vip"]["nodes"][0]
    there = {"node1": "node2", "node2": "node1"}[here]
    begin = "cibadmin --scope=constraints --modify --allow-create --xml-text"
    wanted = f'{begin} <rsc_location id="steadfast-move-web" rsc="web" node="{there}" score="INFINITY" />'
    assert command("move", there, "web-vip", well, cib) == wanted
    assert command("move", there, "web", well, cib) == wanted
    assert command("move", here, "web", well, cib) == ""
    away = f'{begin} <rsc_location id="steadfast-move-web" rsc="web" node="{here}" score="-INFINITY" />'
    assert command("move", "", "web", well, cib) == away


DELETE = "cibadmin --delete-all --force --xpath /cib/configuration/constraints/rsc_location"


def test_a_move_is_cleared_only_where_there_is_one(well: dict[str, Any], cib: Element) -> None:
    assert command("clear", "", "web-vip", well, cib) == ""
    with_location(cib, "cli-prefer-web", "node2")
    assert command("clear", "", "web-vip", well, cib) == f"{DELETE}[@id='cli-prefer-web']"
    with_location(cib, "steadfast-move-web", "node2")
    assert command("clear", "", "web-vip", well, cib) == f"{DELETE}[@id='cli-prefer-web' or @id='steadfast-move-web']"


def test_a_move_of_ours_ends_and_one_by_hand_stays(cib: Element) -> None:
    with_location(cib, "cli-prefer-web", "node2")
    assert operate.end_move("web", cib) == operate.Step()
    assert operate.after_move(cib, "web") is None
    with_location(cib, "steadfast-move-web", "node2")
    assert " ".join(operate.end_move("web-vip", cib).command) == f"{DELETE}[@id='steadfast-move-web']"
    assert operate.end_move("vip", cib) == operate.Step()
    later = operate.after_move(cib, "web-vip")
    assert later is not None
    assert [entry.get("id") for entry in operate.moved(later, "web")] == ["cli-prefer-web"]


@pytest.mark.parametrize(
    ("move", "is_refused"),
    [
        (("cli-prefer-web", "here", "INFINITY"), True),
        (("cli-ban-web-on-there", "there", "-INFINITY"), True),
        (("cli-prefer-web", "there", "INFINITY"), False),
        (("cli-ban-web-on-here", "here", "-INFINITY"), False),
        (("steadfast-move-web", "here", "INFINITY"), False),
    ],
)
def test_a_move_by_hand_that_is_in_the_way_is_named(
    move: tuple[str, str, str], is_refused: bool, well: dict[str, Any], cib: Element
) -> None:
    name, where, score = move
    here = well["resources"]["web-vip"]["nodes"][0]
    nodes = {"here": here, "there": {"node1": "node2", "node2": "node1"}[here]}
    with_location(cib, name, nodes[where], score)
    if is_refused:
        with pytest.raises(Refused, match=f"resource: {name} keeps web where it is"):
            command("move", nodes["there"], "web", well, cib)
    else:
        assert command("move", nodes["there"], "web", well, cib)


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
