# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role mod_jk writes and installs on platforms that no lab has."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

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
        "mod_jk_status": {"address": "::1"},
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


def test_sites_of_the_role_that_are_not_wanted_any_more_go(written: dict[str, dict[str, Any]]) -> None:
    assert written["debian"]["owned"] == ["sites-available/steadfast-*.conf", "sites-enabled/steadfast-*.conf"]
    assert written["el"]["owned"] == ["conf.d/steadfast-*.conf"]


def test_the_status_worker_is_asked_at_an_ipv6_address_too(written: dict[str, dict[str, Any]]) -> None:
    assert written["debian"]["status"] == "http://127.0.0.1:8019/jk-status"
    assert written["own"]["status"] == "http://[::1]:8019/jk-status"
    assert "Listen [::1]:8019\n" in written["own"]["files"]["conf.d/steadfast-jk.conf"]


@pytest.mark.parametrize("role", ["mod_jk", "tomcat"])
def test_check_mode_foretells_packages_of_which_the_machine_has_no_list_yet(role: str) -> None:
    tasks = yaml.safe_load((ROLE.parent / role / "tasks" / "install.yml").read_text())
    (anew,) = [task for given in tasks for task in given.get("rescue", [])]
    done = anew["register"]
    assert f"ansible_check_mode and 'No package matching' in {done}.msg" in anew["failed_when"]
    assert anew["changed_when"] == f"{done} is changed or {done} is failed"


def test_sessions_are_not_asked_for_at_the_next_worker_where_nobody_copies_them(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "demo.war", "w") as war:
        war.writestr("WEB-INF/web.xml", "<web-app><distributable/></web-app>")
    applications = [{"name": "demo", "file": str(tmp_path / "demo.war")}]
    host = {"tomcat_address": "192.0.2.1", "tomcat_applications": applications}
    inventory = tmp_path / "inventory.json"
    inventory.write_text(json.dumps({"all": {"hosts": {"app1": host}}}))
    site = {"sites": [{"name": "all", "mounts": ["/*"]}], "uri_map": [], "balancer": "lb", "balancer_options": {}}
    asked = "{{ given | steadfast.ha.mod_jk_pages(['app1'], hostvars) | map(attribute='replicated') }}"
    task = {"ansible.builtin.debug": {"msg": f"{asked}"}}
    (tmp_path / "play.yml").write_text(
        json.dumps([{"hosts": "app1", "gather_facts": False, "vars": {"given": site}, "tasks": [task]}])
    )

    # -e gives text
    for more, told in (([], '"msg": [true]'), (["--extra-vars", "tomcat_is_clustered=false"], '"msg": [false]')):
        done = conftest.ansible_playbook(
            "--inventory", inventory, tmp_path / "play.yml", *more, cwd=tmp_path, ANSIBLE_CALLBACK_RESULT_FORMAT="json"
        )
        assert told in " ".join(done.stdout.split()).replace("[ ", "[").replace(" ]", "]"), done.stdout
