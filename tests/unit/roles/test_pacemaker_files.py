# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role pacemaker makes of an inventory on each platform: corosync.conf, packages, files of the platform."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

CHOSEN = ["resource-agents", "fence-agents-ipmilan", "fence-agents-apc-snmp"]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]

spec = importlib.util.spec_from_file_location("roles_conftest", HERE / "conftest.py")
assert spec
assert spec.loader
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)


def cluster(name: str, system: str, count: int, **variables: Any) -> dict[str, Any]:
    """An inventory group that is a cluster of its own: hosts <name>1, <name>2, ...; ``system`` as in ``Debian 13``."""
    distribution, release = system.split()
    os_family = "RedHat" if distribution == "Rocky" else "Debian"
    facts = {"os_family": os_family, "interfaces": ["ens3"]}
    hosts: dict[str, Any] = {}
    for number in range(1, count + 1):
        address = f"192.0.2.1{number}"
        hosts[f"{name}{number}"] = {
            "given_facts": {
                **facts,
                "distribution": distribution,
                "distribution_major_version": release,
                "default_ipv4": {"interface": "ens3", "address": address},
                "ens3": {"device": "ens3", "ipv4": {"address": address}},
            }
        }
    return {"hosts": hosts, "vars": {"pacemaker_group": name, **variables}}


OWN_PORT = {
    "pacemaker_links": [{"number": 0, "mcastport": 5450, "transport": "sctp"}],
    "pacemaker_node_name": "of-{{ inventory_hostname }}",
    "pacemaker_absent_members": ["rocky2"],
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All clusters of this file in one play: starting Ansible is what takes the time."""
    folder = tmp_path_factory.mktemp("pacemaker")
    role = folder / "roles" / "rendered"
    for name in ("defaults", "vars"):
        shutil.copytree(ROOT / "roles" / "pacemaker" / name, role / name)
    (role / "tasks").mkdir()
    shutil.copy(HERE / "pacemaker" / "tasks.yml", role / "tasks" / "main.yml")
    inventory = {
        "debian": cluster("debian", "Debian 13", 2),
        "ubuntu": cluster(
            "ubuntu", "Ubuntu 24", 2, pacemaker_qdevice={"host": "192.0.2.9"}, pacemaker_absent_members=["ubuntu2"]
        ),
        "redhat": cluster("redhat", "Rocky 9", 3, pacemaker_totem={"token": 5000}),
        "rocky": cluster("rocky", "Rocky 10", 2, **OWN_PORT),
        "bookworm": cluster("bookworm", "Debian 12", 1, pacemaker_agent_packages=CHOSEN),
        "trixie": cluster("trixie", "Debian 13", 1, pacemaker_agent_packages=CHOSEN),
    }
    (folder / "inventory.json").write_text(json.dumps({"all": {"children": inventory}}))
    done = conftest.ansible_playbook(
        "--inventory",
        folder / "inventory.json",
        HERE / "pacemaker" / "render.yml",
        "--extra-vars",
        json.dumps({"out": str(folder / "out"), "ansible_python_interpreter": sys.executable}),
        cwd=folder,
        ANSIBLE_ROLES_PATH=str(folder / "roles"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "out"


def lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text().splitlines()]


def test_all_members_get_the_same_file(rendered: Path) -> None:
    for name, count in (("debian", 2), ("ubuntu", 2), ("redhat", 3), ("rocky", 2)):
        texts = {(rendered / f"{name}{number}" / "corosync.conf").read_text() for number in range(1, count + 1)}
        assert len(texts) == 1, name


def test_addresses_names_and_numbers_follow_from_the_inventory(rendered: Path) -> None:
    found = lines(rendered / "redhat1" / "corosync.conf")
    assert found.count("node {") == 3
    for number in (1, 2, 3):
        assert f"ring0_addr: 192.0.2.1{number}" in found
        assert f"name: redhat{number}" in found
        assert f"nodeid: {number}" in found
    assert "cluster_name: redhat" in found
    assert "token: 5000" in found
    assert "two_node: 1" not in found


def test_two_nodes_are_told_so_unless_somebody_else_votes(rendered: Path) -> None:
    assert "two_node: 1" in lines(rendered / "debian1" / "corosync.conf")
    device = lines(rendered / "ubuntu1" / "corosync.conf")
    assert "two_node: 1" not in device
    assert "algorithm: ffsplit" in device


@pytest.mark.parametrize(
    ("host", "packages", "repository", "environment"),
    [
        (
            "debian1",
            "corosync pacemaker pacemaker-cli-utils pcs resource-agents fence-agents",
            "",
            "/etc/default/pacemaker",
        ),
        (
            "ubuntu1",
            "corosync pacemaker pacemaker-cli-utils pcs corosync-qdevice resource-agents fence-agents",
            "",
            "/etc/default/pacemaker",
        ),
        (
            "redhat1",
            "corosync pacemaker pacemaker-cli pcs resource-agents fence-agents-all",
            "highavailability",
            "/etc/sysconfig/pacemaker",
        ),
        (
            "rocky1",
            "corosync pacemaker pacemaker-cli pcs resource-agents fence-agents-all",
            "highavailability",
            "/etc/sysconfig/pacemaker",
        ),
    ],
)
def test_packages_of_a_platform(host: str, packages: str, repository: str, environment: str, rendered: Path) -> None:
    assert (rendered / host / "packages").read_text() == packages
    assert (rendered / host / "repository").read_text() == repository
    assert (rendered / host / "environment_file").read_text() == environment


def test_single_fence_agents_are_the_one_package_where_there_is_only_that(rendered: Path) -> None:
    assert (rendered / "bookworm1" / "packages").read_text().endswith(" resource-agents fence-agents")
    assert (rendered / "trixie1" / "packages").read_text().endswith(" ".join(["", *CHOSEN]))


def test_a_link_on_a_port_of_its_own_is_let_in(rendered: Path) -> None:
    assert "mcastport: 5450" in lines(rendered / "rocky1" / "corosync.conf")
    assert json.loads((rendered / "rocky1" / "ports").read_text()) == [["5404-5412", 5450], 2224, ["5404-5412", 5450]]
    assert json.loads((rendered / "rocky1" / "protocols").read_text()) == ["udp", "tcp", "sctp"]
    assert json.loads((rendered / "debian1" / "ports").read_text()) == [["5404-5412"], 2224]
    assert json.loads((rendered / "debian1" / "protocols").read_text()) == ["udp", "tcp"]


def test_a_member_that_is_down_on_purpose_has_a_name_all_the_same(rendered: Path) -> None:
    assert json.loads((rendered / "debian1" / "names").read_text()) == ["debian1", "debian2"]
    assert json.loads((rendered / "ubuntu1" / "names").read_text()) == ["ubuntu1", "ubuntu2"]
    assert json.loads((rendered / "rocky1" / "names").read_text()) == ["of-rocky1", "of-rocky2"]
