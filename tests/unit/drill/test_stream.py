# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from drill.model import Outcome
from drill.probe.http import HttpCheck
from drill.probe.http_wire import ResponseReader
from drill.probe.spec import SpecError, parse_probe
from drill.probe.stream import HttpDialogue, LineDialogue

ONE = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
BAD = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize("step", [1, 2, 7, 1000])
def test_answers_in_a_row_are_told_apart_however_they_arrive(step: int) -> None:
    dialogue = HttpDialogue(HttpCheck({}, "h", 80))
    data = ONE + CHUNKED + EMPTY + BAD + ONE
    found = [answer for at in range(0, len(data), step) for answer in dialogue.hear(data[at : at + step])]
    assert [outcome for _, outcome, _ in found] == [Outcome.OK] * 3 + [Outcome.WRONG, Outcome.OK]


def test_a_service_that_takes_its_leave_is_heard() -> None:
    dialogue = HttpDialogue(HttpCheck({}, "h", 80))
    assert len(dialogue.hear(ONE)) == 1
    assert not dialogue.ended
    last = ONE.replace(b"OK", b"OK\r\nConnection: close")
    assert len(dialogue.hear(last + ONE)) == 1  # what follows is no answer of ours
    assert dialogue.ended
    dialogue.begin()
    assert not dialogue.ended


def test_what_follows_a_response_is_the_begin_of_the_next() -> None:
    for first in (ONE, CHUNKED, EMPTY):
        reader = ResponseReader()
        assert reader.feed(first + b"HTTP/1.1 2") is not None
        assert reader.rest() == b"HTTP/1.1 2"


def test_lines_come_back_with_the_name_of_who_sent_them() -> None:
    dialogue = LineDialogue()
    first, second = dialogue.question(7), dialogue.question(8)
    echoed = first.replace(b"\n", b"node1\n") + second.replace(b"\n", b"node1\n")
    assert dialogue.hear(echoed[:9]) == []
    assert dialogue.hear(echoed[9:]) == [(7, Outcome.OK, {"who": "node1"}), (8, Outcome.OK, {"who": "node1"})]


def test_a_service_that_does_not_echo_is_found_out() -> None:
    dialogue = LineDialogue()
    with pytest.raises(ValueError, match="not an echo"):
        dialogue.hear(b"220 mail.example.com ESMTP\n")


def test_half_a_line_does_not_survive_its_connection() -> None:
    dialogue = LineDialogue()
    dialogue.hear(dialogue.question(1)[:5])
    dialogue.begin()
    assert dialogue.hear(dialogue.question(2)) == [(2, Outcome.OK, {})]


def test_what_a_stream_and_a_neighbour_probe_refuse() -> None:
    with pytest.raises(SpecError, match="protocol must be echo or http"):
        parse_probe({"name": "s", "kind": "stream", "target": "h", "port": 1, "protocol": "smtp"})
    with pytest.raises(SpecError, match="unknown option 'tls' for stream"):
        parse_probe({"name": "s", "kind": "stream", "target": "h", "port": 1, "tls": True})
    with pytest.raises(SpecError, match="must not exceed its interval_ms"):
        parse_probe({"name": "n", "kind": "neighbour", "target": "h", "interval_ms": 20})
