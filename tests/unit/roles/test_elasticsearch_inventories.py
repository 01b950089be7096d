# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role makes of the worked inventories: nothing is refused, and every node gets its elasticsearch.yml."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]

spec = importlib.util.spec_from_file_location("roles_conftest", HERE / "conftest.py")
assert spec is not None
assert spec.loader is not None
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)

SECRETS = {"vault_elastic": "first secret", "vault_shop": "second secret", "vault_kibana": "third secret"}
#: the checksum of the archive, which lies on nobody's controller here
SOURCE = {"file": "/srv/e.tar.gz", "checksum": "sha512:00ff"}


def play(place: Path, inventory: str, tasks: str, *options: str, **more: Any) -> str:
    """What ansible-playbook prints when the role does these tasks instead of its own, without touching a node."""
    role = place / "roles" / "rendered"
    shutil.copytree(ROOT / "roles" / "elasticsearch", role)
    shutil.copy(HERE / "elasticsearch" / tasks, role / "tasks" / "main.yml")
    shutil.rmtree(role / "meta")
    given = {"out": str(place / "out"), "ansible_python_interpreter": sys.executable, **more}
    done = conftest.ansible_playbook(
        "--inventory", ROOT / "inventories" / inventory, HERE / "elasticsearch" / "render.yml", *options,
        "--extra-vars", json.dumps(given), cwd=place, ANSIBLE_ROLES_PATH=str(place / "roles"),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "secret" not in done.stdout
    return str(done.stdout)


def composed(place: Path, inventory: str, **more: Any) -> dict[str, dict[str, Any]]:
    """Host -> the settings of its elasticsearch.yml; fails when anything is refused."""
    play(place, inventory, "tasks.yml", **more)
    folders = sorted((place / "out").iterdir())
    assert [json.loads((folder / "refusals.json").read_text()) for folder in folders] == [[]] * 3
    return {folder.name: yaml.safe_load((folder / "elasticsearch.yml").read_text()) for folder in folders}


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return composed(tmp_path_factory.mktemp("secured"), "elasticsearch_secured", **SECRETS)


def test_nodes_of_an_own_authority_speak_tls_with_each_other(secured: dict[str, dict[str, Any]]) -> None:
    for node in secured.values():
        assert node["xpack.security.transport.ssl.enabled"] is True
        assert node["xpack.security.transport.ssl.certificate"] == "/etc/elasticsearch/certs/node.crt"
        assert node["xpack.security.transport.ssl.certificate_authorities"] == ["/etc/elasticsearch/certs/ca.crt"]


def test_certificates_that_are_brought_go_before_own_ones(secured: dict[str, dict[str, Any]]) -> None:
    keys = {name: node["xpack.security.http.ssl.key"] for name, node in secured.items()}
    assert keys == {name: f"/etc/elasticsearch/brought/{name}.key" for name in ("es1", "es2", "es3")}
    own = {node["xpack.security.transport.ssl.key"] for node in secured.values()}
    assert own == {"/etc/elasticsearch/certs/node.key"}


def test_no_secret_is_in_a_file_that_the_node_reads(secured: dict[str, dict[str, Any]]) -> None:
    assert "secret" not in json.dumps(secured)


def test_certificates_are_foretold_before_there_is_an_authority(tmp_path: Path) -> None:
    authority = tmp_path / "authority"
    told = play(
        tmp_path, "elasticsearch_secured", "foretold.yml", "--check",
        **SECRETS, elasticsearch_own_authority=str(authority), elasticsearch_config_dir=str(tmp_path / "etc"),
    )  # fmt: skip
    for host in ("es1", "es2", "es3"):
        assert f"changed: [{host} -> localhost]" in told
        assert f"{host} " in told
    assert "failed=0" in told
    assert not authority.exists()
    assert not (tmp_path / "etc").exists()


def test_three_nodes_in_three_zones(tmp_path: Path) -> None:
    nodes = composed(tmp_path, "elasticsearch_three", elasticsearch_source=SOURCE)
    assert [node["node.attr.zone"] for node in nodes.values()] == ["rack1", "rack2", "rack3"]
    seeds = ["192.0.2.21:9300", "192.0.2.22:9300", "192.0.2.23:9300"]
    for node in nodes.values():
        assert node["cluster.routing.allocation.awareness.attributes"] == "zone"
        assert node["discovery.seed_hosts"] == seeds
        assert "cluster.initial_master_nodes" not in node
