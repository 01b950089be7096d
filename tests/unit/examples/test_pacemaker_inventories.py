# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Examples of what a cluster runs and is fenced by, composed with what the agents say of their parameters."""

from __future__ import annotations

import copy
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
import yaml
from pacemaker import agents, compose, live
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


def composed(variables: dict[str, Any], members: Collection[str]) -> compose.Wanted:
    """What comes out where these are the members, each of which has to be fenced."""
    configuration = {key: value for key, value in variables.items() if key in compose.KEYS}
    around = live.with_nodes(compose.Around(), members)
    return compose.compose(configuration, variables.get("secrets", {}), METADATA, around)


def members_of(folder: Path) -> list[str]:
    groups = yaml.safe_load((folder / "hosts.yml").read_text(encoding="utf-8"))
    found: list[str] = []
    for name, group in groups.items():
        children = group.get("children") or {}
        for key, inner in ((name, group), *children.items()):
            found += list((inner or {}).get("hosts") or ()) if key == "pacemaker" else []
    return found


def agents_of(wanted: compose.Wanted) -> set[str]:
    found = (entry for top in wanted.resources for entry in top.iter("primitive"))
    names = (":".join(filter(None, (one.get("class"), one.get("provider"), one.get("type")))) for one in found)
    return {name for name in names if not name.startswith("systemd:")}


@pytest.mark.parametrize("folder", INVENTORIES, ids=lambda folder: folder.name)
def test_what_a_worked_inventory_runs_can_be_run(folder: Path) -> None:
    variables, members = declared(folder / "group_vars" / "pacemaker.yml"), members_of(folder)
    wanted = composed(variables, members)
    assert any(found.get("class") == "stonith" for found in wanted.resources)
    assert [found.get("id") for found in wanted.resources if found.tag == "group"]
    # none was let through because nobody knew its parameters
    assert agents_of(wanted) <= METADATA.keys()
    with pytest.raises(Refused, match="fences another"):
        composed(variables, [*members, "another"])


@pytest.mark.parametrize("file", FENCING, ids=lambda file: file.stem)
def test_every_node_is_fenced_by_devices_that_know_their_parameters(file: Path) -> None:
    variables = declared(file)
    assert agents_of(composed(variables, ["web1", "web2", "web3"])) <= METADATA.keys()
    fenced = [node for device in variables["fence_devices"] for node in device.get("nodes") or device["ports"]]
    assert sorted(fenced) == ["web1", "web2", "web3"]
    # a word that the agent does not know is refused here as on a node
    wrong = copy.deepcopy(variables)
    wrong["fence_devices"][0].setdefault("parameters", {})["adress"] = "203.0.113.1"
    with pytest.raises(Refused, match="adress"):
        composed(wrong, ["web1", "web2", "web3"])


def test_each_kind_of_device_has_an_example() -> None:
    assert [file.stem for file in FENCING] == [
        "ilo_drac", "ipmi", "libvirt", "power_switch", "sbd_disk", "sbd_watchdog",
    ]  # fmt: skip
    assert len(INVENTORIES) == 3
