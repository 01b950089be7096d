# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pacemaker's own programs judge what we make, on files and without a cluster; the scenarios do it with one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest
from pacemaker import describe, tree
from pacemaker.simulate import moves
from pacemaker.tools import Tools

pytestmark = pytest.mark.skipif(
    not all(shutil.which(name) for name in ("crm_verify", "crm_diff", "crm_simulate", "cibadmin")),
    reason="needs the package pacemaker-cli-utils",
)


@pytest.fixture
def on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let Pacemaker's programs work on a file as if it were the cluster's CIB."""
    path = tmp_path / "cib.xml"
    monkeypatch.setenv("CIB_file", str(path))
    return path


def test_a_cib_with_everything_fits_the_schema(
    everything: dict[str, Any], new_cib: Element, make: Any, programs: Tools
) -> None:
    assert programs.verify(make.merged(everything, new_cib).root) == []


def test_what_does_not_fit_is_said_in_detail(new_cib: Element, programs: Tools) -> None:
    resources = new_cib.find("configuration/resources")
    assert resources is not None
    resources.append(fromstring('<primitive id="x" class="ocf" provider="heartbeat"/>'))
    objections = programs.verify(new_cib)
    assert objections[0] == "CIB did not pass schema validation"
    assert any("primitive" in line for line in objections)


@pytest.mark.skipif(os.geteuid() != 0, reason="Pacemaker wants to own the file")
def test_a_usual_value_that_follows_is_a_patch_that_fits(
    everything: dict[str, Any], new_cib: Element, make: Any, programs: Tools, on_disk: Path
) -> None:
    on_disk.write_text(tree.written(new_cib), encoding="utf-8")
    for delay in ("217ms", "412ms"):
        everything["usual_properties"] = {"transition-delay": delay}
        root = make.merged(everything, programs.query()).root
        assert programs.verify(root) == []
        assert programs.patch(programs.difference(programs.query(), root))
        found = programs.query().findall("configuration/crm_config//nvpair[@name='transition-delay']")
        assert [pair.get("value") for pair in found] == [delay]


@pytest.mark.skipif(os.geteuid() != 0, reason="Pacemaker wants to own the file")
def test_the_patch_makes_the_live_cib_the_wanted_one_and_only_once(
    everything: dict[str, Any], new_cib: Element, make: Any, programs: Tools, on_disk: Path
) -> None:
    on_disk.write_text(tree.written(new_cib), encoding="utf-8")
    merged = make.merged(everything, programs.query())
    patch = programs.difference(programs.query(), merged.root)
    assert programs.patch(patch)
    live = programs.query()
    assert describe.things(live) == describe.things(merged.root)
    assert make.merged(everything, live, "refuse_on_drift").changes == ()
    # somebody was quicker: the version is another one
    assert not programs.patch(patch)
    assert describe.things(programs.query()) == describe.things(live)


@pytest.mark.skipif(os.geteuid() != 0, reason="Pacemaker wants to own the file")
def test_a_small_change_is_a_small_patch(
    everything: dict[str, Any], new_cib: Element, make: Any, programs: Tools, on_disk: Path
) -> None:
    live = make.merged(everything, new_cib).root
    on_disk.write_text(tree.written(live), encoding="utf-8")
    everything["web_servers"][0]["address"] = "192.0.2.101/24"
    patch = fromstring(programs.difference(live, make.merged(everything, live).root))
    paths = [str(change.get("path")) for change in patch.findall("change")]
    assert len(paths) == 2  # the version, and the address
    assert paths[1].endswith("nvpair[@id='web-vip-instance_attributes-ip']")


def test_a_simulation_says_what_would_move(programs: Tools) -> None:
    running = fromstring((Path(__file__).parent / "recorded" / "running.xml").read_text(encoding="utf-8"))
    assert moves(programs.simulate(running)) == []
    standby = fromstring(
        '<instance_attributes id="n1"><nvpair id="n1-s" name="standby" value="on"/></instance_attributes>'
    )
    node = running.find("configuration/nodes/node[@uname='node1']")
    assert node is not None
    node.append(standby)
    told = [move.sentence() for move in moves(programs.simulate(running))]
    assert "vip would move from node1 to node2" in told


def test_what_still_runs_of_a_clone_that_goes_is_no_objection(
    everything: dict[str, Any], new_cib: Element, make: Any, programs: Tools
) -> None:
    root = make.merged(everything, new_cib).root
    status = root.find("status")
    assert status is not None
    for number, node in enumerate(("node1", "node2", "node3"), 1):
        status.append(
            fromstring(
                f'<node_state id="{number}" uname="{node}" in_ccm="true" crmd="online" join="member" expected="member">'
                f'<lrm id="{number}"><lrm_resources>'
                '<lrm_resource id="left" type="Dummy" class="ocf" provider="pacemaker">'
                '<lrm_rsc_op id="left_last_0" operation="start" operation_key="left_start_0" rc-code="0" op-status="0"'
                ' call-id="9" interval="0" crm-debug-origin="x" crm_feature_set="3.16.2" transition-key="1:1:0:abc"'
                f' transition-magic="0:0;1:1:0:abc" on_node="{node}"/>'
                "</lrm_resource></lrm_resources></lrm></node_state>"
            )
        )
    assert programs.verify(root) == []
