# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""ha.cf: each directive, each rule between directives, each message."""

from __future__ import annotations

import pytest

from heartbeat.settings.diagnostics import Diagnostic, Severity
from heartbeat.settings.directives import DIRECTIVES, Effect
from heartbeat.settings.ha_cf import HaCf, parse_ha_cf
from heartbeat.settings.model import Bcast, DialectChoice, Failback, Mcast, MessageFormat, Settings, Ucast

BASE = "node a b\nbcast eth0\nauto_failback on\n"


def parse(text: str, **options: object) -> HaCf:
    return parse_ha_cf(text, **options)  # type: ignore[arg-type]


def good(line: str) -> Settings:
    result = parse(BASE + line + "\n")
    assert result.settings is not None, [str(item) for item in result.diagnostics]
    return result.settings


def errors(text: str) -> list[Diagnostic]:
    return [item for item in parse(text).diagnostics if item.severity is Severity.ERROR]


def warnings(text: str) -> list[Diagnostic]:
    return [item for item in parse(text).diagnostics if item.severity is Severity.WARNING]


def only_error(line: str) -> Diagnostic:
    result = parse(BASE + line + "\n")
    found = [item for item in result.diagnostics if item.severity is Severity.ERROR]
    assert len(found) == 1, [str(item) for item in result.diagnostics]
    assert result.settings is None
    assert found[0].line == 4
    return found[0]


def test_base_is_silent() -> None:
    result = parse(BASE)
    assert result.diagnostics == ()
    assert result.settings is not None
    assert result.settings.nodes == ("a", "b")
    assert result.settings.media == (Bcast("eth0", 694),)


@pytest.mark.parametrize(
    ("line", "attribute", "value"),
    [
        ("keepalive 2", "keepalive_ms", 2000),
        ("keepalive 200ms", "keepalive_ms", 200),
        ("keepalive 200MSEC", "keepalive_ms", 200),
        ("keepalive .5", "keepalive_ms", 500),
        ("keepalive 1.0005", "keepalive_ms", 1001),
        ("keepalive 1500us", "keepalive_ms", 2),
        ("keepalive 1499usec", "keepalive_ms", 1),
        ("keepalive 1 2", "keepalive_ms", 2000),
        ("keepalive 1,2", "keepalive_ms", 2000),
        ("deadtime 12", "deadtime_ms", 12000),
        ("warntime 10", "warntime_ms", 10000),
        ("initdead 60", "initdead_ms", 60000),
        ("deadping 3", "deadping_ms", 3000),
        ("hopfudge 255", "hopfudge", 255),
        ("udpport 6940", "udpport", 6940),
        ("auto_failback OFF", "auto_failback", Failback.OFF),
        ("auto_failback y", "auto_failback", Failback.ON),
        ("auto_failback legacy", "auto_failback", Failback.LEGACY),
        ("nice_failback on", "auto_failback", Failback.OFF),
        ("nice_failback off", "auto_failback", Failback.LEGACY),
        ("dialect classic", "dialect", DialectChoice.CLASSIC),
        ("msgfmt netstring", "msgfmt", MessageFormat.NETSTRING),
        ("compression bz2", "compression", "bz2"),
        ("compression_threshold 9", "compression_threshold_kib", 9),
        ("traditional_compression yes", "traditional_compression", True),
        ("max_rexmit_delay 100", "max_rexmit_delay_ms", 100),
        ("hbgenmethod time", "hbgenmethod", "time"),
        ("uuidfrom nodename", "uuidfrom", "nodename"),
        ("log_badpack 0", "log_badpack", False),
        ("realtime no", "realtime", False),
        ("rtprio 99", "rtprio", 99),
        ("env A=1 B=2,C=", "env", (("A", "1"), ("B", "2"), ("C", ""))),
    ],
)
def test_option_value(line: str, attribute: str, value: object) -> None:
    assert getattr(good(line), attribute) == value


