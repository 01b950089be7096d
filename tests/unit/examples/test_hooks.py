# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example hooks, run as programs against small servers, with what the daemon gives them."""

from __future__ import annotations

import email
import email.policy
import http.server
import json
import os
import socketserver
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from heartbeat.control.happenings import KINDS, Happening

HOOKS = Path(__file__).resolve().parents[3] / "examples" / "notify.d"


def event(code: str = "peer-silent", why: str = "", **facts: str) -> Happening:
    facts = facts or {"group": "10.0.0.9", "peer": "n1"}
    return Happening(
        7, 1_700_000_000_000, "n2", "notice", code, KINDS[code], why or "taken because n1 fell silent", facts
    )


def call(
    name: str, found: Happening, *arguments: str, path: str = os.environ["PATH"]
) -> subprocess.CompletedProcess[str]:
    hook = HOOKS / name
    command = [str(hook)] if hook.read_text().startswith("#!/bin/sh") else [sys.executable, "-I", str(hook)]
    told = json.dumps({**found.as_dict(), "replaced": 0, "missed": 0})
    environment = {"PATH": path, **found.environment()}
    return subprocess.run(
        [*command, *arguments], input=told, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    with server:
        yield server.server_address[1]  # type: ignore[misc]
        server.shutdown()
        thread.join()


def secret(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text + "\n")
    path.chmod(mode)
    return path


def test_hooks_can_be_copied_as_they_are() -> None:
    hooks = sorted(HOOKS.iterdir())
    assert [hook.name for hook in hooks] == ["10-script", "20-mail", "30-webhook"]
    assert all(stat.S_IMODE(hook.stat().st_mode) & 0o111 for hook in hooks)
    assert all(hook.read_text().split("\n")[0] in ("#!/bin/sh", "#!/usr/bin/python3") for hook in hooks)


# --- script ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "priority"),
    [
        (event("group-started", group="web"), "daemon.notice"),
        (event("conflict-won", group="web", peer="n1"), "daemon.err"),
        (event("notify-test", uid="0"), "daemon.notice"),
        (event("link-up", peer="n1", link="eth0"), None),
    ],
)
def test_script(tmp_path: Path, found: Happening, priority: str | None) -> None:
    logger = tmp_path / "logger"
    logger.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >>{tmp_path}/said\n')
    logger.chmod(0o755)
    done = call("10-script", found, path=f"{tmp_path}:/usr/bin:/bin")
    assert (done.returncode, done.stderr) == (0, "")
    said = (tmp_path / "said").read_text() if (tmp_path / "said").exists() else ""
    assert (f"--priority|{priority}|" in said) if priority else said == ""


# --- mail --------------------------------------------------------------------------------------------------


class Smtp(socketserver.StreamRequestHandler):
    """Takes one mail; every recipient but nobody@ is welcome."""

    mails: list[str]

    def handle(self) -> None:
        self.say("220 test")
        for raw in self.rfile:
            word = raw.decode().strip()
            if word.upper().startswith(("EHLO", "HELO", "MAIL", "RSET")):
                self.say("250 ok")
            elif word.upper().startswith("RCPT"):
                self.say("550 nobody here" if "nobody@" in word else "250 ok")
            elif word.upper() == "DATA":
                self.say("354 go on")
                lines = []
                for line in self.rfile:
                    if line == b".\r\n":
                        break
                    lines.append(line.decode())
                self.mails.append("".join(lines))
                self.say("250 taken")
            else:
                self.say("221 bye")
                return

    def say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")


def mail_conf(directory: Path, port: int, extra: str = "", to: str = "oncall@example.org") -> str:
    path = directory / "mail.conf"
    way = f"host = 127.0.0.1\nport = {port}   ; a comment\nsecurity = none\n"
    path.write_text(f"[mail]\nfrom = hb@example.org\nto = {to}\n{way}{extra}")
    return str(path)


@pytest.fixture
def mails() -> Iterator[tuple[int, list[str]]]:
    class Handler(Smtp):
        mails: list[str] = []  # noqa: RUF012 - one list per test

    with serving(socketserver.TCPServer(("127.0.0.1", 0), Handler)) as port:
        yield port, Handler.mails


def test_mail_says_what_and_why(tmp_path: Path, mails: tuple[int, list[str]]) -> None:
    port, taken = mails
    done = call("20-mail", event(), mail_conf(tmp_path, port))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    message: Any = email.message_from_string(taken[0], policy=email.policy.default)
    assert message["Subject"] == "[heartbeat] n2: taken because n1 fell silent"
    assert message["To"] == "oncall@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "group: 10.0.0.9\npeer: n1\nevent: peer-silent" in message.get_content().replace("\r\n", "\n")


def test_mail_headers_cannot_be_injected(tmp_path: Path, mails: tuple[int, list[str]]) -> None:
    port, taken = mails
    found = event("group-start-failed", "would not start: x\r\nBcc: all@example.org", group="web", detail="x\ny")
    assert call("20-mail", found, mail_conf(tmp_path, port)).returncode == 0
    message: Any = email.message_from_string(taken[0], policy=email.policy.default)
    assert message["Bcc"] is None
    assert message["Subject"] == "[heartbeat] n2: would not start: x Bcc: all@example.org"


