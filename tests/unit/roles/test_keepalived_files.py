# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role keepalived writes on platforms that no lab has, and the variables that it does not take."""

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

PLATFORMS = {
    "debian": ("Debian", "eth0"),
    "ubuntu": ("Debian", "enp1s0"),
    "el9": ("RedHat", "ens192"),
    "el10": ("RedHat", "ens192"),
}
REQUEST: dict[str, Any] = {
    "keepalived_instances": [
        {
            "name": "web",
            "virtual_router_id": 51,
            "network": "192.0.2.0/24",
            "addresses": [{"ip": "192.0.2.100", "prefix": 24}, {"ip": "2001:db8::100", "prefix": 64}],
            "track_scripts": ["chk_nginx"],
        }
    ],
    "keepalived_scripts": [{"name": "chk_nginx", "service": "nginx.service"}],
}


def facts(platform: str, number: int) -> dict[str, Any]:
    family, device = PLATFORMS[platform]
    return {
        "os_family": family,
        "nodename": f"{platform}{number}",
        "interfaces": ["lo", device],
        device: {
            "device": device,
            "ipv4": {"address": f"192.0.2.1{number}", "prefix": "24"},
            "ipv6": [{"address": f"2001:db8::1{number}", "scope": "global"}],
        },
    }


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one folder per host."""
    place = tmp_path_factory.mktemp("keepalived")
    role = place / "roles" / "rendered"
    shutil.copytree(ROOT / "roles" / "keepalived", role)
    shutil.copy(HERE / "keepalived" / "tasks.yml", role / "tasks" / "main.yml")
    shutil.rmtree(role / "meta")
    groups = {
        platform: {
            "hosts": {f"{platform}{number}": {"given_facts": facts(platform, number)} for number in (1, 2)},
            "vars": {"keepalived_group": platform, **REQUEST},
        }
        for platform in PLATFORMS
    }
    (place / "inventory.json").write_text(json.dumps({"all": {"children": groups}}))
    done = conftest.ansible_playbook(
        "--inventory", place / "inventory.json", HERE / "keepalived" / "render.yml", "--extra-vars",
        json.dumps({"out": str(place / "out"), "ansible_python_interpreter": sys.executable}),
        cwd=place, ANSIBLE_ROLES_PATH=str(place / "roles"), ANSIBLE_FORKS="8",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "out"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_pair_is_derived_on_every_platform(platform: str, rendered: Path) -> None:
    device = PLATFORMS[platform][1]
    text = (rendered / f"{platform}2" / "keepalived.conf").read_text()
    assert text.count(f"    interface {device}\n") == 2
    assert "    unicast_src_ip 192.0.2.12\n    unicast_peer {\n        192.0.2.11\n    }\n" in text
    assert "    unicast_src_ip 2001:db8::12\n    unicast_peer {\n        2001:db8::11\n    }\n" in text
    # the folder for which SELinux on EL has a label
    assert 'script "/usr/libexec/keepalived/steadfast-check nginx.service"' in text
    shared = [(rendered / f"{platform}{number}" / "keepalived.conf").read_text().splitlines()[0] for number in (1, 2)]
    assert shared[0] == shared[1]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_units_and_settings_are_the_same_everywhere(platform: str, rendered: Path) -> None:
    here, debian = rendered / f"{platform}1", rendered / "debian1"
    for name in ("drop-in.conf", "sysctl.conf", "tmpfiles.conf"):
        assert (here / name).read_text() == (debian / name).read_text()
    unit = (here / "drop-in.conf").read_text().splitlines()
    assert "NoNewPrivileges=true" in unit
    assert "Restart=always" in unit
    assert "ReadWritePaths=-/etc/keepalived" in unit
    assert "net.ipv4.ip_nonlocal_bind = 1" in (here / "sysctl.conf").read_text().splitlines()
    assert "d /run/steadfast-keepalived 0755 keepalived_script keepalived_script -" in (
        (here / "tmpfiles.conf").read_text().splitlines()
    )


@pytest.mark.parametrize(
    ("platform", "nologin", "separator"),
    [
        ("debian", "/usr/sbin/nologin", "="),
        ("ubuntu", "/usr/sbin/nologin", "="),
        ("el9", "/sbin/nologin", "-"),
        ("el10", "/sbin/nologin", "-"),
    ],
)
def test_what_differs_between_platforms(platform: str, nologin: str, separator: str, rendered: Path) -> None:
    told = json.loads((rendered / f"{platform}1" / "platform.json").read_text())
    assert told == {"nologin": nologin, "version_separator": separator}


INSTANCE = REQUEST["keepalived_instances"][0]
#: host -> variables that are wrong, and the words that have to be in the refusal
WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "misspelt": ({"keepalived_instances": [{**INSTANCE, "preemt": True}]}, ["keepalived_instances.preemt", "preempt"]),
    "nested": (
        {"keepalived_instances": [{**INSTANCE, "addresses": [{"ip": "192.0.2.1", "prefx": 24}]}]},
        ["keepalived_instances.addresses.prefx", "prefix"],
    ),
    "missing": ({"keepalived_instances": [{"name": "web"}]}, ["virtual_router_id", "keepalived_instances"]),
    "type": (
        {"keepalived_instances": [{**INSTANCE, "virtual_router_id": "fifty"}]},
        ["virtual_router_id", "keepalived_instances", "fifty"],
    ),
    "choice": ({"keepalived_instances": [{**INSTANCE, "mode": "unicst"}]}, ["mode", "unicast, multicast", "unicst"]),
    "lvs": (
        {"keepalived_virtual_servers": [{"ip": "192.0.2.1", "real_servers": [{"ip": "192.0.2.2", "wight": 1}]}]},
        ["keepalived_virtual_servers.real_servers.wight", "weight"],
    ),
}


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """Host -> the task that failed and what it said."""
    place = tmp_path_factory.mktemp("refusals")
    (place / "out").mkdir()
    hosts = {name: {**variables, "keepalived_members": [name]} for name, (variables, _) in WRONG.items()}
    (place / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    conftest.ansible_playbook(
        "--inventory", place / "inventory.json", HERE / "keepalived" / "validate.yml", "--extra-vars",
        json.dumps({"out": str(place / "out"), "ansible_python_interpreter": sys.executable}),
        cwd=place, ANSIBLE_FORKS="8",
    )  # fmt: skip
    return {path.name: json.loads(path.read_text()) for path in (place / "out").iterdir()}


@pytest.mark.parametrize("host", WRONG)
def test_wrong_variables_are_refused_with_their_path(host: str, refusals: dict[str, dict[str, str]]) -> None:
    assert refusals[host]["task"].startswith("Validating arguments against arg spec")
    for word in WRONG[host][1]:
        assert word in refusals[host]["said"], refusals[host]
