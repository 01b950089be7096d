# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""haresources: groups, addresses, services, continuations."""

from __future__ import annotations

import pytest

from heartbeat.settings.diagnostics import Severity
from heartbeat.settings.haresources import HaResources, parse_haresources
from heartbeat.settings.model import Address, Service

NODES = ("node1", "node2.hoo.com")


def parse(text: str) -> HaResources:
    return parse_haresources(text, NODES)


def first(word: str) -> Address | Service:
    result = parse(f"node1 {word}\n")
    assert not result.failed, [str(item) for item in result.diagnostics]
    return result.groups[0].resources[0]


@pytest.mark.parametrize(
    ("word", "ip", "prefix", "device", "broadcast", "agent"),
    [
        ("172.16.249.188", "172.16.249.188", None, None, None, "IPaddr"),
        ("10.0.0.9/24", "10.0.0.9", 24, None, None, "IPaddr"),
        ("10.0.0.9/24/eth0", "10.0.0.9", 24, "eth0", None, "IPaddr"),
        ("IPaddr::10.0.0.9", "10.0.0.9", None, None, None, "IPaddr"),
        ("IPaddr::10.0.0.9/255.255.254.0/eth0", "10.0.0.9", 23, "eth0", None, "IPaddr"),
        ("IPaddr::10.0.0.9/24/10.0.0.255", "10.0.0.9", 24, None, "10.0.0.255", "IPaddr"),
        ("IPaddr::10.0.0.9/24/eth0/10.0.0.255", "10.0.0.9", 24, "eth0", "10.0.0.255", "IPaddr"),
        ("IPaddr2::10.0.0.9/32/bond0.5", "10.0.0.9", 32, "bond0.5", None, "IPaddr2"),
        ("IPaddr::10.0.0.9//eth0", "10.0.0.9", None, "eth0", None, "IPaddr"),
        ("IPaddr::10.0.0.9/24/eth0:3", "10.0.0.9", 24, "eth0", None, "IPaddr"),
        ("2001:db8::9/64/eth0", "2001:db8::9", 64, "eth0", None, "IPaddr"),
        ("IPaddr2::2001:db8:0::9/64", "2001:db8::9", 64, None, None, "IPaddr2"),
        ("IPv6addr::fd00::9", "fd00::9", None, None, None, "IPv6addr"),
    ],
)
def test_address(  # noqa: PLR0917 - columns of the table
    word: str, ip: str, prefix: int | None, device: str | None, broadcast: str | None, agent: str
) -> None:
    assert first(word) == Address(ip, prefix, device, broadcast, agent, word)


@pytest.mark.parametrize(
    ("word", "name", "arguments"),
    [
        ("httpd", "httpd", ()),
        ("drbddisk::r0", "drbddisk", ("r0",)),
        ("Filesystem::/dev/drbd0::/data::ext3", "Filesystem", ("/dev/drbd0", "/data", "ext3")),
        ("MailTo::root@localhost::hello", "MailTo", ("root@localhost", "hello")),
        ("ocf:heartbeat:apache", "ocf:heartbeat:apache", ()),
        ("nginx.service", "nginx.service", ()),
        ("systemd:nginx", "systemd:nginx", ()),
        ("IPsrcaddr::10.0.0.9", "IPsrcaddr", ("10.0.0.9",)),
        ("app@1", "app@1", ()),
    ],
)
def test_service(word: str, name: str, arguments: tuple[str, ...]) -> None:
    assert first(word) == Service(name, arguments, word)


def test_the_lines_of_the_classic_guides() -> None:
    result = parse("node1 172.16.249.188 httpd\nnode2.hoo.com IPaddr::192.168.249.188/24/eth0 nginx\n")
    assert result.diagnostics == ()
    assert [(group.key, group.preferred) for group in result.groups] == [
        ("172.16.249.188", "node1"),
        ("IPaddr::192.168.249.188/24/eth0", "node2.hoo.com"),
    ]
    assert result.groups[0].services() == (Service("httpd", (), "httpd"),)


def test_continuation_comments_case_and_crlf() -> None:
    text = "# 注释 \\\r\nNODE1 10.0.0.9\\\r\n\t  10.0.0.10 \\\r\n httpd # Ende \\\r\n\r\nnode2.hoo.com tool\r\n"
    result = parse(text)
    assert [item.text for group in result.groups for item in group.resources] == [
        "10.0.0.9",
        "10.0.0.10",
        "httpd",
        "tool",
    ]
    assert [group.preferred for group in result.groups] == ["node1", "node2.hoo.com"]
    assert not result.failed


def test_place_of_a_continued_word() -> None:
    result = parse("node1 10.0.0.9 \\\n  10.0.0.300\n")
    (found,) = result.diagnostics
    assert (found.line, found.column, found.word) == (2, 3, "10.0.0.300")


@pytest.mark.parametrize("text", ["node1 a \\\n", "node1 a \\", "node1 a \\\n\nnode1 b\n"])
def test_promised_line_that_does_not_come(text: str) -> None:
    (found,) = parse(text).diagnostics
    assert found.severity is Severity.WARNING
    assert (found.line, found.column) == (1, 9)


@pytest.mark.parametrize("end", ["\\ ", "\\ # comment"])
def test_backslash_that_the_c_daemon_does_not_see(end: str) -> None:
    result = parse(f"node1 a {end}\n b\n")
    assert len(result.groups[0].resources) == 2
    (found,) = result.diagnostics
    assert "very last character" in found.message


