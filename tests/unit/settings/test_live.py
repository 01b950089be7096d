# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration against a machine made of data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from heartbeat.cli.check import check
from heartbeat.settings.diagnostics import Diagnostic
from heartbeat.settings.load import LoadResult
from heartbeat.settings.machine import LocalAddress, NetworkFile
from heartbeat.settings.resolve import Kind, resolve_service
from heartbeat.settings.staticnet import scan

Write = Callable[..., str]
BASE = "node node1 node2\nbcast eth0\nauto_failback on\n"


def live(path: str, machine: Any) -> LoadResult:
    (Path(path) / "nodeinfo").write_text("node1\n")
    return check(path, None, live=True, machine=machine)


def only(result: LoadResult) -> Diagnostic:
    assert len(result.diagnostics) == 1, [str(item) for item in result.diagnostics]
    return result.diagnostics[0]


def test_fits(directory: Write, machine: Any) -> None:
    result = live(directory(), machine)
    assert result.diagnostics == ()
    assert result.configuration is not None


def test_interface_that_does_not_exist(directory: Write, machine: Any) -> None:
    result = live(directory("node node1 node2\nbcast eht0\nauto_failback on\n"), machine)
    found = only(result)
    assert (Path(found.file).name, found.line, found.column) == ("ha.cf", 2, 7)
    assert (found.word, found.nearest, result.configuration) == ("eht0", "eth0", None)


def test_interface_is_only_a_warning_elsewhere(directory: Write, machine: Any) -> None:
    path = directory("node node1 node2\nbcast eht0\nauto_failback on\n", haresources="node1 10.0.0.9/24/eht1\n")
    (Path(path) / "nodeinfo").write_text("laptop\n")
    result = check(path, None, live=False, machine=machine)
    assert result.configuration is not None
    assert [Path(item.file).name for item in result.warnings()] == ["ha.cf", "ha.cf", "haresources"]
    assert result.errors() == ()


def test_node_name_asked_for_must_be_there(directory: Write, machine: Any) -> None:
    assert check(directory(), "laptop", live=False, machine=machine).configuration is None
    assert check(directory(), "node2", live=False, machine=machine).configuration is not None


def test_interface_and_syntax_errors_come_together(directory: Write, machine: Any) -> None:
    result = live(directory("node node1 node2\nbcast eht0\nauto_failback on\nkeepalive 1s\n"), machine)
    assert [(item.line, item.column) for item in result.errors()] == [(2, 7), (4, 11)]


def test_findings_in_one_line_are_in_order(directory: Write, machine: Any) -> None:
    result = live(directory("node node1 node2\nbcast eht0 a/b eht1\nauto_failback on\n"), machine)
    assert [item.column for item in result.errors()] == [7, 12, 16]


@pytest.mark.parametrize(
    ("have", "kind", "target"),
    [
        ({"executables": ("/cfg/resource.d/httpd", "/etc/init.d/httpd"), "units": ("httpd.service",)},
         Kind.RESOURCE_D, "/cfg/resource.d/httpd"),
        ({"executables": ("/etc/init.d/httpd",), "units": ("httpd.service",)}, Kind.INIT_D, "/etc/init.d/httpd"),
        ({"units": ("httpd.service",)}, Kind.SYSTEMD, "httpd.service"),
    ],
)  # fmt: skip
def test_order_of_resolution(machine: Any, have: dict[str, Any], kind: Kind, target: str) -> None:
    found = resolve_service("httpd", replace(machine, **have), "/cfg")
    assert found is not None
    assert (found.kind, found.target) == (kind, target)


@pytest.mark.parametrize(
    ("name", "have", "target"),
    [
        ("ocf:heartbeat:apache", {"executables": ("/usr/lib/ocf/resource.d/heartbeat/apache",)},
         "/usr/lib/ocf/resource.d/heartbeat/apache"),
        ("systemd:nginx", {"executables": ("/etc/init.d/nginx",), "units": ("nginx.service",)}, "nginx.service"),
        ("lsb:nginx", {"executables": ("/etc/init.d/nginx",)}, "/etc/init.d/nginx"),
        ("nginx.service", {"units": ("nginx.service",)}, "nginx.service"),
    ],
)  # fmt: skip
def test_spelled_out_resolution(machine: Any, name: str, have: dict[str, Any], target: str) -> None:
    found = resolve_service(name, replace(machine, **have))
    assert found is not None
    assert found.target == target
    assert resolve_service(name, machine) is None


