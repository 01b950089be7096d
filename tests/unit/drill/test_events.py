# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drill.events.clock import SAME_CLOCK, Exchange, Identity, Offset, best_offset, same_kernel
from drill.events.event import LogLine
from drill.events.interpret import interpret, key_values
from drill.events.journal import read_journal, read_plain


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=6),
)
def test_the_offset_is_never_further_off_than_it_says(ahead_ns: int, journeys: list[tuple[int, int]]) -> None:
    now = 10**18
    exchanges = []
    for there, back in journeys:
        exchanges.append(Exchange(now, now + there + ahead_ns, now + there + back))
        now += there + back
    found = best_offset(exchanges)
    assert abs(found.ns - ahead_ns) <= found.uncertainty_ns + 1
    assert found.uncertainty_ns == min((there + back + 1) // 2 for there, back in journeys)


def test_one_kernel_has_one_clock() -> None:
    assert best_offset([Exchange(0, 10**9, 10)], one_kernel=True) == SAME_CLOCK
    assert best_offset([Exchange(0, 10**9, 10)]) == Offset(10**9 - 5, 5)
    with pytest.raises(ValueError, match="no exchange"):
        best_offset([])


def test_a_kernel_is_known_by_its_boot_id_or_by_its_counters() -> None:
    us, same, other = Identity("boot", (100, 7)), Identity("boot", ()), Identity("else", (50, 7))
    assert same_kernel([(us, same, us)])
    assert not same_kernel([(us, other, us)] * 3)
    assert not same_kernel([(Identity(), Identity(), Identity())] * 3)
    assert not same_kernel([])
    # A container whose boot id is masked: its kernel's counters run on between our own two readings.
    readings = [
        (Identity("boot", (n, n)), Identity("mask", (n + 1, n)), Identity("boot", (n + 2, n + 1))) for n in (5, 9)
    ]
    assert same_kernel(readings)
    assert not same_kernel(readings[:1])
    assert not same_kernel(
        [*readings, (Identity("boot", (20, 20)), Identity("mask", (19, 20)), Identity("boot", (30, 30)))]
    )


def test_pairs_with_quotes_and_escapes() -> None:
    text = r'event=takeover reason="peer \"node 2\" silent" silent_ms=512 links=eth0:512,eth1:530 empty= event=other'
    assert key_values(text) == {
        "event": "takeover",
        "reason": 'peer "node 2" silent',
        "silent_ms": "512",
        "links": "eth0:512,eth1:530",
        "empty": "",
    }


def test_journal_lines_prefer_the_senders_own_time() -> None:
    text = "\n".join(
        [
            json.dumps(
                {"__REALTIME_TIMESTAMP": "2000000", "_SOURCE_REALTIME_TIMESTAMP": "1999000", "MESSAGE": "event=a"}
            ),
            json.dumps({"__REALTIME_TIMESTAMP": "2000001", "MESSAGE": [101, 118, 255]}),
            json.dumps({"__REALTIME_TIMESTAMP": "2000002", "MESSAGE": None}),
            "-- No entries --",
            "7",
        ]
    )
    assert read_journal(text, "n1") == [
        LogLine(1_999_000_000, "n1", "event=a"),
        LogLine(2_000_001_000, "n1", "ev\ufffd"),
    ]


def test_plain_lines_with_and_without_fractions() -> None:
    text = "1795180000.000250 n1 heartbeat: event=b\n1795180001 x\nno time here\n"
    assert [line.at_ns for line in read_plain(text, "n1")] == [1_795_180_000_000_250_000, 1_795_180_001_000_000_000]


def test_events_come_in_order_on_our_clock_with_their_uncertainty() -> None:
    lines = [
        LogLine(5_000, "n1", "event=takeover reason=peer-dead add_us=71"),
        LogLine(9_000, "n2", "event=released"),
        LogLine(4_500, "n3", "event=late"),
        LogLine(4_000, "n1", "just chatting"),
    ]
    found = interpret(lines, "key-value", {"n1": SAME_CLOCK, "n2": Offset(6_000, 300)})
    assert [(e.at_ns, e.node, e.kind, e.reason) for e in found] == [
        (3_000, "n2", "released", ""),
        (4_500, "n3", "late", ""),
        (5_000, "n1", "takeover", "peer-dead"),
    ]
    assert [e.uncertainty_ns for e in found] == [300, 1_000_000_000, 0]
    assert dict(found[2].facts) == {"add_us": "71"}
    with pytest.raises(KeyError):
        interpret(lines, "tea-leaves", {})


def test_any_line_can_be_an_event() -> None:
    (event,) = interpret([LogLine(1, "n", "Started Session 5 of user root.")], "any", {})
    assert event.kind == "Started Session 5 of"


def test_the_frames_of_a_stack_trace_are_not_events_of_their_own() -> None:
    lines = [LogLine(1, "n", "SEVERE: it broke"), LogLine(2, "n", "\tat org.example.Place"), LogLine(3, "n", "")]
    assert [event.kind for event in interpret(lines, "any", {})] == ["SEVERE: it broke"]


LOG4J = """\
[2026-11-26T07:22:17,489][INFO ][o.e.c.s.MasterService    ] [node3] elected-as-master ([2] nodes joined)[{node2}]
[2026-11-26T07:22:36,853][WARN ][r.suppressed             ] [node1] path: /_cluster/state, params: {}
org.elasticsearch.discovery.MasterNotDiscoveredException: null
\tat org.elasticsearch.action.support.master.TransportMasterNodeAction
Caused by: org.elasticsearch.transport.NodeNotConnectedException: [node2]
"""


def test_of_log4j_sentences_are_events_and_neither_traces_nor_answers_to_requests() -> None:
    (event,) = interpret([LogLine(1, "n", line) for line in LOG4J.splitlines()], "log4j", {})
    assert event.kind == "elected-as-master ([2] nodes joined)[{no"
    assert event.facts == {"level": "INFO", "logger": "o.e.c.s.MasterService"}


def test_a_sentence_behind_a_level_is_an_event_also_where_the_line_begins_with_a_space() -> None:
    lines = [
        " notice: Requesting peer fencing (off) targeting node3",
        "INFO: Adding inet address 192.0.2.1/24",
        "  at x",
    ]
    events = interpret([LogLine(number, "n", line) for number, line in enumerate(lines)], "level", {})
    assert [(event.kind, dict(event.facts)) for event in events] == [
        ("Requesting peer fencing (off)", {"level": "notice"}),
        ("Adding inet address 192.0.2.1/24", {"level": "info"}),
    ]


JULI = """\
Starting steadfast-tomcat@main.service - Tomcat instance main...
INFO [org.apache.catalina.startup.VersionLoggerListener] OS Name:               Linux
SEVERE [org.apache.catalina.ha.tcp.SimpleTcpCluster] Unable to send message through cluster sender.
org.apache.catalina.tribes.ChannelException: Send failed, attempt:[1] max:[1]; Faulty members:tcp://app1:4000;
\tat org.apache.catalina.tribes.transport.nio.ParallelNioSender.doLoop(ParallelNioSender.java:220)
Caused by: java.net.ConnectException: Connection refused (connect failed)
\t... 33 more
"""


def test_of_juli_sentences_are_events_and_so_is_what_systemd_says() -> None:
    found = interpret([LogLine(1, "n", line) for line in JULI.splitlines()], "juli", {})
    assert [event.kind for event in found] == [
        "Starting steadfast-tomcat@main.service -",
        "Unable to send message",
    ]
    assert found[1].reason == "Unable to send message through cluster sender."
    assert found[1].facts == {"level": "SEVERE", "logger": "SimpleTcpCluster"}


def test_a_sentence_is_preferred_to_its_code_which_stays_findable() -> None:
    (event,) = interpret([LogLine(1, "n", 'event=takeover reason=peer-dead why="node1 is silent"')], "key-value", {})
    assert (event.reason, dict(event.facts)) == ("node1 is silent", {"reason": "peer-dead"})