@pytest.mark.parametrize(
    ("line", "attribute", "value"),
    [
        ("logfile /var/log/ha-log", "logfile", "/var/log/ha-log"),
        ("debugfile /var/log/ha-debug", "debugfile", "/var/log/ha-debug"),
        ("logfacility local0", "facility", "local0"),
        ("logfacility none", "facility", None),
        ("debug 3", "debug", 3),
        ("debug 1x", "debug", 1),
        ("debug x", "debug", 0),
    ],
)
def test_logging_value(line: str, attribute: str, value: object) -> None:
    assert getattr(good(line).logging, attribute) == value


@pytest.mark.parametrize(
    ("line", "column", "word", "nearest", "says"),
    [
        ("keepalve 2", 1, "keepalve", "keepalive", "unknown directive"),
        ("KeepAlive 2", 1, "KeepAlive", "keepalive", "unknown directive"),
        ("node=c", 1, "node=c", "node", "after a blank"),
        ("frobnicate", 1, "frobnicate", None, "unknown directive"),
        ("keepalive 1s", 11, "1s", "1", "seconds have none"),
        ("keepalive 1 ms", 13, "ms", None, "write it without a blank: 1ms"),
        ("keepalive 0", 11, "0", None, "more than zero"),
        ("keepalive 0.4ms", 11, "0.4ms", None, "more than zero"),
        ("keepalive 1.2.3", 11, "1.2.3", None, "unknown unit"),
        ("keepalive 99999999999", 11, "99999999999", None, "too long a time"),
        ("warntime 0", 10, "0", None, "more than zero"),
        ("hopfudge 256", 10, "256", None, "0 to 255"),
        ("hopfudge -1", 10, "-1", None, "not a whole number"),
        ("udpport 0", 9, "0", None, "1 to 65535"),
        ("udpport 694x", 9, "694x", None, "not a whole number"),
        ("auto_failback legcy", 15, "legcy", "legacy", "not one of"),
        ("dialect clasic", 9, "clasic", "classic", "'auto' or 'classic'"),
        ("logfile ha-log", 9, "ha-log", None, "absolute"),
        ("logfacility local9", 13, "local9", "local7", "facility"),
        ("debug 256", 7, "256", None, "0 to 255"),
        ("log_badpack flase", 13, "flase", "false", "neither yes"),
        ("rtprio 0", 8, "0", None, "1 to 99"),
        ("rtprio 100", 8, "100", None, "1 to 99"),
        ("msgfmt netstrings", 8, "netstrings", "netstring", "not one of"),
        ("compression gzip", 13, "gzip", None, "'zlib' or 'bz2'"),
        ("compression_threshold 0", 23, "0", None, "1 to"),
        ("max_rexmit_delay 0", 18, "0", None, "1 to"),
        ("hbgenmethod fil", 13, "fil", "file", "not one of"),
        ("uuidfrom name", 10, "name", "nodename", "not one of"),
        ("autojoin any", 10, "any", "none", "haresources"),
        ("autojoin non", 10, "non", "none", "not one of"),
        ("env =1", 5, "=1", None, "NAME=value"),
        ("env A", 5, "A", None, "NAME=value"),
        ("crm on", 5, "on", None, "steadfast.ha.pacemaker"),
        ("crm respawn", 5, "respawn", None, "steadfast.ha.pacemaker"),
        ("pacemaker true", 11, "true", None, "steadfast.ha.pacemaker"),
        ("crm offf", 5, "offf", "off", "neither yes"),
        ("watchdog /dev/watchdog", 1, "watchdog", None, "not be reset"),
        ("stonith baytech /etc/ha.d/conf/stonith.baytech", 1, "stonith", None, "not be fenced"),
        ("stonith_host * null a b", 1, "stonith_host", None, "not be fenced"),
        ("failfast root /bin/true", 1, "failfast", None, "not reboot"),
        ("serial /dev/ttyS0", 1, "serial", None, "not implemented"),
        ("ucast6 eth0 fe80::1", 1, "ucast6", None, "IPv6"),
        ("mcast6 eth0 ff05::694 694 1 0", 1, "mcast6", None, "IPv6"),
        ("ping6 fe80::1", 1, "ping6", None, "not implemented"),
        ("tipc eth0", 1, "tipc", None, "not implemented"),
        ("respawn hacluster", 9, "hacluster", None, "user and a command"),
        ("respawn root bin/x -v", 14, "bin/x", None, "absolute"),
        ("node a_b/c", 6, "a_b/c", None, "not a node name"),
        ("node 节点", 6, "节点", None, "a comment starts with '#'"),
        ("bcast eth/0", 7, "eth/0", None, "network interface"),
        ("bcast eth0,eth1", 7, "eth0,eth1", None, "separate names by blanks"),
        ("ucast eth0", 7, "eth0", None, "needs the peer's address"),
        ("ucast eth0 10.0.0.300", 12, "10.0.0.300", None, "neither an IPv4 address"),
        ("ucast eth0 10.0.0", 12, "10.0.0", None, "neither an IPv4 address"),
        ("ucast eth0 fe80::1", 12, "fe80::1", None, "IPv6"),
        ("ucast eth0 224.0.0.1", 12, "224.0.0.1", None, "one host"),
        ("ucast a-name-that-is-too-long 10.0.0.2", 7, "a-name-that-is-too-long", None, "network interface"),
        ("mcast eth0 225.0.0.1 694 1", 26, "1", None, "missing: loop"),
        ("mcast eth0 192.168.0.1 694 1 0", 12, "192.168.0.1", None, "not a multicast group"),
        ("mcast eth0 225.0.0.1 0 1 0", 22, "0", None, "UDP port"),
        ("mcast eth0 225.0.0.1 694 5 0", 26, "5", None, "ttl"),
        ("mcast eth0 225.0.0.1 694 1 2", 28, "2", None, "loop"),
        ("ping 10.0.0.256", 6, "10.0.0.256", None, "neither an IPv4 address"),
        ("ping A", 6, "A", None, "already the name of a node"),
        ("ping_group gw", 12, "gw", None, "needs hosts"),
        ("ping_group a 10.0.0.1", 12, "a", None, "already the name of a node"),
        ("deadtime 2", 10, "2", None, "more than twice keepalive"),
        ("initdead 29", 10, "29", None, "less than deadtime"),
        ("deadping 2", 10, "2", None, "more than twice keepalive"),
        ("crm off\npacemaker off", 1, "pacemaker", None, "only once"),
        ("baud 9600\nbaud 9600", 1, "baud", None, "only once"),
    ],
)
def test_error(line: str, column: int, word: str, nearest: str | None, says: str) -> None:
    result = parse(BASE + line + "\n")
    found = [item for item in result.diagnostics if item.severity is Severity.ERROR]
    assert len(found) == 1, [str(item) for item in result.diagnostics]
    assert result.settings is None
    assert (found[0].line, found[0].column) == (4 + line.count("\n"), column)
    assert (found[0].word, found[0].nearest) == (word, nearest)
    assert says in found[0].message


