# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role writes: golden files per platform, the tutorials' configurations, and values that can't be written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from heartbeat.settings.load import LoadResult, load_directory

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
GOLDEN = HERE / "heartbeat" / "golden"
FILES = ("ha.cf", "authkeys", "haresources", "heartbeat.service", "hbctl", "heartbeat-metrics.service")


def checked(folder: Path, node: str) -> LoadResult:
    """What the daemon's own checker says about the rendered files."""
    return load_directory(str(folder), node)


def facts(os_family: str, number: int) -> dict[str, Any]:
    return {
        "os_family": os_family,
        "interfaces": ["lo", "ens3", "ens4"],
        "default_ipv4": {"interface": "ens3", "address": f"192.0.2.1{number}"},
        "ens3": {"device": "ens3", "ipv4": {"address": f"192.0.2.1{number}"}},
        # an address that moves must not be taken for the node's own
        "ens4": {
            "device": "ens4",
            "ipv4": {"address": f"10.9.8.{number}"},
            "ipv4_secondaries": [{"address": "10.9.8.99"}],
        },
    }


def pair(name: str, os_family: str, **variables: Any) -> dict[str, Any]:
    """An inventory group that is a cluster of its own: hosts <name>1 and <name>2."""
    hosts = {f"{name}{number}": {"given_facts": facts(os_family, number)} for number in (1, 2)}
    return {"hosts": hosts, "vars": {"heartbeat_group": name, **variables}}


def full(name: str) -> dict[str, Any]:
    return {**FULL, "heartbeat_vip_groups": [{**group, "node": name + group["node"]} for group in FULL_GROUPS]}


FULL_GROUPS: list[dict[str, Any]] = [
    {
        "node": "1",
        "addresses": [
            {"ip": "192.0.2.10", "prefix": 24, "device": "ens3"},
            {"ip": "2001:db8::10", "prefix": 64, "device": "ens3"},
        ],
        "services": ["cron", {"name": "script", "arguments": ["one", "two"]}],
    },
    {"node": "2", "addresses": [{"ip": "192.0.2.20"}]},
]
FULL: dict[str, Any] = {
    "heartbeat_links": [
        {"network": "10.9.8.0/24"},
        {"type": "bcast", "device": "ens3"},
        {"type": "mcast", "device": "ens4"},
    ],
    "heartbeat_logfile": "/var/log/ha-log",
    "heartbeat_pings": ["192.0.2.1"],
    "heartbeat_ping_groups": [{"name": "routers", "members": ["192.0.2.2", "192.0.2.3"]}],
    "heartbeat_use_ipfail": True,
    "heartbeat_env": {"SITE": "north"},
    "heartbeat_directives": {"deadtime": 4, "rtprio": [10]},
    "heartbeat_ha_cf_extra": "hopfudge 3",
    "heartbeat_metrics_textfile_directory": "/var/lib/prometheus/node-exporter",
    "heartbeat_extra_keys": [{"id": 2, "method": "sha1", "secret": "old"}],
}


RAW = {
    "heartbeat_ha_cf_content": "node raw1 raw2\nbcast ens3",
    "heartbeat_authkeys_content": "auth 1\n1 crc",
    "heartbeat_haresources_content": "raw1 192.0.2.9",
}
SECRET = "a\"b'c$d%e`f{g}h\\i!j"
RESPAWN = {"user": "root", "command": "/bin/echo \"a b\" '$HOME' 50% {x}"}
TUTORIALS = ROOT / "inventories" / "heartbeat_tutorials"


def tutorial(name: str) -> dict[str, Any]:
    """A tutorial's inventory as a group of its own, so that all are rendered in one play."""
    loaded = yaml.safe_load((TUTORIALS / f"{name}.yml").read_text())["all"]["children"]["heartbeat"]
    loaded["vars"]["heartbeat_group"] = name
    return dict(loaded)