@pytest.mark.parametrize("text", ["", "# only a comment\n", "\n\n"])
def test_empty_file_is_fine(text: str) -> None:
    assert parse(text) == HaResources((), (), {}, False)


@pytest.mark.parametrize(
    ("line", "column", "word", "nearest", "says"),
    [
        ("nod1 a", 1, "nod1", "node1", "bad node name"),
        ("node2 a", 1, "node2", "node2.hoo.com", "bad node name"),
        ("10.0.0.9 httpd", 1, "10.0.0.9", None, "begins with the name of the node"),
        ("node1", 1, "node1", None, "no resource"),
        ("node1 10.0.0.300", 7, "10.0.0.300", None, "not an IP address"),
        ("node1 10.0.0", 7, "10.0.0", None, "not an IP address"),
        ("node1 10.0.0.9/33", 7, "10.0.0.9/33", None, "0 to 32"),
        ("node1 10.0.0.9/0", 7, "10.0.0.9/0", None, "prefix length of 0"),
        ("node1 10.0.0.9/255.0.255.0", 7, "10.0.0.9/255.0.255.0", None, "ones must come first"),
        ("node1 10.0.0.9/eth0", 7, "10.0.0.9/eth0", None, "interface is the third part"),
        ("node1 10.0.0.9/24/eth0/x", 7, "10.0.0.9/24/eth0/x", None, "broadcast"),
        ("node1 10.0.0.9/24/10.0.0.255/10.0.0.255", 7, "10.0.0.9/24/10.0.0.255/10.0.0.255", None, "interface belongs"),
        ("node1 10.0.0.9/24/eth0/10.0.0.255/x", 7, "10.0.0.9/24/eth0/10.0.0.255/x", None, "too many parts"),
        ("node1 224.0.0.1", 7, "224.0.0.1", None, "one host"),
        ("node1 2001:db8::9/129", 7, "2001:db8::9/129", None, "0 to 128"),
        ("node1 2001:db8::9/64/eth0/10.0.0.255", 7, "2001:db8::9/64/eth0/10.0.0.255", None, "no broadcast"),
        ("node1 IPaddr", 7, "IPaddr", None, "needs an address"),
        ("node1 IPaddr::", 7, "IPaddr::", None, "needs an address"),
        ("node1 IPaddr::eth0", 7, "IPaddr::eth0", None, "not an IP address"),
        ("node1 ipaddr::10.0.0.9", 7, "ipaddr::10.0.0.9", "IPaddr", "case-sensitive"),
        ("node1 IPadr::10.0.0.9", 7, "IPadr::10.0.0.9", "IPaddr", "unknown script"),
        ("node1 IPaddr:10.0.0.9/24", 7, "IPaddr:10.0.0.9/24", "IPaddr::10.0.0.9/24", "two colons"),
        ("node1 drbddisk:r0", 7, "drbddisk:r0", "drbddisk::r0", "two colons"),
        ("node1 ../evil", 7, "../evil", None, "not the name of a script"),
        ("node1 ::x", 7, "::x", None, "not the name of a script"),
        ("node1 ocf:apache", 7, "ocf:apache", "ocf:heartbeat:apache", "OCF"),
        ("node1 服务", 7, "服务", None, "a comment starts with '#'"),
        ("// node1 a", 1, "//", "#", "does not start a line"),
        ("node1 a\u00a0b", 8, None, None, "no-break space"),
    ],
)
def test_error(line: str, column: int, word: str | None, nearest: str | None, says: str) -> None:
    result = parse(line + "\n")
    found = [item for item in result.diagnostics if item.severity is Severity.ERROR]
    assert len(found) == 1, [str(item) for item in found]
    assert result.failed
    assert (found[0].line, found[0].column) == (1, column)
    assert (found[0].word, found[0].nearest) == (word, nearest)
    assert says in found[0].message


def test_pasted_comment() -> None:
    text = "node1 10.0.0.9 a //注释 b\nnode2.hoo.com c \\\n  //续行\n"
    result = parse(text)
    assert [[item.text for item in group.resources] for group in result.groups] == [["10.0.0.9", "a"], ["c"]]
    assert [(item.severity, item.line, item.column) for item in result.diagnostics] == [
        (Severity.WARNING, 1, 18),
        (Severity.WARNING, 3, 3),
    ]
    assert all("which the C daemon would not do" in item.message for item in result.diagnostics)


def test_group_key_is_unique() -> None:
    (found,) = parse("node1 a b\nnode1 c\nnode2.hoo.com a\n").diagnostics
    assert (found.line, found.column, found.word) == (3, 15, "a")
    assert "line 1" in found.message


def test_one_address_in_two_groups() -> None:
    (found,) = parse("node1 10.0.0.9\nnode2.hoo.com IPaddr::10.0.0.9/24/eth0\n").diagnostics
    assert found.severity is Severity.ERROR
    assert "already stands in line 1" in found.message


def test_one_service_in_two_groups_warns() -> None:
    (found,) = parse("node1 10.0.0.9 httpd\nnode1 10.0.0.10 httpd\n").diagnostics
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize("ip", ["10.0.0.0", "10.0.0.255"])
def test_address_of_the_network_itself_warns(ip: str) -> None:
    (found,) = parse(f"node1 {ip}/24\n").diagnostics
    assert found.severity is Severity.WARNING


def test_names_are_not_checked_without_nodes() -> None:
    assert not parse_haresources("whoever a\n", ()).failed
