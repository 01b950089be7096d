# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pytest plugin for scenarios: the lab and its machines as fixtures.

Testinfra reaches the machines as Ansible does in scenarios, by entering them.

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
from typing import Any

import pytest
from steadfast_lab import Lab
from steadfast_lab.entering import run_in
from steadfast_lab.errors import LabError
from steadfast_lab.process import is_alive
from steadfast_runs import Runs
from testinfra.backend.base import BaseBackend, CommandResult
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


class Entered(BaseBackend):
    """Testinfra's way into a machine of the lab."""

    NAME = "steadfast_lab"

    def __init__(self, lab: Lab, name: str) -> None:
        super().__init__(lab.container(name))
        self.lab = lab
        self.name = name

    def run(self, command: str, *args: str, **_kwargs: Any) -> CommandResult:
        """Run a command line; `args` are quoted into it. The machine may have been switched off and on since."""
        line = self.get_command(command, *args)
        known = Lab.open(self.lab.identity.lab).state.nodes[self.name]
        if not is_alive(known.pid, known.started):
            raise LabError(f"{self.name} is off: nothing can be asked there")
        code, out, err = run_in(known.pid, ["/bin/sh", "-c", line])
        return self.result(code, self.encode(line), out, err)


def _connect(lab: Lab, name: str) -> Host:
    return Host(Entered(lab, name))


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
