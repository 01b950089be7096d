# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role writes: golden files per platform, the tutorials' configurations, and values that can't be written."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from heartbeat.settings.load import LoadResult, load_directory

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
GOLDEN = HERE / "heartbeat" / "golden"
FILES = ("ha.cf", "authkeys", "haresources", "heartbeat.service", "hbctl")


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
        "ens4": {"device": "ens4", "ipv4": {"address": f"10.9.8.{number}"}, "ipv4_secondaries": [{"address": "10.9.8.99"}]},
    }


def pair(os_family: str, **variables: Any) -> dict[str, Any]:
    hosts = {f"web{number}": {"given_facts": facts(os_family, number)} for number in (1, 2)}
    return {"all": {"children": {"heartbeat": {"hosts": hosts, "vars": variables}}}}


FULL: dict[str, Any] = {
    "heartbeat_links": [{"network": "10.9.8.0/24"}, {"type": "bcast", "device": "ens3"}, {"type": "mcast", "device": "ens4"}],
    "heartbeat_logfile": "/var/log/ha-log",
    "heartbeat_pings": ["192.0.2.1"],
    "heartbeat_ping_groups": [{"name": "routers", "members": ["192.0.2.2", "192.0.2.3"]}],
    "heartbeat_use_ipfail": True,
    "heartbeat_env": {"SITE": "north"},
    "heartbeat_vip_groups": [
        {
            "node": "web1",
            "addresses": [
                {"ip": "192.0.2.10", "prefix": 24, "device": "ens3"},
                {"ip": "2001:db8::10", "prefix": 64, "device": "ens3"},
            ],
            "services": ["cron", {"name": "script", "arguments": ["one", "two"]}],
        },
        {"node": "web2", "addresses": [{"ip": "192.0.2.20"}]},
    ],
    "heartbeat_directives": {"deadtime": 4, "rtprio": [10]},
    "heartbeat_ha_cf_extra": "hopfudge 3",
    "heartbeat_extra_keys": [{"id": 2, "method": "sha1", "secret": "old"}],
}


@pytest.mark.parametrize("platform", ["Debian", "RedHat"])
def test_files_of_a_platform(platform: str, render: Any) -> None:
    """Set STEADFAST_WRITE_GOLDEN=1 to write the golden files anew; read the difference before it is committed."""
    out = render(pair(platform, **FULL))
    for host in ("web1", "web2"):
        result = checked(out / host, host)
        assert [str(item) for item in result.errors()] == []
        for name in FILES:
            golden = GOLDEN / platform / host / name
            if os.environ.get("STEADFAST_WRITE_GOLDEN"):
                golden.parent.mkdir(parents=True, exist_ok=True)
                golden.write_text((out / host / name).read_text())
            assert (out / host / name).read_text() == golden.read_text()


def test_tutorial_with_unicast(render: Any) -> None:
    out = render(ROOT / "inventories" / "heartbeat_tutorials" / "ucast.yml")
    wanted = (
        "debugfile /var/log/ha-debug|logfile /var/log/ha-log|logfacility local0|keepalive 2|deadtime 30|warntime 10|initdead 60|"
        "udpport 694|auto_failback on|node master|node slave|ping 192.168.0.250|respawn hacluster /usr/lib/heartbeat/ipfail"
    )
    for host, peer in (("master", "192.168.0.22"), ("slave", "192.168.0.21")):
        lines = [line for line in (out / host / "ha.cf").read_text().splitlines() if line and not line.startswith("#")]
        assert sorted(lines) == sorted([*wanted.split("|"), f"ucast eth0 {peer}"])
        assert lines.index("udpport 694") < lines.index(f"ucast eth0 {peer}")
        assert "master IPaddr::192.168.0.30 nginx\n" in (out / host / "haresources").read_text()
        assert [str(item) for item in checked(out / host, host).errors()] == []


def test_tutorial_with_multicast_and_full_names(render: Any) -> None:
    out = render(ROOT / "inventories" / "heartbeat_tutorials" / "mcast.yml")
    for host in ("node1.hoo.com", "node2.hoo.com"):
        text = (out / host / "ha.cf").read_text()
        for line in ("mcast eth0 225.16.1.1 694 1 0", "deadtime 8", "warntime 10", "compression bz2", "node node2.hoo.com"):
            assert line in text.splitlines()
        assert "initdead" not in text
        assert "node1.hoo.com IPaddr::192.168.249.188/24/eth0 httpd" in (out / host / "haresources").read_text()
        result = checked(out / host, host)
        assert result.errors() == ()
        assert result.configuration is not None
        assert result.configuration.settings.initdead_ms == 16000


def test_raw_content_replaces_everything(render: Any) -> None:
    raw = {
        "heartbeat_ha_cf_content": "node web1 web2\nbcast ens3",
        "heartbeat_authkeys_content": "auth 1\n1 crc",
        "heartbeat_haresources_content": "web1 192.0.2.9",
    }
    out = render(pair("Debian", **raw))
    for name, text in zip(FILES, raw.values()):
        assert (out / "web1" / name).read_text() == f"# Ansible managed: role steadfast.ha.heartbeat\n{text}\n"


@pytest.mark.parametrize(
    ("variables", "complaint"),
    [
        ({"heartbeat_logfile": "/var/log/ha\ncrm on"}, "can't contain line breaks"),
        ({"heartbeat_logfile": "/var/log/ha#1"}, "starts a comment"),
        ({"heartbeat_vip_groups": [{"node": "web1", "services": ["two words"]}]}, "must be one word"),
        ({"heartbeat_vip_groups": [{"node": "web1", "services": ["a#b"]}]}, "must be one word"),
        ({"heartbeat_vip_groups": [{"node": "web1", "addresses": [{"ip": "192.0.2.300"}]}]}, "192.0.2.300"),
        ({"heartbeat_vip_groups": [{"node": "web1"}]}, "at least one address or service"),
        ({"heartbeat_key": "two words"}, "one word of printable ASCII"),
        ({"heartbeat_links": [{"network": "198.51.100.0/24"}]}, "no address in 198.51.100.0/24"),
    ],
)
def test_what_can_not_be_written_is_refused(variables: dict[str, Any], complaint: str, render: Any) -> None:
    with pytest.raises(AssertionError) as caught:
        render(pair("Debian", **variables))
    assert complaint in " ".join(str(caught.value).split())
    assert "two words" not in str(caught.value) or "heartbeat_key" not in json.dumps(variables)


def test_hostile_characters_arrive_unharmed(render: Any) -> None:
    secret = "a\"b'c$d%e`f{g}h\\i!j"
    respawn = {"user": "root", "command": "/bin/echo \"a b\" '$HOME' 50% {x}"}
    hostile = {"__ansible_unsafe": secret}
    out = render(pair("Debian", heartbeat_key=hostile, heartbeat_respawns=[respawn]))
    result = checked(out / "web1", "web1")
    assert [str(item) for item in result.errors()] == []
    assert result.configuration is not None
    assert result.configuration.keyring.signing_key().secret == secret.encode()
    assert result.configuration.settings.respawns[0].command == respawn["command"]
