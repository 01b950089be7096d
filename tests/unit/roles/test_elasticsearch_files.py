# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit and the files of package managers that the role elasticsearch writes."""

from __future__ import annotations

import configparser
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from elasticsearch.settings import java_environment

ROLE = Path(__file__).resolve().parents[3] / "roles" / "elasticsearch"
FILES = ("elasticsearch.service", "preferences", "repository.sources", "sysctl.conf")
#: what Ansible has made of expressions by the time it renders
GIVEN = {
    "elasticsearch_version": "8.15.3",
    "elasticsearch_node_name": "es1",
    "__elasticsearch_revision": "f00",
    "__elasticsearch_java_environment": "",
}
HOSTS: dict[str, dict[str, Any]] = {
    "package": {},
    "old": {"__elasticsearch_java_environment": java_environment("-Xms512m\n-Xmx512m\n", (7, 6, 2))},
    "archive": {
        "elasticsearch_install": "archive",
        "elasticsearch_java_home": "/usr/lib/jvm/jre",
        "elasticsearch_is_memory_locked": True,
        "elasticsearch_repository_paths": ["/srv/snapshots"],
        "elasticsearch_unit_extra": "MemoryMax=8G",
    },
}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rendered files, HOST-FILE."""
    folder = tmp_path_factory.mktemp("elasticsearch")
    engine = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    engine.filters.update(bool=bool, split=lambda text, mark: text.split(mark))
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
    variables = yaml.safe_load((ROLE / "vars" / "main.yml").read_text())
    for host, own in HOSTS.items():
        known = {**defaults, **variables, **GIVEN, **own}
        known["__elasticsearch_home"] = engine.from_string(variables["__elasticsearch_home"]).render(known).strip()
        for name in FILES:
            template = (ROLE / "templates" / f"{name}.j2").read_text()
            (folder / f"{host}-{name}").write_text(engine.from_string(template).render(known))
    return folder


class Unit(configparser.RawConfigParser):
    """A unit: keys may be repeated, so the last one counts here."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False)
        self.optionxform = str  # type: ignore[assignment,method-assign]
        self.read(path)


def test_the_unit_of_a_package(out: Path) -> None:
    service = Unit(out / "package-elasticsearch.service")["Service"]
    assert service["ExecStart"] == "/usr/share/elasticsearch/bin/elasticsearch $ELASTICSEARCH_FORMING"
    assert service["EnvironmentFile"] == "-/run/elasticsearch-forming.env"
    assert service["ReadWritePaths"] == "/etc/elasticsearch /var/lib/elasticsearch /var/log/elasticsearch"
    assert service["User"] == "elasticsearch"
    assert "LimitMEMLOCK" not in service
    assert "ES_JAVA_HOME" not in (out / "package-elasticsearch.service").read_text()


def test_the_unit_of_an_archive_with_all_that_may_be_said(out: Path) -> None:
    service = Unit(out / "archive-elasticsearch.service")["Service"]
    assert service["ExecStart"].startswith("/opt/elasticsearch-8.15.3/bin/elasticsearch ")
    assert service["LimitMEMLOCK"] == "infinity"
    assert service["MemoryMax"] == "8G"
    assert service["ReadWritePaths"].endswith(" /srv/snapshots")
    assert "Environment=ES_JAVA_HOME=/usr/lib/jvm/jre\n" in (out / "archive-elasticsearch.service").read_text()


def test_versions_without_a_folder_for_options_of_java_have_them_in_the_unit(out: Path) -> None:
    line = 'Environment="ES_JAVA_OPTS=-Xms512m -Xmx512m"\n'
    assert line in (out / "old-elasticsearch.service").read_text()
    assert "ES_JAVA_OPTS" not in (out / "package-elasticsearch.service").read_text()


def test_the_version_is_pinned_and_packages_are_signed(out: Path) -> None:
    pin = (out / "package-preferences").read_text()
    assert "Package: elasticsearch\nPin: version 8.15.3\nPin-Priority: 1001\n" in pin
    sources = (out / "package-repository.sources").read_text()
    assert "URIs: https://artifacts.elastic.co/packages/8.x/apt\n" in sources
    assert "Signed-By: /etc/apt/keyrings/steadfast-elasticsearch.asc\n" in sources


def test_the_kernel_is_told_what_a_node_asks_for(out: Path) -> None:
    assert "vm.max_map_count = 262144\n" in (out / "package-sysctl.conf").read_text()