@pytest.mark.parametrize("units", [("apache2.service",), ()])
def test_httpd_on_debian_names_apache2(directory: Write, machine: Any, units: tuple[str, ...]) -> None:
    path = directory(haresources="node1 10.0.0.9/24/eth0 httpd\n")
    found = only(live(path, replace(machine, units=units)))
    assert (found.line, found.column, found.word, found.nearest) == (1, 24, "httpd", "apache2")
    for text in (f"{path}/resource.d/httpd", "/etc/init.d/httpd", "httpd.service"):
        assert text in found.message
    assert found.severity.value == "error"
    assert "'apache2'" in found.message


@pytest.mark.parametrize(
    ("name", "have", "nearest"),
    [
        ("mysqld", {"units": ("mariadb.service",)}, "mariadb"),
        ("apache2", {"units": ("httpd.service",)}, "httpd"),
        ("Filesystem", {"executables": ("/usr/lib/ocf/resource.d/heartbeat/Filesystem",)}, "ocf:heartbeat:Filesystem"),
        ("ngnix", {"names": ("nginx", "ssh")}, "nginx"),
        ("qqqq", {"names": ("nginx", "ssh")}, None),
        ("ocf:heartbeat:nope", {}, None),
    ],
)
def test_nearest_service(directory: Write, machine: Any, name: str, have: dict[str, Any], nearest: str | None) -> None:
    found = only(live(directory(haresources=f"node1 10.0.0.9/24/eth0 {name}\n"), replace(machine, **have)))
    assert found.nearest == nearest


def test_services_are_not_looked_for_elsewhere(directory: Write, machine: Any) -> None:
    result = check(directory(haresources="node1 httpd\n"), "node1", live=False, machine=machine)
    assert result.configuration is not None
    assert machine.asked == []


def test_vip_outside_any_local_network(directory: Write, machine: Any) -> None:
    result = live(directory(haresources="node1 172.16.249.188\n"), machine)
    found = only(result)
    assert (found.line, found.column, result.configuration) == (1, 7, None)
    assert "no local network contains 172.16.249.188" in found.message


@pytest.mark.parametrize("word", ["172.16.249.188/24", "172.16.249.188//eth0", "IPaddr::192.168.249.188/24/eth0"])
def test_vip_outside_with_mask_or_interface_is_a_warning(directory: Write, machine: Any, word: str) -> None:
    result = live(directory(haresources=f"node1 {word}\n"), machine)
    assert only(result).severity.value == "warning"
    assert result.configuration is not None


@pytest.mark.parametrize("word", ["10.0.0.9", "10.0.0.9/32", "10.0.0.9//eth0", "fd00::9"])
def test_vip_inside_a_local_network(directory: Write, machine: Any, word: str) -> None:
    assert live(directory(haresources=f"node1 {word}\n"), machine).diagnostics == ()


def test_vip_in_another_interface_s_network(directory: Write, machine: Any) -> None:
    machine.devices = ("eth0", "eth1")
    found = only(live(directory(haresources="node1 10.0.0.9/24/eth1\n"), machine))
    assert "no local network of eth1" in found.message


