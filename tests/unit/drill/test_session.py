# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session probe: which answers are those of the same session, and what is read back from it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Optional

import pytest

from drill.model import Outcome
from drill.probe import session
from drill.probe.http_wire import Response, ResponseReader
from drill.probe.prober import Hub, Watched
from drill.probe.session import SessionCheck, SessionProber, read_session
from drill.probe.spec import ProbeSpec, SpecError, parse_probe
from drill.probe.writes import ReadError

OPTIONS = {"name": "user", "kind": "session", "target": "127.0.0.1", "path": "/w?n={number}", "read_path": "/r"}


def answer(cookie: str = "", status: int = 200) -> Response:
    head = f"HTTP/1.1 {status} X\r\nContent-Length: 2\r\n" + (f"Set-Cookie: {cookie}; Path=/\r\n" if cookie else "")
    found = ResponseReader().feed(f"{head}\r\nok".encode())
    assert found is not None
    return found


@pytest.fixture
def check(tmp_path: Path) -> SessionCheck:
    return SessionCheck(parse_probe(OPTIONS), str(tmp_path / "run" / "cookies.json"))


def test_a_route_may_change_and_the_session_stays(check: SessionCheck) -> None:
    assert check.judge(answer("JSESSIONID=AB.one"))[0] is Outcome.OK
    assert check.judge(answer())[0] is Outcome.OK
    assert check.judge(answer("JSESSIONID=AB.two"))[0] is Outcome.OK
    assert b"Cookie: JSESSIONID=AB.two\r\n" in check.request()


def test_another_session_is_a_wrong_answer_once(check: SessionCheck) -> None:
    check.judge(answer("JSESSIONID=AB.one"))
    assert check.judge(answer("JSESSIONID=CD.two")) == (
        Outcome.WRONG,
        {"lost_session": True, "why": "the session is lost, another one began"},
    )
    assert check.judge(answer())[0] is Outcome.OK


def test_a_page_without_a_session_is_found_out(check: SessionCheck) -> None:
    assert check.judge(answer()) == (Outcome.WRONG, {"why": "no cookie JSESSIONID"})


def test_a_first_cookie_only_chooses_where_the_session_begins(tmp_path: Path) -> None:
    check = SessionCheck(parse_probe({**OPTIONS, "cookie": "JSESSIONID=begin.one"}), str(tmp_path / "c"))
    assert b"Cookie: JSESSIONID=begin.one\r\n" in check.request()
    assert check.judge(answer("JSESSIONID=AB.one"))[0] is Outcome.OK


def test_an_error_is_an_error_and_no_lost_session(check: SessionCheck) -> None:
    check.judge(answer("JSESSIONID=AB.one"))
    assert check.judge(answer(status=503)) == (Outcome.WRONG, {"status": 503})
    assert check.judge(answer())[0] is Outcome.OK


def test_cookies_are_kept_for_reading_back_and_for_nobody_else(check: SessionCheck) -> None:
    check.judge(answer("JSESSIONID=AB.one"))
    kept = Path(check.kept)
    assert json.loads(kept.read_text()) == {"JSESSIONID": "AB.one"}
    assert kept.stat().st_mode & 0o077 == 0


@pytest.fixture
def server() -> Iterator[tuple[int, list[Mapping[str, str]]]]:
    """A page of numbers on loopback: its port, and the headers of who asked."""
    asked: list[Mapping[str, str]] = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(dict(self.headers))
            body = b"1 2\n3" if self.path == "/r" else b"<html>"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Page) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield listening.server_port, asked
        listening.shutdown()
        thread.join()


def test_the_numbers_are_read_in_the_session_itself(
    server: tuple[int, list[Mapping[str, str]]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, asked = server
    kept = tmp_path / "c"
    kept.write_text('{"JSESSIONID": "AB.two"}')
    monkeypatch.setattr(session, "cookie_file", lambda _run, _name: str(kept))
    assert read_session(parse_probe({**OPTIONS, "port": port}), "run") == [1, 2, 3]
    assert asked[0]["Cookie"] == "JSESSIONID=AB.two"
    with pytest.raises(ReadError, match="something else than numbers"):
        read_session(parse_probe({**OPTIONS, "port": port, "read_path": "/other"}), "run")
    kept.unlink()
    with pytest.raises(ReadError, match="the session is not known"):
        read_session(parse_probe({**OPTIONS, "port": port}), "run")


class Noting(Hub):
    """A runner that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[int, Outcome]] = []

    def watch(self, sock: Watched, events: int, ready: Any) -> None:
        """Nothing becomes ready here."""

    def unwatch(self, sock: Watched) -> None:
        """Nothing was watched."""

    def done(self, seq: int, outcome: Outcome, detail: Optional[Mapping[str, Any]] = None) -> None:
        """Note it."""
        self.told.append((seq, outcome))

    def waits(self, seq: int) -> bool:
        """Nobody asks."""
        return True

    def age_us(self, seq: int) -> int:
        """Nobody asks."""
        return 0


def test_a_user_does_not_ask_twice_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "cookie_file", lambda _run, _name: str(tmp_path / "c"))
    started: list[str] = []

    def send(prober: SessionProber, seq: int) -> None:
        started.append(prober.check.path)
        prober.connections[seq] = None  # type: ignore[assignment]

    monkeypatch.setattr(session.HttpProber, "send", send)
    hub = Noting()
    prober = SessionProber(parse_probe(OPTIONS), hub)
    prober.open()
    prober.send(7)
    prober.send(8)
    prober.connections.clear()
    prober.send(9)
    assert started == ["/w?n=7", "/w?n=9"]
    assert hub.told == [(8, Outcome.TIMEOUT)]


def test_what_a_session_probe_refuses() -> None:
    with pytest.raises(SpecError, match=r"needs \{number\}"):
        parse_probe({**OPTIONS, "path": "/w"})
    with pytest.raises(SpecError, match="path is missing"):
        parse_probe({**OPTIONS, "path": None, "read_path": None})
    with pytest.raises(SpecError, match="unknown option 'session'"):
        parse_probe({**OPTIONS, "session": True})
    assert isinstance(parse_probe(OPTIONS), ProbeSpec)