@pytest.mark.parametrize("name", [n for n, d in DIRECTIVES.items() if d.effect is Effect.NONE])
def test_without_effect_is_accepted_and_said(name: str) -> None:
    values = {"time": "5", "integer": "9600", "boolean": "on", "KiB": "100"}
    line = f"{name} {values.get(DIRECTIVES[name].type, 'word')}\n"
    result = parse(BASE + line)
    assert result.settings is not None
    assert [(item.line, item.column) for item in result.diagnostics] == [(4, 1)]
    assert f"'{name}' has no effect here" in result.diagnostics[0].message


@pytest.mark.parametrize("name", DIRECTIVES)
def test_without_value_is_ignored_with_a_warning(name: str) -> None:
    result = parse(BASE + f"{name}\n")
    assert result.settings is not None
    assert [item.message for item in result.diagnostics] == [
        f"{name} has no value; the line is ignored, as Linux-HA does"
    ]


@pytest.mark.parametrize("name", [n for n, d in DIRECTIVES.items() if d.effect is Effect.REFUSED])
def test_refused_says_what_would_be_missing(name: str) -> None:
    assert "is not implemented. " in only_error(f"{name} something").message


@pytest.mark.parametrize("line", ["autojoin none", "crm off", "pacemaker no", "crm false"])
def test_value_that_describes_this_daemon_is_silent(line: str) -> None:
    assert parse(BASE + line + "\n").diagnostics == ()


