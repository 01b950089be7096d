# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real server and the real client over a real socket."""

from __future__ import annotations

import os
import socket
import stat
import threading
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.control.client import NotRunning, ask
from heartbeat.control.protocol import LINE_LIMIT, Request
from heartbeat.control.server import MAX_CLIENTS, ControlServer, Peer, Reply
from heartbeat.host.loop import Loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Service:
    def __init__(self, directory: Path) -> None:
        self.path = directory / "control.sock"
        self.loop = Loop()
        self.seen: list[tuple[Request, Peer]] = []
        self.later: list[Reply] = []
        self.server = ControlServer(self.loop, self.serve)
        self.server.open(str(self.path))

    def serve(self, request: Request, peer: Peer, reply: Reply) -> None:
        self.seen.append((request, peer))
        if request.command == "status":
            reply({"schema_version": 1, "filler": "x" * 500_000})
        else:
            self.later.append(reply)

    def turn_until(self, condition: Callable[[], object]) -> None:
        for _ in range(2000):
            if condition():
                return
            self.loop.call_at(self.loop.now() + 5_000_000, lambda: None)
            self.loop.turn(lambda: None, lambda late: None, lambda: None)
        raise AssertionError("it never came")

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        answers: list[Any] = []

        def client() -> None:
            try:
                answers.append(ask(request, str(self.path.parent)))
            except OSError as error:
                answers.append(error)

        thread = threading.Thread(target=client)
        thread.start()
        self.turn_until(lambda: answers or self.later)
        for reply in self.later:
            reply({"ok": True, "text": "done"})
        self.turn_until(lambda: answers)
        thread.join()
        assert isinstance(answers[0], dict), answers
        return answers[0]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    found = Service(tmp_path)
    yield found
    found.server.close()
    found.loop.close()


def test_a_large_reply_arrives_whole(service: Service) -> None:
    assert len(service.ask({"command": "status"})["filler"]) == 500_000


def test_an_answer_may_come_later_and_the_kernel_says_who_asks(service: Service) -> None:
    assert service.ask({"command": "standby", "scope": "local"}) == {"ok": True, "text": "done"}
    request, peer = service.seen[0]
    assert request == Request("standby", "local")
    assert (peer.pid, peer.uid) == (os.getpid(), os.getuid())


def test_nonsense_gets_a_reply_and_harms_nobody(service: Service) -> None:
    assert service.ask({"command": "explode"})["ok"] is False
    assert service.seen == []


def test_a_client_that_never_ends_its_line_is_dropped(service: Service) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(service.path))
        client.sendall(b"x" * (LINE_LIMIT + 10))
        client.setblocking(False)

        def dropped() -> bool:
            try:
                return client.recv(1) == b""
            except BlockingIOError:
                return False
            except ConnectionResetError:
                return True

        service.turn_until(dropped)


def test_a_client_that_leaves_before_its_answer_harms_nobody(service: Service) -> None:
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(service.path))
    client.sendall(b'{"command":"standby"}\n')
    service.turn_until(lambda: service.later)
    client.close()
    service.later.pop()({"ok": True, "text": "too late"})
    assert service.ask({"command": "status"})["schema_version"] == 1


def test_too_many_clients_are_turned_away_and_a_place_becomes_free_again(service: Service) -> None:
    clients = [socket.socket(socket.AF_UNIX) for _ in range(MAX_CLIENTS)]
    for client in clients:
        client.connect(str(service.path))
        service.turn_until(lambda: True)
        service.loop.turn(service.loop.now, lambda late: None, lambda: None)
    with socket.socket(socket.AF_UNIX) as extra:
        extra.connect(str(service.path))
        extra.setblocking(False)
        service.turn_until(lambda: _closed(extra))
    for client in clients:
        client.close()
    service.loop.turn(service.loop.now, lambda late: None, lambda: None)
    assert service.ask({"command": "status"})["schema_version"] == 1


def _closed(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False


def test_the_socket_is_for_its_group_only_and_goes_with_the_server(tmp_path: Path) -> None:
    (tmp_path / "control.sock").touch()  # left behind by a crash
    found = Service(tmp_path)
    assert stat.S_IMODE(found.path.stat().st_mode) == 0o660
    assert stat.S_ISSOCK(found.path.stat().st_mode)
    found.server.close()
    found.loop.close()
    assert not found.path.exists()
    with pytest.raises(NotRunning):
        ask({"command": "status"}, str(tmp_path))
