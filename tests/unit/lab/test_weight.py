# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from steadfast_lab.weight import FILE, MACHINES, USUAL, give_back, lift


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A root with control groups v1: process 7 in a container's group, process 8 in a group of its own."""
    for path in ("cpu", "cpu/libpod_parent", "cpu/libpod_parent/libpod-a", "cpu/alone"):
        (tmp_path / "cgroup" / path).mkdir(parents=True)
        (tmp_path / "cgroup" / path / FILE).write_text(str(USUAL))
    for pid, group in (("7", "libpod_parent/libpod-a"), ("8", "alone"), ("9", "")):
        (tmp_path / "proc" / pid).mkdir(parents=True)
        (tmp_path / "proc" / pid / "cgroup").write_text(f"6:freezer:/{group}\n1:cpu:/{group}\n0::/{group}\n")
    return tmp_path


def weights(machine: Path) -> dict[str, int]:
    root = machine / "cgroup" / "cpu"
    return {str(path.parent.relative_to(root)): int(path.read_text()) for path in root.rglob(FILE)}


def test_the_group_of_all_containers_weighs_as_much_as_several_processes(machine: Path) -> None:
    before = weights(machine)
    lift(7, machine / "cgroup", machine / "proc")
    assert weights(machine) == {**before, "libpod_parent": MACHINES}


@pytest.mark.parametrize("pid", [8, 9])
def test_what_shares_its_group_with_no_container_is_left_alone(machine: Path, pid: int) -> None:
    before = weights(machine)
    lift(pid, machine / "cgroup", machine / "proc")
    assert weights(machine) == before


def test_a_weight_that_somebody_chose_stays(machine: Path) -> None:
    shared = machine / "cgroup" / "cpu" / "libpod_parent" / FILE
    shared.write_text("512")
    lift(7, machine / "cgroup", machine / "proc")
    give_back(machine / "cgroup")
    assert shared.read_text() == "512"


def test_the_weight_is_given_back_when_the_last_machine_has_left(machine: Path) -> None:
    before = weights(machine)
    tasks = machine / "cgroup" / "cpu" / "libpod_parent" / "libpod-a" / "cgroup.procs"
    tasks.write_text("7\n")
    lift(7, machine / "cgroup", machine / "proc")
    give_back(machine / "cgroup")
    assert weights(machine)["libpod_parent"] == MACHINES
    tasks.write_text("")
    give_back(machine / "cgroup")
    assert weights(machine) == before


def test_control_groups_v2_are_fair_already(machine: Path) -> None:
    (machine / "proc" / "7" / "cgroup").write_text("0::/libpod_parent/libpod-a\n")
    before = weights(machine)
    lift(7, machine / "cgroup", machine / "proc")
    assert weights(machine) == before
