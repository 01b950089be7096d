# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest
from steadfast_lab.realtime import CLIENT_US, FILE, PARENT_US, allow, give_back

V1 = "6:freezer:/libpod_parent/libpod-a\n1:cpu:/libpod_parent/libpod-a\n0::/libpod_parent/libpod-a/init.scope\n"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A root with control groups v1 and one process, 7, in a container's group."""
    for path in ("cpu", "cpu/libpod_parent", "cpu/libpod_parent/libpod-a"):
        (tmp_path / "cgroup" / path).mkdir(parents=True)
        (tmp_path / "cgroup" / path / FILE).write_text("950000" if path == "cpu" else "0")
    (tmp_path / "proc" / "7").mkdir(parents=True)
    (tmp_path / "proc" / "7" / "cgroup").write_text(V1)
    return tmp_path


def share(machine: Path, group: str) -> int:
    return int((machine / "cgroup" / "cpu" / group / FILE).read_text())


def test_a_client_gets_a_share_and_what_it_lies_in_gets_one_first(machine: Path) -> None:
    assert allow(7, machine / "cgroup", machine / "proc")
    assert share(machine, "libpod_parent/libpod-a") == CLIENT_US
    assert share(machine, "libpod_parent") == PARENT_US
    assert share(machine, ".") == 950_000


def test_the_engines_group_gives_its_share_back(machine: Path) -> None:
    (machine / "cgroup" / "cpu" / "somebody").mkdir()
    (machine / "cgroup" / "cpu" / "somebody" / FILE).write_text("300000")
    allow(7, machine / "cgroup", machine / "proc")
    give_back(machine / "cgroup")
    assert share(machine, "libpod_parent") == 0
    assert share(machine, "somebody") == 300_000


def test_control_groups_v2_need_no_grant(machine: Path) -> None:
    (machine / "proc" / "7" / "cgroup").write_text("0::/libpod_parent/libpod-a\n")
    assert allow(7, machine / "cgroup", machine / "proc")
    assert share(machine, "libpod_parent/libpod-a") == 0


def test_no_share_is_no_failure(machine: Path) -> None:
    path = machine / "cgroup" / "cpu" / "libpod_parent" / "libpod-a" / FILE
    path.unlink()
    path.mkdir()
    assert not allow(7, machine / "cgroup", machine / "proc")
