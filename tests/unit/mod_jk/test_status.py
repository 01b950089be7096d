# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the status worker says, what sessions say, and AJP on the wire."""

from __future__ import annotations

import socket
import threading

import pytest
from tomcat.ajp import AjpError, Answer, cping, forward, get, refusals, status_of
from tomcat.hops import carried
from tomcat.mod_jk.sessions import complaints, split
from tomcat.mod_jk.status import Drain, members, problems, update_query

ANSWER = """worker.result.type=OK
worker.list=loadbalancer
worker.loadbalancer.type=lb
worker.loadbalancer.sticky_session=True
worker.loadbalancer.balance_workers=app1
worker.app1.type=ajp13
worker.app1.host=192.0.2.1
worker.app1.activation=ACT
worker.app1.state=OK
worker.app1.sessions=3
worker.app1.elected=12
worker.app1.errors=0
worker.app1.busy=1
worker.loadbalancer.balance_workers=app2
worker.app2.type=ajp13
worker.app2.activation=STP
worker.app2.state=ERR
worker.app2.errors=4
"""


def test_members_are_read_with_their_balancer() -> None:
    found = {member.name: member for member in members(ANSWER)}
    assert set(found) == {"app1", "app2"}
    assert (found["app1"].balancer, found["app1"].busy, found["app1"].sessions) == ("loadbalancer", 1, 3)
    assert (found["app2"].activation, found["app2"].state) == ("stopped", "ERR")


def test_a_page_that_is_no_status_is_refused() -> None:
    with pytest.raises(ValueError, match="no answer of a status worker"):
        members("<html>It works!</html>")


def test_what_is_wrong_is_said() -> None:
    assert problems(members(ANSWER)) == ["worker app2 is ERR", "worker app2 is stopped"]
    assert problems(members(ANSWER.replace("app1.state=OK", "app1.state=ERR")))[-1] == "no worker can serve"
    assert problems(members(ANSWER.replace("STP", "ACT").replace("ERR", "OK/IDLE"))) == []


def test_what_the_inventory_wants_otherwise_is_not_wrong() -> None:
    text = ANSWER.replace("STP", "DIS").replace("ERR", "OK")
    assert problems(members(text)) == ["worker app2 is disabled"]
    assert problems(members(text), {"app2": "disabled"}) == []
    assert problems(members(text), {"app1": "stopped", "app2": "disabled"}) == ["worker app1 is active"]


def test_a_member_of_two_balancers_is_told_for_each() -> None:
    text = ANSWER + (
        "worker.other.type=lb\nworker.other.balance_workers=app1\nworker.app1.type=ajp13\n"
        "worker.app1.activation=STP\nworker.app1.state=OK\n"
        "worker.app1.type=ajp13\nworker.app1.busy=9\n"
    )
    found = {(member.balancer, member.name): (member.activation, member.busy) for member in members(text)}
    assert found == {
        ("loadbalancer", "app1"): ("active", 1),
        ("loadbalancer", "app2"): ("stopped", 0),
        ("other", "app1"): ("stopped", 0),
    }
    assert "worker app1 in other is stopped" in problems(members(text))


def test_a_worker_that_is_tried_again_is_not_lost() -> None:
    assert problems(members(ANSWER.replace("STP", "ACT").replace("ERR", "ERR/REC"))) == []
    assert problems(members(ANSWER.replace("STP", "ACT").replace("ERR", "ERR/FRC"))) == ["worker app2 is ERR/FRC"]


def test_a_session_begins_where_it_was_asked_to() -> None:
    seen = [split("A.app1"), split("A.app1")]
    assert complaints(seen, True, "app1") == []
    assert complaints(seen, True, "app2") == ["asked for app2, but app1 answered"]


def status_of_one(elected: int, busy: int = 0) -> str:
    """What the status worker says of app1, which has served so many requests."""
    return ANSWER.replace("elected=12", f"elected={elected}").replace("busy=1", f"busy={busy}")


def looked(drain: Drain, *pages: tuple[float, str]) -> list[list[str]]:
    """Who is waited for after each look."""
    told = [[member for member in members(text) if member.name == "app1"] for _moment, text in pages]
    return [drain.look(found, moment) for found, (moment, _text) in zip(told, pages)]


def test_a_worker_has_nothing_to_do_when_no_request_is_under_way() -> None:
    assert looked(Drain(), (0, ANSWER), (1, status_of_one(12))) == [["app1"], []]


