# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Examples of what a cluster runs and is fenced by, composed with what the agents say of their parameters."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from pacemaker import agents, compose
from pacemaker.words import Refused

ROOT = Path(__file__).resolve().parents[3]
RECORDED = ROOT / "tests" / "unit" / "pacemaker" / "recorded" / "metadata"
#: as the agents of Debian 12 print it
METADATA = {
    name: agents.metadata(name, (RECORDED / f"{name.split(':')[-1]}.xml").read_text(encoding="utf-8"))
    for name in (
        "ocf:heartbeat:Filesystem",
        "ocf:heartbeat:IPaddr2",
        "ocf:heartbeat:iSCSILogicalUnit",
        "ocf:heartbeat:iSCSITarget",
        "ocf:heartbeat:portblock",
        "stonith:fence_apc_snmp",
        "stonith:fence_idrac",
        "stonith:fence_ilo5",
        "stonith:fence_ipmilan",
        "stonith:fence_sbd",
        "stonith:fence_virsh",
        "stonith:fence_watchdog",
    )
}
INVENTORIES = sorted(path.parents[1] for path in ROOT.glob("inventories/pacemaker_*/group_vars/pacemaker.yml"))
FENCING = sorted((ROOT / "examples" / "pacemaker_fencing").glob("*.yml"))


def declared(path: Path) -> dict[str, Any]:
    return {key.removeprefix("pacemaker_"): value for key, value in yaml.safe_load(path.read_text()).items()}


def composed(variables: dict[str, Any]) -> compose.Wanted:
    configuration = {key: value for key, value in variables.items() if key in compose.KEYS}
    return compose.compose(configuration, variables.get("secrets", {}), METADATA, compose.Around())


def agents_of(wanted: compose.Wanted) -> set[str]:
    found = (entry for top in wanted.resources for entry in top.iter("primitive"))
    names = (":".join(filter(None, (one.get("class"), one.get("provider"), one.get("type")))) for one in found)
    return {name for name in names if not name.startswith("systemd:")}


@pytest.mark.parametrize("folder", INVENTORIES, ids=lambda folder: folder.name)
def test_what_a_worked_inventory_runs_can_be_run(folder: Path) -> None:
    wanted = composed(declared(folder / "group_vars" / "pacemaker.yml"))
    assert any(found.get("class") == "stonith" for found in wanted.resources)
    assert [found.get("id") for found in wanted.resources if found.tag == "group"]
    # none was let through because nobody knew its parameters
    assert agents_of(wanted) <= METADATA.keys()


@pytest.mark.parametrize("file", FENCING, ids=lambda file: file.stem)
def test_every_node_is_fenced_by_devices_that_know_their_parameters(file: Path) -> None:
    variables = declared(file)
    assert agents_of(composed(variables)) <= METADATA.keys()
    fenced = [node for device in variables["fence_devices"] for node in device.get("nodes") or device["ports"]]
    assert sorted(fenced) == ["web1", "web2", "web3"]
    # a word that the agent does not know is refused here as on a node
    wrong = copy.deepcopy(variables)
    wrong["fence_devices"][0].setdefault("parameters", {})["adress"] = "203.0.113.1"
    with pytest.raises(Refused, match="adress"):
        composed(wrong)


def test_each_kind_of_device_has_an_example() -> None:
    assert [file.stem for file in FENCING] == [
        "ilo_drac", "ipmi", "libvirt", "power_switch", "sbd_disk", "sbd_watchdog",
    ]  # fmt: skip
    assert len(INVENTORIES) == 3
