# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role mod_jk writes and installs on platforms that no lab has."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
ROLE = HERE.parents[2] / "roles" / "mod_jk"

spec = importlib.util.spec_from_file_location("roles_conftest", HERE / "conftest.py")
assert spec is not None
assert spec.loader is not None
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)

SOURCE = {"url": "https://x.example/tomcat-connectors-1.2.50-src.tar.gz", "checksum": "sha256:0123456789abcdef"}
HOSTS: dict[str, dict[str, Any]] = {
    "debian": {"given_family": "Debian"},
    "built": {"given_family": "Debian", "mod_jk_source": SOURCE},
    "el": {"given_family": "RedHat", "mod_jk_source": SOURCE, "mod_jk_disabled_sites": ["welcome"]},
    "own": {
        "given_family": "RedHat",
        "mod_jk_source": SOURCE,
        "mod_jk_packages": ["httpd24"],
        "mod_jk_log_file": "/x.log",
    },
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Per host, what it would get."""
    place = tmp_path_factory.mktemp("mod_jk")
    role = place / "roles" / "rendered"
    for folder in ("defaults", "vars"):
        shutil.copytree(ROLE / folder, role / folder)
    (role / "tasks").mkdir()
    shutil.copy(HERE / "mod_jk" / "tasks.yml", role / "tasks" / "main.yml")
    inventory = place / "inventory.json"
    inventory.write_text(json.dumps({"mod_jk": {"hosts": HOSTS}}))
    done = conftest.ansible_playbook(
        "--inventory", inventory, HERE / "mod_jk" / "render.yml", "--extra-vars",
        json.dumps({"out": str(place / "out"), "ansible_python_interpreter": sys.executable}),
        cwd=place, ANSIBLE_ROLES_PATH=str(place / "roles"), ANSIBLE_FORKS="6",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return {host: json.loads((place / "out" / f"{host}.json").read_text()) for host in HOSTS}


def test_packages_bring_the_module_or_a_compiler(written: dict[str, dict[str, Any]]) -> None:
    packages = {host: found["packages"] for host, found in written.items()}
    assert packages == {
        "debian": ["apache2", "libapache2-mod-jk"],
        "built": ["apache2", "apache2-dev", "gcc", "make"],
        "el": ["httpd", "httpd-devel", "gcc", "make", "redhat-rpm-config"],
        "own": ["httpd24"],
    }


@pytest.mark.parametrize(
    ("host", "conf", "site", "loader"),
    [
        ("debian", "mods-available/jk.conf", "sites-available/steadfast-default.conf", "mods-available/jk.load"),
        ("built", "mods-available/jk.conf", "sites-available/steadfast-default.conf", "mods-available/jk.load"),
        ("el", "conf.d/steadfast-jk.conf", "conf.d/steadfast-default.conf", "conf.modules.d/90-steadfast-jk.conf"),
    ],
)
def test_files_lie_where_apache_reads_them(
    written: dict[str, dict[str, Any]], host: str, conf: str, site: str, loader: str
) -> None:
    files = written[host]["files"]
    assert set(files) == {conf, site, loader, "steadfast/workers.properties", "steadfast/uriworkermap.properties"}
    assert "JkWorkersFile /there/workers.properties" in files[conf]


@pytest.mark.parametrize(
    ("host", "loader", "module"),
    [
        ("debian", "mods-available/jk.load", "/usr/lib/apache2/modules/mod_jk.so"),
        ("built", "mods-available/jk.load", "/usr/lib/apache2/modules/mod_jk-0123456789ab.so"),
        ("el", "conf.modules.d/90-steadfast-jk.conf", "/usr/lib64/httpd/modules/mod_jk-0123456789ab.so"),
    ],
)
def test_a_module_that_was_built_lies_beside_that_of_a_package(
    written: dict[str, dict[str, Any]], host: str, loader: str, module: str
) -> None:
    assert written[host]["files"][loader].splitlines()[1:] == [f"LoadModule jk_module {module}"]


def test_debian_switches_on_by_links_and_el_by_being_there(written: dict[str, dict[str, Any]]) -> None:
    site = {"sites-enabled/steadfast-default.conf": "../sites-available/steadfast-default.conf"}
    module = {f"mods-enabled/jk.{kind}": f"../mods-available/jk.{kind}" for kind in ("conf", "load")}
    assert written["debian"]["links"] == written["built"]["links"] == {**site, **module}
    assert written["el"]["links"] == {}


def test_what_of_the_distribution_goes(written: dict[str, dict[str, Any]]) -> None:
    assert written["debian"]["gone"] == ["sites-enabled/000-default.conf"]
    assert written["el"]["gone"] == ["conf.d/welcome.conf"]


def test_logs_and_shared_memory_lie_with_apaches_own(written: dict[str, dict[str, Any]]) -> None:
    rows = {host: "\n".join(found["files"].values()) for host, found in written.items()}
    assert 'JkLogFile "/var/log/apache2/mod_jk.log"' in rows["debian"]
    assert "JkShmFile ${APACHE_RUN_DIR}/jk-runtime-status" in rows["debian"]
    assert 'JkLogFile "/var/log/httpd/mod_jk.log"' in rows["el"]
    assert "JkShmFile run/jk-runtime-status" in rows["el"]
    assert 'JkLogFile "/x.log"' in rows["own"]
