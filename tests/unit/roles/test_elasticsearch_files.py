# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit and the files of package managers that the role elasticsearch writes, rendered by Ansible itself."""

from __future__ import annotations

import configparser
import importlib.util
import json
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
ansible_playbook = conftest.ansible_playbook

ROLE = ROOT / "roles" / "elasticsearch"
FILES = ("elasticsearch.service", "preferences", "repository.sources", "sysctl.conf")
HOSTS: dict[str, dict[str, Any]] = {
    "debian": {"family": "Debian"},
    "el": {
        "family": "RedHat",
        "elasticsearch_install": "archive",
        "elasticsearch_java_home": "/usr/lib/jvm/jre",
        "elasticsearch_is_memory_locked": True,
        "elasticsearch_repository_paths": ["/srv/snapshots"],
        "elasticsearch_unit_extra": "MemoryMax=8G",
    },
}
RENDERED = "lookup('ansible.builtin.template', '" + str(ROLE) + "/templates/%s.j2')"
PLAY = [
    {
        "hosts": "all",
        "connection": "local",
        "gather_facts": False,
        "vars_files": [
            str(ROLE / "defaults/main.yml"),
            str(ROLE / "vars/main.yml"),
            str(ROLE / "vars/{{ family }}.yml"),
        ],
        "vars": {
            "ansible_python_interpreter": sys.executable,
            "elasticsearch_version": "8.15.3",
            "__elasticsearch_revision": "f00",
            "ansible_facts": {},
        },
        "tasks": [
            {
                "ansible.builtin.copy": {
                    "content": "{{ lookup('ansible.builtin.template', '"
                    + str(ROLE)
                    + "/templates/' ~ item ~ '.j2') }}",
                    "dest": "{{ out }}/{{ inventory_hostname }}-{{ item }}",
                    "mode": "0644",
                },
                "loop": list(FILES),
            }
        ],
    }
]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rendered files, HOST-FILE."""
    folder = tmp_path_factory.mktemp("elasticsearch")
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": HOSTS}}))
    (folder / "play.yml").write_text(json.dumps(PLAY))
    done = ansible_playbook(
        "--inventory", folder / "inventory.json", folder / "play.yml", "--extra-vars", f"out={folder}", cwd=folder
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for host in HOSTS:
        for name, text in json.loads((folder / f"{host}.json").read_text()).items():
            (folder / f"{host}-{name}").write_text(text)
    return folder


class Unit(configparser.RawConfigParser):
    """A unit: keys may be repeated, so the last one counts here."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False)
        self.optionxform = str  # type: ignore[assignment,method-assign]
        self.read(path)


def test_the_unit_of_a_package(out: Path) -> None:
    service = Unit(out / "debian-elasticsearch.service")["Service"]
    assert service["ExecStart"] == "/usr/share/elasticsearch/bin/elasticsearch $ELASTICSEARCH_FORMING"
    assert service["EnvironmentFile"] == "-/run/elasticsearch-forming.env"
    assert service["ReadWritePaths"] == "/etc/elasticsearch /var/lib/elasticsearch /var/log/elasticsearch"
    assert service["User"] == "elasticsearch"
    assert "LimitMEMLOCK" not in service
    assert "ES_JAVA_HOME" not in (out / "debian-elasticsearch.service").read_text()


def test_the_unit_of_an_archive_with_all_that_may_be_said(out: Path) -> None:
    service = Unit(out / "el-elasticsearch.service")["Service"]
    assert service["ExecStart"].startswith("/opt/elasticsearch-8.15.3/bin/elasticsearch ")
    assert service["LimitMEMLOCK"] == "infinity"
    assert service["MemoryMax"] == "8G"
    assert service["ReadWritePaths"].endswith(" /srv/snapshots")
    assert "Environment=ES_JAVA_HOME=/usr/lib/jvm/jre\n" in (out / "el-elasticsearch.service").read_text()


def test_the_version_is_pinned_and_packages_are_signed(out: Path) -> None:
    pin = (out / "debian-preferences").read_text()
    assert "Package: elasticsearch\nPin: version 8.15.3\nPin-Priority: 1001\n" in pin
    sources = (out / "debian-repository.sources").read_text()
    assert "URIs: https://artifacts.elastic.co/packages/8.x/apt\n" in sources
    assert "Signed-By: /etc/apt/keyrings/steadfast-elasticsearch.asc\n" in sources


def test_the_kernel_is_told_what_a_node_asks_for(out: Path) -> None:
    assert "vm.max_map_count = 262144\n" in (out / "debian-sysctl.conf").read_text()
