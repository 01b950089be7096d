# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pytest plugin for scenarios: the lab and its machines as fixtures.

Testinfra reaches the machines by its Podman backend; through an Ansible connection every check would cost seconds.

* `lab`: the running lab, to break things (`lab.power_off("node1")`).
* `hosts`: name -> testinfra host.
* `node`: the test runs once per machine of the groups named by `@pytest.mark.groups("heartbeat")`, and without that
  mark once per machine that is not in the group `lab_clients`.
* `client`: the first machine of the group `lab_clients`.
* `proof`: the folder where the scenario's runs and drills leave their records.
* `is_full`: whether the scenario runs its full list of drills (`STEADFAST_FULL`), not only its core.
* `runs`: what each playbook run of the scenario changed, see `steadfast_runs.py`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import testinfra
from steadfast_lab import Lab
from steadfast_runs import Runs

if TYPE_CHECKING:
    from testinfra.host import Host

CLIENTS = "lab_clients"


def lab_name() -> str:
    """Return the name of the lab under test: `STEADFAST_LAB`, else the Molecule scenario's name."""
    name = os.environ.get("STEADFAST_LAB") or os.environ.get("MOLECULE_SCENARIO_NAME")
    if not name:
        raise pytest.UsageError("say which lab to test: STEADFAST_LAB=NAME")
    return name


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark."""
    config.addinivalue_line(
        "markers", "groups(*names): inventory groups whose machines the fixture `node` walks through"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for `node` once per machine."""
    if "node" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker("groups")
    plan = Lab.open(lab_name()).state.plan
    names = [
        node.name for node in plan.nodes if (set(mark.args) & set(node.groups) if mark else CLIENTS not in node.groups)
    ]
    if mark and not names:
        raise pytest.UsageError(f"no machine of lab {plan.lab} is in: {', '.join(mark.args)}")
    metafunc.parametrize("node", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The running lab."""
    return Lab.open(lab_name())


def _connect(lab: Lab, name: str) -> Host:
    return testinfra.get_host(f"{lab.engine.name}://{lab.container(name)}")


@pytest.fixture(scope="session")
def hosts(lab: Lab) -> dict[str, Host]:
    """All machines by name."""
    return {node.name: _connect(lab, node.name) for node in lab.state.plan.nodes}


@pytest.fixture(scope="session")
def node(request: pytest.FixtureRequest, hosts: dict[str, Host]) -> Host:
    """One machine after the other."""
    return hosts[request.param]


@pytest.fixture(scope="session")
def client(lab: Lab, hosts: dict[str, Host]) -> Host:
    """The machine that stands for the users."""
    for plan in lab.state.plan.nodes:
        if CLIENTS in plan.groups:
            return hosts[plan.name]
    raise pytest.UsageError(f"lab {lab.identity.lab} has no machine in the group {CLIENTS}")


@pytest.fixture(scope="session")
def proof() -> Path:
    """Where the scenario's records are: `STEADFAST_PROOF`, which Molecule sets."""
    if "STEADFAST_PROOF" not in os.environ:
        pytest.skip("not run by Molecule: nothing was recorded")
    return Path(os.environ["STEADFAST_PROOF"])


@pytest.fixture(scope="session")
def is_full() -> bool:
    """Whether the scenario runs its full list: `STEADFAST_FULL`, read as Ansible reads a boolean."""
    return os.environ.get("STEADFAST_FULL", "").lower() in ("1", "true", "yes", "on", "y", "t")


@pytest.fixture(scope="session")
def runs(proof: Path) -> Runs:
    """What the playbook runs changed."""
    return Runs.read(proof / "runs")