def test_mail_only_for_the_wanted_kinds(tmp_path: Path, mails: tuple[int, list[str]]) -> None:
    port, taken = mails
    assert call("20-mail", event("link-up", peer="n1", link="eth0"), mail_conf(tmp_path, port)).returncode == 0
    assert taken == []
    conf = mail_conf(tmp_path, port, "kinds = link,taken\n")
    assert call("20-mail", event("link-up", peer="n1", link="eth0"), conf).returncode == 0
    assert len(taken) == 1


def test_mail_that_is_refused_says_why(tmp_path: Path, mails: tuple[int, list[str]]) -> None:
    port, _taken = mails
    done = call("20-mail", event(), mail_conf(tmp_path, port, to="nobody@example.org"))
    assert done.returncode == 1
    assert "nobody here" in done.stdout
    assert call("20-mail", event(), str(tmp_path / "missing.conf")).stdout.startswith("no mail: FileNotFoundError")


def test_mail_refuses_a_password_that_others_can_read(tmp_path: Path, mails: tuple[int, list[str]]) -> None:
    port, taken = mails
    password = secret(tmp_path / "password", "hunter2", 0o644)
    done = call("20-mail", event(), mail_conf(tmp_path, port, f"user = hb\npassword_file = {password}\n"))
    assert (done.returncode, taken) == (1, [])
    assert "can be read by others" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr


# --- webhook -----------------------------------------------------------------------------------------------


class Receiver(http.server.BaseHTTPRequestHandler):
    """Answers with the next of ``codes`` and keeps what it got."""

    codes: list[int]
    got: list[tuple[str, dict[str, str], Any]]

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, dict(self.headers), json.loads(content)))
        code = self.codes.pop(0) if self.codes else 200
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_POST

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[tuple[int, type[Receiver]]]:
    class Handler(Receiver):
        codes: list[int] = []  # noqa: RUF012 - one list per test
        got: list[tuple[str, dict[str, str], Any]] = []  # noqa: RUF012

    with serving(http.server.HTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield port, Handler


def webhook_conf(directory: Path, port: int, extra: str = "") -> str:
    address = secret(directory / "url", f"http://127.0.0.1:{port}/services/SECRET")
    path = directory / "webhook.conf"
    path.write_text(f"[webhook]\nurl_file = {address}   ; a comment\n{extra}")
    return str(path)


def test_webhook_posts_the_event_with_its_token(tmp_path: Path, receiver: tuple[int, type[Receiver]]) -> None:
    port, handler = receiver
    token = secret(tmp_path / "token", "t0ken")
    done = call("30-webhook", event(), webhook_conf(tmp_path, port, f"token_file = {token}\n"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    ((path, headers, content),) = handler.got
    assert path == "/services/SECRET"
    assert headers["Authorization"] == "Bearer t0ken"
    assert (content["event"], content["group"], content["schema_version"]) == ("peer-silent", "10.0.0.9", 1)


def test_webhook_as_text_for_chat_systems(tmp_path: Path, receiver: tuple[int, type[Receiver]]) -> None:
    port, handler = receiver
    assert call("30-webhook", event(), webhook_conf(tmp_path, port, "format = text\n")).returncode == 0
    assert handler.got[0][2] == {"text": "n2: taken because n1 fell silent [peer-silent]"}


def test_webhook_tries_again_when_the_receiver_is_in_trouble(
    tmp_path: Path, receiver: tuple[int, type[Receiver]]
) -> None:
    port, handler = receiver
    handler.codes[:] = [503]
    assert call("30-webhook", event(), webhook_conf(tmp_path, port)).returncode == 0
    assert len(handler.got) == 2


@pytest.mark.parametrize("code", [302, 403])
def test_webhook_takes_no_for_an_answer_and_keeps_the_address_to_itself(
    tmp_path: Path, receiver: tuple[int, type[Receiver]], code: int
) -> None:
    port, handler = receiver
    handler.codes[:] = [code]
    done = call("30-webhook", event(), webhook_conf(tmp_path, port))
    assert done.returncode == 1
    assert len(handler.got) == 1
    assert str(code) in done.stdout
    assert "SECRET" not in done.stdout + done.stderr


def test_webhook_refuses_an_address_that_others_can_read(tmp_path: Path, receiver: tuple[int, type[Receiver]]) -> None:
    port, handler = receiver
    conf = webhook_conf(tmp_path, port)
    (tmp_path / "url").chmod(0o640)
    done = call("30-webhook", event(), conf)
    assert (done.returncode, handler.got) == (1, [])
    assert "can be read by others" in done.stdout


def test_webhook_with_a_broken_address_does_not_print_it(tmp_path: Path) -> None:
    conf = webhook_conf(tmp_path, 1)
    secret(tmp_path / "url", "http://127.0.0.1:9/with SECRET")
    done = call("30-webhook", event(), conf)
    assert done.returncode == 1
    assert done.stdout.startswith("not posted: ")
    assert "SECRET" not in done.stdout + done.stderr


def test_webhook_only_for_the_wanted_kinds(tmp_path: Path, receiver: tuple[int, type[Receiver]]) -> None:
    port, handler = receiver
    found = event("link-up", peer="n1", link="eth0")
    assert call("30-webhook", found, webhook_conf(tmp_path, port)).returncode == 0
    assert handler.got == []