@pytest.fixture(scope="module")
def rendered(render: Any) -> Path:
    """All clusters of this file in one play: starting Ansible is what takes the time."""
    clusters = {
        "debian": pair("debian", "Debian", **full("debian")),
        "ubuntu": pair("ubuntu", "Debian", **full("ubuntu")),
        "redhat": pair("redhat", "RedHat", **full("redhat")),
        "raw": pair("raw", "Debian", **RAW),
        "hostile": pair("hostile", "Debian", heartbeat_key={"__ansible_unsafe": SECRET}, heartbeat_respawns=[RESPAWN]),
        "ucast": tutorial("ucast"),
        "mcast": tutorial("mcast"),
    }
    folder: Path = render({"all": {"children": clusters}})
    return folder


@pytest.mark.parametrize("host", ["debian1", "debian2", "ubuntu1", "redhat1", "redhat2"])
def test_files_of_a_platform(host: str, rendered: Path) -> None:
    """Set STEADFAST_WRITE_GOLDEN=1 to write the golden files anew; read the difference before it is committed."""
    assert [str(item) for item in checked(rendered / host, host).errors()] == []
    for name in FILES:
        golden = GOLDEN / host / name
        if os.environ.get("STEADFAST_WRITE_GOLDEN"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text((rendered / host / name).read_text())
        assert (rendered / host / name).read_text() == golden.read_text()


@pytest.mark.parametrize(("host", "peer"), [("master", "192.168.0.22"), ("slave", "192.168.0.21")])
def test_tutorial_with_unicast(host: str, peer: str, rendered: Path) -> None:
    wanted = (
        "debugfile /var/log/ha-debug|logfile /var/log/ha-log|logfacility local0|keepalive 2|deadtime 30|warntime 10|"
        "initdead 60|udpport 694|auto_failback on|node master|node slave|ping 192.168.0.250|"
        "respawn hacluster /usr/lib/heartbeat/ipfail"
    )
    text = (rendered / host / "ha.cf").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert sorted(lines) == sorted([*wanted.split("|"), f"ucast eth0 {peer}"])
    assert lines.index("udpport 694") < lines.index(f"ucast eth0 {peer}")
    assert "master IPaddr::192.168.0.30 nginx\n" in (rendered / host / "haresources").read_text()
    assert [str(item) for item in checked(rendered / host, host).errors()] == []


@pytest.mark.parametrize("host", ["node1.hoo.com", "node2.hoo.com"])
def test_tutorial_with_multicast_and_full_names(host: str, rendered: Path) -> None:
    text = (rendered / host / "ha.cf").read_text()
    for line in ("mcast eth0 225.16.1.1 694 1 0", "deadtime 8", "warntime 10", "compression bz2", "node node2.hoo.com"):
        assert line in text.splitlines()
    assert "initdead" not in text
    resources = (rendered / host / "haresources").read_text()
    assert "node1.hoo.com IPaddr::192.168.249.188/24/eth0 httpd" in resources
    result = checked(rendered / host, host)
    assert result.errors() == ()
    assert result.configuration is not None
    assert result.configuration.settings.initdead_ms == 16000


def test_raw_content_replaces_everything(rendered: Path) -> None:
    for name, text in zip(FILES, RAW.values()):
        assert (rendered / "raw1" / name).read_text() == f"# Ansible managed: role steadfast.ha.heartbeat\n{text}\n"


def test_hostile_characters_arrive_unharmed(rendered: Path) -> None:
    result = checked(rendered / "hostile1", "hostile1")
    assert [str(item) for item in result.errors()] == []
    assert result.configuration is not None
    assert result.configuration.keyring.signing_key().secret == SECRET.encode()
    assert result.configuration.settings.respawns[0].command == RESPAWN["command"]


def test_a_refusal_names_the_variable_and_not_the_secret(render: Any) -> None:
    with pytest.raises(AssertionError) as caught:
        render({"all": {"children": {"bad": pair("bad", "Debian", heartbeat_key="two words")}}})
    said = " ".join(str(caught.value).split())
    assert "one word of printable ASCII" in said
    assert "two words" not in said