@pytest.mark.parametrize(
    ("deadtime", "initdead"),
    [("3", 12000), ("5.9", 12000), ("6", 12000), ("8", 16000), ("10", 20000), ("10.001", 10001)],
)
def test_default_of_initdead(deadtime: str, initdead: int) -> None:
    settings = good(f"deadtime {deadtime}")
    assert settings.initdead_ms == initdead
    assert settings.parameters["initdead"] == f"{initdead}ms"


def test_derived_defaults() -> None:
    settings = good("deadtime 8")
    assert (settings.warntime_ms, settings.deadping_ms) == (4000, 8000)
    assert settings.parameters["warntime"] == "4000ms"
    assert settings.parameters["deadtime"] == "8"
    assert settings.parameters["keepalive"] == "1000ms"
    assert settings.parameters["node"] == "a b"


def test_deadtime_just_above_twice_keepalive() -> None:
    assert good("keepalive 1\ndeadtime 2001ms").deadtime_ms == 2001


def test_a_broken_time_is_not_reported_twice() -> None:
    found = errors(BASE + "keepalive 1s\ndeadtime 1\n")
    assert [item.line for item in found] == [4]


def test_warntime_above_deadtime_is_only_a_warning() -> None:
    result = parse(BASE + "deadtime 8\nwarntime 10\n")
    assert result.settings is not None
    assert [item.line for item in result.diagnostics] == [5]
    assert "before its heartbeat is reported as late" in result.diagnostics[0].message


def test_short_initdead_is_only_a_warning() -> None:
    found = warnings(BASE + "deadtime 5\ninitdead 9\n")
    assert [item.line for item in found] == [5]
    assert errors(BASE + "deadtime 5\ninitdead 9\n") == []


def test_port_is_read_when_the_medium_is() -> None:
    text = "node a b\nauto_failback off\nucast eth0 10.0.0.2\nudpport 700\nbcast eth1\nmcast eth2 225.0.0.1 800 1 0\n"
    result = parse(text)
    assert result.settings is not None
    assert result.settings.media == (
        Ucast("eth0", "10.0.0.2", 694),
        Bcast("eth1", 700),
        Mcast("eth2", "225.0.0.1", 800, 1, False),
    )
    assert result.settings.udpport == 700
    assert [(item.line, item.column) for item in result.diagnostics] == [(4, 9)]
    assert "too late for 'ucast' in line 3, which keeps port 694" in result.diagnostics[0].message


def test_port_of_the_service_is_the_default() -> None:
    result = parse(BASE, default_port=12345)
    assert result.settings is not None
    assert result.settings.media == (Bcast("eth0", 12345),)


def test_nodes_fold_and_count_once() -> None:
    result = parse("node Node1.Hoo.Com, node2\nnode NODE2\nudp eth0 eth1\nauto_failback on\n")
    assert result.settings is not None
    assert result.settings.nodes == ("node1.hoo.com", "node2")
    assert result.settings.media == (Bcast("eth0", 694), Bcast("eth1", 694))
    assert ["counts once" in item.message for item in result.diagnostics] == [True]


def test_more_nodes_than_the_protocol_allows() -> None:
    names = " ".join(f"n{number}" for number in range(101))
    found = errors(f"node {names}\nbcast eth0\nauto_failback on\n")
    assert [item.word for item in found] == ["n100"]


def test_what_is_missing_is_reported_together() -> None:
    messages = [item.message for item in parse("keepalive 1\n").diagnostics]
    assert [text.split(":")[0] for text in messages] == [
        "no node is configured",
        "no medium is configured",
        "auto_failback is not set",
    ]


def test_local_node() -> None:
    assert parse(BASE, node_name="B").settings is not None
    result = parse(BASE, node_name="slave")
    assert result.settings is None
    (found,) = result.diagnostics
    assert (found.line, found.column) == (1, 6)
    assert "this machine is 'slave' (uname -n), but ha.cf names only 'a' and 'b'" in found.message
    assert parse(BASE, node_name="slave", node_severity=Severity.WARNING).settings is not None


