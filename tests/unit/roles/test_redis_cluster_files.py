# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the role redis_cluster as they are rendered for platforms and requests that no lab has."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]

spec = importlib.util.spec_from_file_location("roles_conftest", HERE / "conftest.py")
assert spec is not None
assert spec.loader is not None
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)

HOSTS: dict[str, dict[str, Any]] = {
    "debian": {"given_family": "Debian"},
    "ubuntu-valkey": {"given_family": "Debian", "redis_cluster_flavour": "valkey"},
    "el": {"given_family": "RedHat"},
    "el-valkey": {"given_family": "RedHat", "redis_cluster_flavour": "valkey"},
    "source": {
        "given_family": "RedHat",
        "redis_cluster_source": {"url": "https://x.example/a.tar.gz", "checksum": "sha256:0", "version": "8.0.2"},
    },
    "no-log-of-writes": {"given_family": "Debian", "redis_cluster_is_append_only": False},
    "alone": {"given_family": "Debian", "redis_cluster_is_append_only": False, "redis_cluster_mode": "standalone"},
    "limited": {
        "given_family": "Debian",
        "redis_cluster_memory_max": "2G",
        "redis_cluster_limit_nofile": 1000,
        "redis_cluster_transparent_hugepages": "never",
        "redis_cluster_sysctl": {"vm.overcommit_memory": 1},
    },
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one folder per host."""
    place = tmp_path_factory.mktemp("redis")
    role = place / "roles" / "rendered"
    shutil.copytree(ROOT / "roles" / "redis_cluster", role)
    shutil.copy(HERE / "redis_cluster" / "tasks.yml", role / "tasks" / "main.yml")
    shutil.rmtree(role / "meta")
    inventory = place / "inventory.json"
    inventory.write_text(json.dumps({"redis_cluster": {"hosts": HOSTS}}))
    done = conftest.ansible_playbook(
        "--inventory", inventory, HERE / "redis_cluster" / "render.yml", "--extra-vars",
        json.dumps({
            "out": str(place / "out"), "redis_cluster_address": "192.0.2.1",
            "ansible_python_interpreter": sys.executable,
        }),
        cwd=place, ANSIBLE_ROLES_PATH=str(place / "roles"), ANSIBLE_FORKS="8",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "out"


def unit(rendered: Path, host: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = conftest.unit_of(rendered / host / "unit.service")
    return found


@pytest.mark.parametrize(
    ("host", "packages", "program", "user"),
    [
        ("debian", ["redis-server", "redis-tools"], "/usr/bin/redis-server", "redis"),
        ("ubuntu-valkey", ["valkey-server", "valkey-tools"], "/usr/bin/valkey-server", "valkey"),
        ("el", ["redis"], "/usr/bin/redis-server", "redis"),
        ("el-valkey", ["valkey"], "/usr/bin/valkey-server", "valkey"),
        ("source", ["redis"], "/opt/redis-8.0.2/bin/redis-server", "redis"),
    ],
)
def test_platforms(rendered: Path, host: str, packages: list[str], program: str, user: str) -> None:
    told = json.loads((rendered / host / "platform.json").read_text())
    assert told["packages"] == packages
    assert told["own_unit"] == f"{packages[0]}.service"
    assert "policycoreutils-python-utils" in told["selinux"]
    found = unit(rendered, host)
    assert found["ExecStart"][0].split()[0] == program
    assert found["User"] == found["Group"] == [user]


def test_a_master_without_a_log_waits_for_its_replica_to_take_over(rendered: Path) -> None:
    assert unit(rendered, "debian")["RestartSec"] == ["1s"]
    assert unit(rendered, "alone")["RestartSec"] == ["1s"]
    assert unit(rendered, "no-log-of-writes")["RestartSec"] == ["12000ms"]


def test_limits_and_the_kernel(rendered: Path) -> None:
    found = unit(rendered, "limited")
    assert found["MemoryMax"] == ["2G"]
    assert found["LimitNOFILE"] == ["1000"]
    assert "MemoryMax" not in unit(rendered, "debian")
    rows = [row for row in (rendered / "limited" / "sysctl.conf").read_text().splitlines() if not row.startswith("#")]
    assert rows == ["vm.overcommit_memory = 1"]
    assert "net.core.somaxconn = 1024" in (rendered / "debian" / "sysctl.conf").read_text()
    assert "transparent_hugepage/enabled - - - - never" in (rendered / "limited" / "tmpfiles.conf").read_text()
    assert "transparent_hugepage/enabled - - - - madvise" in (rendered / "debian" / "tmpfiles.conf").read_text()
