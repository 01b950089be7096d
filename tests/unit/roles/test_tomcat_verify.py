# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the health checks of tomcat and mod_jk say of answers that are not as they should be: their own assertions."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

HERE = Path(__file__).resolve().parent
ROLES = HERE.parents[2] / "roles"

spec = importlib.util.spec_from_file_location("roles_conftest", HERE / "conftest.py")
assert spec is not None
assert spec.loader is not None
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)

WORKERS = {"app1": {"name": "app1"}, "app2": {"name": "app2"}}
PAGE = {"path": "/demo/"}


def carried(*problems: str, **page: Any) -> dict[str, Any]:
    return {"results": [{"item": {**PAGE, **page}, "problems": list(problems)}]}


WELL = {"__mod_jk_verified": {"problems": [], "workers": WORKERS}, "__mod_jk_carried": carried()}
#: Balancer to what it was answered.
BALANCERS: dict[str, dict[str, Any]] = {
    "well": WELL,
    "lost": {**WELL, "__mod_jk_verified": {"problems": ["worker app2 is ERR"], "workers": WORKERS}},
    "short": {**WELL, "__mod_jk_verified": {"problems": [], "workers": {"app1": {}}}},
    "mute": {**WELL, "__mod_jk_verified": {"msg": "it broke"}},
    "moved": {**WELL, "__mod_jk_carried": carried("the session was lost on its way from app1 to app2")},
    "stateless": {**WELL, "__mod_jk_carried": carried("the page starts no session", session=False)},
    "forgetful": {**WELL, "__mod_jk_carried": carried("the page starts no session")},
}
KNOCKED = {"silent": ["app1", "app2"]}
#: Node to what it was answered.
NODES: dict[str, dict[str, Any]] = {
    "well": {"__tomcat_verified": {"results": [{"problems": []}]}, "__tomcat_knocked": KNOCKED},
    "ill": {"__tomcat_verified": {"results": [{"problems": ["/demo/ answers with 500"]}]}, "__tomcat_knocked": KNOCKED},
    "unasked": {"__tomcat_verified": {"results": [{"msg": "no"}]}, "__tomcat_knocked": KNOCKED},
    "open": {"__tomcat_verified": {"results": [{"problems": []}]}, "__tomcat_knocked": {"silent": ["app1"]}},
    # a balancer is let in, and does not knock
    "balancer": {"__tomcat_verified": {"results": [{"problems": []}]}, "__tomcat_knocked": {"skipped": True}},
}


def asserted(role: str) -> list[dict[str, Any]]:
    """The assertions of a role's verify, and nothing that asks anybody."""
    found = yaml.safe_load((ROLES / role / "tasks" / "verify.yml").read_text())
    return [task for task in found if "ansible.builtin.assert" in task]


def complaints(folder: Path, role: str, cases: dict[str, dict[str, Any]], **more: Any) -> dict[str, str]:
    """Which hosts fail, and with what words."""
    inventory = {
        "cases": {"hosts": cases},
        "tomcat": {"hosts": {f"app{number}": {"tomcat_address": f"192.0.2.{number}"} for number in (1, 2)}},
    }
    (folder / "inventory.json").write_text(json.dumps(inventory))
    play = {"hosts": "cases", "connection": "local", "gather_facts": False, "tasks": asserted(role)}
    (folder / "play.yml").write_text(json.dumps([play]))
    done = conftest.ansible_playbook(
        "--inventory", folder / "inventory.json", folder / "play.yml", "--extra-vars",
        json.dumps({"ansible_python_interpreter": sys.executable, **more}), cwd=folder,
        ANSIBLE_STDOUT_CALLBACK="ansible.builtin.default", ANSIBLE_CALLBACK_RESULT_FORMAT="json",
    )  # fmt: skip
    text = done.stdout + done.stderr
    hosts = {host for host in cases if re.search(rf"^{host} +: .*failed=1", text, re.MULTILINE)}
    said = {
        host: " ".join(re.findall(rf"\[{host}\][^{{]*?(?:=> )?(?=\{{)(.*?^\}}|.*?$)", text, re.MULTILINE | re.DOTALL))
        for host in hosts
    }
    assert len(re.findall(r"^\w+ +: ok=", text, re.MULTILINE)) == len(cases), text
    return said


@pytest.fixture(scope="module")
def balancers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("mod_jk")
    return complaints(folder, "mod_jk", BALANCERS, mod_jk_tomcats=["app1", "app2"])


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("tomcat")
    return complaints(folder, "tomcat", NODES, tomcat_members=["app1", "app2"], __tomcat_instances=[1])


def test_only_what_is_wrong_is_red(balancers: dict[str, str], nodes: dict[str, str]) -> None:
    assert set(balancers) == set(BALANCERS) - {"well", "stateless"}
    assert set(nodes) == set(NODES) - {"well", "balancer"}


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("lost", "lost is not healthy: worker app2 is ERR"),
        ("short", "short is not healthy: no worker app2"),
        ("mute", "mute is not healthy: it broke"),
        ("moved", "/demo/: the session was lost on its way from app1 to app2"),
        ("forgetful", "/demo/: the page starts no session"),
    ],
)
def test_a_balancer_says_what_is_wrong(balancers: dict[str, str], host: str, words: str) -> None:
    assert words in balancers[host]


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("ill", "ill is not healthy: /demo/ answers with 500"),
        ("unasked", "unasked is not healthy: an instance could not be asked"),
        ("open", "open is no balancer, and reaches the AJP connector of app2"),
    ],
)
def test_a_node_says_what_is_wrong(nodes: dict[str, str], host: str, words: str) -> None:
    assert words in nodes[host]
