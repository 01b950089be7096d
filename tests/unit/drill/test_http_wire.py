# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from drill.model import Outcome
from drill.probe.http import HttpCheck
from drill.probe.http_wire import HttpError, Response, ResponseReader, request_bytes

EXAMPLES = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\n\r\nhello", 200, b"hello"),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
    "chunked": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;ext=1\r\nlo\r\n0\r\n\r\n",
        200,
        b"hello",
    ),
    "trailers": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-T: 1\r\n\r\n", 200, b"x"),
    "interim": (b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, b"x"),
    "error page": (b"HTTP/1.0 503 Busy\r\nContent-Length: 0\r\n\r\n", 503, b""),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_whole_and_byte_by_byte_give_the_same(name: str) -> None:
    data, status, body = EXAMPLES[name]
    whole = ResponseReader().feed(data)
    assert whole is not None
    assert (whole.status, whole.body) == (status, body)
    reader = ResponseReader()
    answers = [reader.feed(data[at : at + 1]) for at in range(len(data))]
    assert answers[:-1] == [None] * (len(data) - 1)
    assert answers[-1] == whole


def test_without_a_length_the_end_of_the_connection_ends_the_body() -> None:
    reader = ResponseReader()
    assert reader.feed(b"HTTP/1.1 200 OK\r\n\r\nhel") is None
    assert reader.feed(b"lo") is None
    assert reader.finish().body == b"hello"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "closed without an answer"),
        (b"HTTP/1.1 200 OK\r\nCont", "before the answer's head was complete"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhel", "in the middle of the body"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", "in the middle of the body"),
    ],
)
def test_a_connection_that_ends_early_says_where(data: bytes, said: str) -> None:
    reader = ResponseReader()
    reader.feed(data)
    with pytest.raises(HttpError, match=said):
        reader.finish()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"SSH-2.0-OpenSSH\r\n\r\n", "not an HTTP status line"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "bad Content-Length"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "bad chunk size"),
        (b"x" * 70_000, "head longer"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_100_000, "body longer"),
    ],
)
def test_what_is_not_http_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(HttpError, match=said):
        ResponseReader().feed(data)


def test_a_line_break_cannot_smuggle_a_header() -> None:
    with pytest.raises(HttpError, match="line break"):
        request_bytes("host", "/\r\nX-Evil: 1", {})


def response(status: int = 200, body: bytes = b"", *headers: tuple[str, str]) -> Response:
    return Response(status, headers, body)


def test_check_tells_status_body_and_who_answered() -> None:
    check = HttpCheck({"expect_body": "Welcome", "identify": r"x-node: (\S+)"}, "192.0.2.1", 8080)
    assert b"Host: 192.0.2.1:8080\r\n" in check.request()
    assert check.judge(response(200, b"Welcome", ("x-node", "n1"))) == (Outcome.OK, {"who": "n1"})
    outcome, detail = check.judge(response(200, b"It works", ("x-node", "n2")))
    assert outcome is Outcome.WRONG
    assert detail == {"who": "n2", "status": 200, "why": "body lacks 'Welcome'"}
    assert check.judge(response(502)) == (Outcome.WRONG, {"status": 502})


def test_listed_statuses_replace_the_usual_ones() -> None:
    check = HttpCheck({"expect_status": [401]}, "h", None)
    assert check.judge(response(401))[0] is Outcome.OK
    assert check.judge(response(200))[0] is Outcome.WRONG


def test_a_session_sends_back_what_the_server_set_and_others_do_not() -> None:
    answer = response(200, b"", ("set-cookie", "JSESSIONID=abc.w1; Path=/; HttpOnly"))
    keeping = HttpCheck({"session": True, "cookie": "lang=en"}, "h", None)
    keeping.judge(answer)
    assert b"Cookie: lang=en; JSESSIONID=abc.w1\r\n" in keeping.request()
    plain = HttpCheck({}, "h", None)
    plain.judge(answer)
    assert b"Cookie" not in plain.request()


@pytest.mark.parametrize(
    ("options", "target", "port", "host", "name"),
    [
        ({}, "2001:db8::1", None, "[2001:db8::1]", "2001:db8::1"),
        ({"tls": True}, "www.example.com", 443, "www.example.com", "www.example.com"),
        ({"tls": True}, "2001:db8::1", 8443, "[2001:db8::1]:8443", "2001:db8::1"),
        ({"tls": True, "host": "shop.example.com"}, "192.0.2.1", 8443, "shop.example.com", "shop.example.com"),
    ],
)
def test_host_header_and_server_name(
    options: dict[str, object], target: str, port: int | None, host: str, name: str
) -> None:
    check = HttpCheck(options, target, port)
    assert (check.host, check.server_name) == (host, name)