def test_its_users_are_gone_when_nobody_has_come_for_a_while() -> None:
    pages = [
        (0, status_of_one(12)),
        (9, status_of_one(13)),
        (18, status_of_one(13)),
        (19, status_of_one(13, busy=1)),
        (28, status_of_one(13)),
        (29, status_of_one(13)),
    ]
    assert looked(Drain(quiet=10), *pages) == [["app1"]] * 5 + [[]]
    # without the request that came at 9 it would have been over at 10
    assert looked(Drain(quiet=10), (0, status_of_one(12)), (10, status_of_one(12))) == [["app1"], []]


def test_who_is_in_two_balancers_has_the_users_of_both() -> None:
    def page(elected: int) -> str:
        return "".join(
            f"worker.{balancer}.balance_workers=app1\nworker.app1.elected={count}\nworker.app1.busy=0\n"
            for balancer, count in (("one", 5), ("two", elected))
        )

    assert looked(Drain(quiet=2), (0, page(1)), (2, page(2)), (3, page(2)), (4, page(2))) == [["app1"]] * 3 + [[]]


def test_an_update_names_balancer_member_and_activation() -> None:
    query = update_query("loadbalancer", "app1", "stopped")
    assert query == "cmd=update&from=list&mime=prop&w=loadbalancer&sw=app1&vwa=2"


@pytest.mark.parametrize(
    ("identities", "sticky", "expected"),
    [
        (["A.app1", "A.app1"], True, []),
        (["A.app1", "A.app2"], True, ["the session moved: app1, app2"]),
        (["A.app1", "A.app2"], False, []),
        (["A.app1", "B.app1"], True, ["the session changed from request to request: it was lost on the way"]),
        (["A", "A"], True, ["the session names no worker: is jvmRoute set?"]),
        ([], True, ["the page starts no session"]),
    ],
)
def test_a_session_is_followed(identities: list[str], sticky: bool, expected: list[str]) -> None:
    assert complaints([split(identity) for identity in identities], sticky) == expected


def answered(reply: bytes) -> tuple[int, list[bytes]]:
    """Answer one connection with these bytes; returns the port and what was asked."""
    listener = socket.create_server(("127.0.0.1", 0))
    asked: list[bytes] = []

    def serve() -> None:
        connection, _peer = listener.accept()
        with connection, listener:
            asked.append(connection.recv(4096))
            connection.sendall(reply)

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1]), asked


def test_cping_is_answered_with_cpong() -> None:
    port, asked = answered(b"AB\x00\x01\x09")
    cping("127.0.0.1", port)
    assert asked == [b"\x12\x34\x00\x01\x0a"]


