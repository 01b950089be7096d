# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules pacemaker_cib and pacemaker_node with Pacemaker's own programs on a file instead of a cluster."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from module_run import answer_of

CIB = """<cib admin_epoch="0" epoch="9" num_updates="0" validate-with="pacemaker-3.7"><configuration><crm_config/>
<nodes><node id="1" uname="node1"/></nodes><resources/><constraints/></configuration><status/></cib>"""
pytestmark = pytest.mark.skipif(
    not all(shutil.which(name) for name in ("crm_verify", "crm_diff", "crm_simulate", "cibadmin", "crm_mon")),
    reason="needs the package pacemaker-cli-utils",
)


def checked(folder: Path, configuration: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    """What the module answers when it is to check a request."""
    (folder / "cib.xml").write_text(CIB)
    words = {"without_fencing": "I accept that data may be lost", **configuration}
    given = {"configuration": words, "state": "checked", **arguments}
    return answer_of("pacemaker_cib", {**given, "_ansible_remote_tmp": str(folder)}, CIB_file=str(folder / "cib.xml"))


def test_an_agent_is_not_missed_before_its_package_comes(tmp_path: Path) -> None:
    request = {"resources": [{"name": "one", "agent": "ocf:heartbeat:NobodyHasThis"}]}
    refused = checked(tmp_path, request)
    assert "this node does not have the agent ocf:heartbeat:NobodyHasThis" in refused["msg"]
    found = checked(tmp_path, request, needs_agents=False)
    assert found["checked_agents"] == []
    # what is written is still looked at
    request["resources"][0]["metta"] = "x"
    assert "did you mean meta?" in checked(tmp_path, request, needs_agents=False)["msg"]


@pytest.mark.skipif(os.geteuid() != 0, reason="Pacemaker wants to own the file")
def test_a_node_comes_with_what_is_declared_about_it(tmp_path: Path) -> None:
    request = {"node_attributes": {"node2": {"site": "b"}}}
    assert "nobody knows 'node2'" in checked(tmp_path, request)["msg"]
    assert checked(tmp_path, request, nodes=["node1", "node2"])["checked_agents"] == []


def test_a_secret_that_is_not_declared_stays_and_is_named(tmp_path: Path) -> None:
    device = (
        '<primitive id="power" class="stonith" type="fence_nobody"><instance_attributes id="p">'
        '<nvpair id="p1" name="password" value="correct horse"/><nvpair id="p2" name="ip" value="192.0.2.1"/>'
        "</instance_attributes></primitive>"
    )
    (tmp_path / "cib.xml").write_text(CIB.replace("<resources/>", f"<resources>{device}</resources>"))
    declared = {"name": "power", "agent": "fence_nobody", "parameters": {"ip": "192.0.2.2"}}
    given = {
        "configuration": {"fence_devices": [{**declared, "recommended_operations": False}]},
        "needs_agents": False,
        "_ansible_check_mode": True,
        "_ansible_diff": True,
        "_ansible_remote_tmp": str(tmp_path),
    }
    found = answer_of("pacemaker_cib", given, CIB_file=str(tmp_path / "cib.xml"))
    assert found["kept_secrets"] == {"power": ["password"]}
    assert "changes resource power: parameters.ip from 192.0.2.1 to 192.0.2.2" in found["changes"]
    told = found["diff"][1]["prepared"]
    assert "# keeps password of power: a secret stays unless the declaration names another" in told
    assert "correct horse" not in str(found)


def test_a_switch_of_operators_shows_what_is_and_what_will_be(tmp_path: Path) -> None:
    (tmp_path / "cib.xml").write_text(CIB)
    given = {
        "action": "standby",
        "node": "node1",
        "_ansible_check_mode": True,
        "_ansible_diff": True,
        "_ansible_remote_tmp": str(tmp_path),
    }
    found = answer_of("pacemaker_node", given, CIB_file=str(tmp_path / "cib.xml"))
    assert found["changed"]
    assert found["diff"] == {"before": "standby of node node1: off\n", "after": "standby of node node1: on\n"}
    del given["_ansible_diff"]
    assert "diff" not in answer_of("pacemaker_node", given, CIB_file=str(tmp_path / "cib.xml"))