STATIC = [
    ("/etc/sysconfig/network-scripts/ifcfg-eth0:1", "#x\nDEVICE=eth0:1\nIPADDR=10.0.0.9\nNETMASK=255.0.0.0\n",
     3, "eth0:1"),
    ("/etc/sysconfig/network-scripts/ifcfg-eth0:1", 'IPADDR="10.0.0.9"\r\n', 1, "eth0:1"),
    ("/etc/sysconfig/network-scripts/ifcfg-eth0", "IPADDR=10.0.0.1\nIPADDR1=10.0.0.9\n", 2, "eth0"),
    ("/etc/network/interfaces", "auto eth0:1\niface eth0:1 inet static\n  address 10.0.0.9/24\n", 3, "eth0:1"),
    ("/etc/network/interfaces.d/x", "iface eth0 inet static\n up ip addr add 10.0.0.9/24 dev $IFACE\n", 2, "eth0"),
    ("/etc/network/interfaces", "iface eth0 inet manual\n up ifconfig eth0:1 10.0.0.9 up\n", 2, "eth0:1"),
    ("/etc/netplan/50.yaml", "network:\n  ethernets:\n    eth0:\n      addresses:\n        - 10.0.0.9/24\n", 5, "eth0"),
    ("/etc/netplan/50.yaml", "    eth0:\n      addresses: [10.0.0.1/24, '10.0.0.9/24']\n", 2, "eth0"),
    ("/etc/NetworkManager/system-connections/a.nmconnection",
     "[connection]\ninterface-name=eth0\n[ipv4]\naddress1=10.0.0.1/24,10.0.0.254\naddress2=10.0.0.9/24\n", 5, "eth0"),
    ("/etc/systemd/network/10.network", "[Match]\nName=eth0\n[Network]\nAddress=10.0.0.9/24\n", 4, "eth0"),
    ("/etc/rc.local", "#!/bin/sh\n/sbin/ifconfig eth0:1 10.0.0.9 netmask 255.255.255.0\n", 2, "eth0:1"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "line", "interface"), STATIC)
def test_vip_that_is_also_configured_statically(  # noqa: PLR0917 - fixtures and columns
    directory: Write, machine: Any, path: str, text: str, line: int, interface: str
) -> None:
    machine.files = (NetworkFile(path, text),)
    result = live(directory(), machine)
    found = only(result)
    assert result.configuration is None
    assert f"the VIP 10.0.0.9 is also configured statically as {interface} by the operating system" in found.message
    assert f"({path}:{line})" in found.message


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/sysconfig/network-scripts/ifcfg-eth0", "#IPADDR=10.0.0.9\nGATEWAY=10.0.0.9\n"),
        ("/etc/sysconfig/network-scripts/ifcfg-eth0:1", "IPADDR=10.0.0.9\nONBOOT=no\n"),
        ("/etc/network/interfaces", "iface eth0 inet static\n  address 10.0.0.1/24\n  gateway 10.0.0.9\n"),
        ("/etc/network/interfaces", "iface eth0 inet static\n  address 10.0.0.1/24 # once 10.0.0.9\n"),
        (
            "/etc/netplan/50.yaml",
            "    eth0:\n      gateway4: 10.0.0.9\n      nameservers:\n        addresses: [10.0.0.9]\n",
        ),
        ("/etc/NetworkManager/system-connections/a", "[ipv4]\naddress1=10.0.0.1/24,10.0.0.9\ndns=10.0.0.9;\n"),
        ("/etc/systemd/network/10.network", "[Network]\nAddress=10.0.0.1/24\nGateway=10.0.0.9\nDNS=10.0.0.9\n"),
    ],
)
def test_other_mentions_of_the_vip(directory: Write, machine: Any, path: str, text: str) -> None:
    machine.files = (NetworkFile(path, text),)
    assert live(directory(), machine).diagnostics == ()


def test_ipv6_static() -> None:
    found = scan("/etc/network/interfaces", "iface eth0 inet6 static\n address fd00:0::9/64\n")
    assert [item.ip for item in found] == ["fd00::9"]


def test_vip_present_without_a_daemon(directory: Write, machine: Any) -> None:
    machine.local += (LocalAddress("10.0.0.9", "eth0:1"),)
    found = only(live(directory(), machine))
    assert found.severity.value == "warning"
    assert "already configured as eth0:1 although no heartbeat daemon runs here" in found.message
    machine.daemon = True
    assert live(directory(), machine).diagnostics == ()


def test_ucast_to_oneself_only(directory: Write, machine: Any) -> None:
    found = only(live(directory("node node1 node2\nucast eth0 10.0.0.1\nauto_failback on\n"), machine))
    assert "this machine's own address" in found.message
    both = "node node1 node2\nucast eth0 10.0.0.1\nucast eth0 10.0.0.2\nauto_failback on\n"
    assert live(directory(both), machine).diagnostics == ()


def test_respawn_client(directory: Write, machine: Any) -> None:
    path = directory(BASE + "respawn nobody9 /opt/tool -v\n")
    found = live(path, machine).errors()
    assert [item.word for item in found] == ["nobody9", "/opt/tool"]
    fits = replace(machine, users=("nobody9",), executables=("/opt/tool",))
    assert live(path, fits).diagnostics == ()