def test_something_else_is_told_from_ajp() -> None:
    port, _asked = answered(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(AjpError, match="does not speak AJP"):
        cping("127.0.0.1", port)


def test_a_status_is_read_and_the_secret_sent() -> None:
    port, asked = answered(b"AB\x00\x08\x04\x01\x93\x00\x00\x00\x00\x00")
    assert status_of("127.0.0.1", port, "/demo/", "sesame") == 403
    assert b"\x0c\x00\x06sesame\x00\xff" in asked[0]
    assert b"sesame" not in forward("/demo/", "localhost", None)


def test_who_refuses_a_secret_is_told_from_who_takes_it_and_who_is_silent() -> None:
    refusing, _asked = answered(b"AB\x00\x08\x04\x01\x93\x00\x00\x00\x00\x00")
    taking, asked = answered(b"AB\x00\x08\x04\x01\x94\x00\x00\x00\x00\x00")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    ports = {"app1": refusing, "app2": taking, "app3": nobody}
    connectors = [{"name": name, "address": "127.0.0.1", "port": port} for name, port in ports.items()]
    assert refusals(connectors, "sesame") == ([f"worker app1 (127.0.0.1:{refusing}) refuses this secret"], ["app3"])
    assert b"\x0c\x00\x06sesame\x00" in asked[0]


def test_a_page_that_fails_is_told_from_one_that_is_missing() -> None:
    failing, asked = answered(b"AB\x00\x08\x04\x01\xf4\x00\x00\x00\x00\x00")
    missing, _asked = answered(b"AB\x00\x08\x04\x01\x94\x00\x00\x00\x00\x00")
    connectors = [
        {"name": "app1", "address": "127.0.0.1", "port": failing, "pages": ["/shop/"], "secret": "its own"},
        {"name": "app2", "address": "127.0.0.1", "port": missing, "pages": ["/new/"]},
    ]
    assert refusals(connectors, "sesame") == (["worker app1: /shop/ answers with 500"], [])
    assert b"/shop/" in asked[0]
    assert b"\x0c\x00\x07its own\x00" in asked[0]


def test_one_that_hangs_takes_the_connection_and_is_silent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        entry = {"name": "app1", "address": "127.0.0.1", "port": frozen.getsockname()[1]}
        assert refusals([entry], "sesame", timeout=0.2) == ([], ["app1"])


def test_cookies_are_sent_and_read() -> None:
    named = b"\x00\x0aSet-Cookie\x00\x00\x05o=x.y\x00"
    numbered = b"\xa0\x01\x00\x09text/html\x00" + b"\xa0\x07\x00\x0fJSESSIONID=A.b;\x00"
    payload = b"\x04\x00\xc8\x00\x02OK\x00\x00\x03" + numbered + named
    port, asked = answered(b"AB" + len(payload).to_bytes(2, "big") + payload)
    assert get("127.0.0.1", port, "/", "s", cookie="JSESSIONID=A.a") == Answer(200, ("JSESSIONID=A.b;", "o=x.y"))
    assert b"\xa0\x09\x00\x0eJSESSIONID=A.a\x00" in asked[0]


def wire(*payloads: bytes) -> bytes:
    return b"".join(b"AB" + len(payload).to_bytes(2, "big") + payload for payload in payloads)


HEAD = b"\x04\x00\xc8\x00\x02OK\x00\x00\x00"


def test_what_a_page_says_is_read_and_a_query_sent_as_ajp_has_it() -> None:
    port, asked = answered(wire(HEAD, b"\x03\x00\x0217\x00", b"\x03\x00\x01\n\x00", b"\x05\x01"))
    assert get("127.0.0.1", port, "/demo/count?n=17", "s", has_body=True).body == b"17\n"
    assert b"\x00\x0b/demo/count\x00" in asked[0]
    assert b"\x05\x00\x04n=17\x00" in asked[0]
    port, _asked = answered(wire(HEAD, b"\x03\x00\x0217\x00"))
    with pytest.raises(AjpError, match="without an answer"):
        get("127.0.0.1", port, "/", "s", has_body=True)


def test_an_answer_that_is_cut_off_is_told() -> None:
    port, _asked = answered(b"AB\x00\x04\x04\x00\xc8\x00")
    with pytest.raises(AjpError, match="cut off"):
        get("127.0.0.1", port, "/", None)


@pytest.mark.parametrize(
    ("answers", "seen", "wrong"),
    [
        ([(200, "A.app1"), (200, "A.app2"), (200, "")], ["A.app1", "A.app2", "A.app2"], []),
        (
            [(200, "A.app1"), (200, "B.app2")],
            ["A.app1", "B.app2"],
            ["the session was lost on its way from app1 to app2"],
        ),
        ([(200, "")], [], ["the page starts no session"]),
        ([(200, "A.app1"), (404, "")], ["A.app1"], ["app2 answers with 404"]),
    ],
)
def test_a_session_is_carried_from_worker_to_worker(
    answers: list[tuple[int, str]], seen: list[str], wrong: list[str]
) -> None:
    names = ["app1", "app2", "app3"][: len(answers)]
    given = iter(answers)
    sent = []

    def ask(name: str, session: str) -> Answer:
        sent.append((name, session))
        status, now = next(given)
        return Answer(status, ("other=1", f"JSESSIONID={now}; Path=/demo") if now else ())

    assert carried(names, ask, "JSESSIONID") == (seen, wrong)
    assert sent[0] == ("app1", "")
    assert sent[1:] == list(zip(names[1:], seen))[: len(sent) - 1]


def test_a_worker_that_is_away_ends_the_journey() -> None:
    def ask(_name: str, _session: str) -> Answer:
        raise AjpError("nobody there")

    assert carried(["app1"], ask, "JSESSIONID") == ([], ["app1 does not answer: nobody there"])


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ([b"17\n", b"17\n", b"17\n"], []),
        # the name of the session arrived, and nothing that was in it
        ([b"17\n", b"", b""], ["what is in the session did not arrive at app2 from app1"]),
        ([b"17\n", b"16\n", b"16\n"], ["what is in the session did not arrive at app2 from app1"]),
        ([b""], ["app1 does not tell what is in the session: it answers with 200"]),
    ],
)
def test_what_is_in_a_session_is_carried_too(told: list[bytes], wrong: list[str]) -> None:
    given = iter(told)

    def ask(name: str, _session: str) -> Answer:
        return Answer(200, (f"JSESSIONID=A.{name}",))

    def read(_name: str, _session: str) -> Answer:
        return Answer(200, (), next(given))

    assert carried(["app1", "app2"], ask, "JSESSIONID", read)[1] == wrong