def test_local_node_with_and_without_domain() -> None:
    text = "node node1.hoo.com node2.hoo.com\nbcast eth0\nauto_failback on\n"
    (found,) = parse(text, node_name="node2").diagnostics
    assert found.nearest == "node2.hoo.com"
    (found,) = parse(BASE, node_name="b.example.org").diagnostics
    assert found.nearest == "b"


def test_ipfail_is_built_in() -> None:
    settings = good("ping 10.0.0.1\nrespawn hacluster /usr/lib/heartbeat/ipfail")
    assert settings.ipfail
    assert settings.respawns == ()
    found = warnings(BASE + "ping 10.0.0.1\nrespawn hacluster /usr/lib/heartbeat/ipfail\n")
    assert ["built in" in item.message for item in found] == [True]


def test_ipfail_without_ping_nodes() -> None:
    found = warnings(BASE + "respawn hacluster /usr/lib/heartbeat/ipfail\n")
    assert any("nothing to ask" in item.message for item in found)


def test_respawn_keeps_the_command_line() -> None:
    (client,) = good("respawn  root\t/usr/bin/tool  -a  //server/share  'x y' # and a comment").respawns
    assert (client.user, client.command) == ("root", "/usr/bin/tool  -a  //server/share  'x y'")


def test_pings() -> None:
    settings = good("ping 10.0.0.1 10.0.0.2\nping_group gw 10.0.0.3 10.0.0.4")
    assert [(ping.name, ping.members, ping.kind) for ping in settings.pings] == [
        ("10.0.0.1", ("10.0.0.1",), "ping"),
        ("10.0.0.2", ("10.0.0.2",), "ping"),
        ("gw", ("10.0.0.3", "10.0.0.4"), "ping_group"),
    ]
    assert settings.ttl() == 1 + 2 + 3


def test_repeated_ping_counts_once() -> None:
    settings = good("ping 10.0.0.1\nping 10.0.0.1")
    assert len(settings.pings) == 1


def test_host_name_is_accepted_with_a_warning() -> None:
    (found,) = warnings(BASE + "ucast eth0 peer.example.org\n")
    assert "looked up" in found.message


def test_words_after_a_medium_are_ignored_with_a_warning() -> None:
    (found,) = warnings(BASE + "ucast eth1 192.168.0.21  修改下ip\n")
    assert (found.line, found.column, found.word) == (4, 26, "修改下ip")


def test_repeated_option_warns() -> None:
    (found,) = warnings(BASE + "keepalive 1\nkeepalive 2\n")
    assert (found.line, "line 4" in found.message) == (5, True)


def test_missing_failback_warns() -> None:
    (found,) = parse("node a b\nbcast eth0\n").diagnostics
    assert found.severity is Severity.WARNING
    assert "'legacy'" in found.message


def test_overlong_line() -> None:
    assert "5119" in only_error("node " + "x" * 5120).message
    assert "5119" in only_error("node " + "é" * 2600).message


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in str(only_error("keep\x1b[31malive 1"))


def test_all_errors_at_once_in_order() -> None:
    text = "keepalive 1s\nnode a b\nbogus 1\nudpport x\nwatchdog /dev/watchdog\n"
    assert [(item.line, item.column) for item in errors(text)] == [(1, 1), (1, 11), (3, 1), (4, 9), (5, 1)]


def test_text_of_a_diagnostic() -> None:
    assert str(only_error("keepalve 2")) == "ha.cf:4:1: error: unknown directive 'keepalve' (did you mean 'keepalive'?)"


def test_equal_times_are_fine_where_the_rule_says_less_or_more() -> None:
    assert parse(BASE + "deadtime 20\ninitdead 20\nwarntime 20\n").diagnostics == ()


def test_words_after_the_loop_flag_are_ignored_with_a_warning() -> None:
    (found,) = warnings(BASE + "mcast eth1 225.0.0.1 694 1 0 text\n")
    assert (found.line, found.column, found.word) == (4, 30, "text")
