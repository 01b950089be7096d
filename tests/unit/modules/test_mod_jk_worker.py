# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that ask a balancer, run by Ansible, before a status worker that keeps what it is told."""

from __future__ import annotations

import json
import mmap
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[3]
LETTERS = {"0": "ACT", "1": "DIS", "2": "STP"}


class Status(HTTPServer):
    """A status worker with app1 and app2."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.told = {("loadbalancer", "app1"): "ACT", ("loadbalancer", "app2"): "ACT"}
        self.updates = 0
        #: how many requests the workers have served, and are still to serve, one before each answer
        self.elected, self.coming = 0, 0


class Answer(BaseHTTPRequestHandler):
    """One request."""

    server: Status

    def do_GET(self) -> None:
        """Take an update, tell all."""
        query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        if query["cmd"] == "update":
            self.server.updates += 1
            self.server.told[query["w"], query["sw"]] = LETTERS[query["vwa"]]
        if self.server.coming:
            self.server.coming -= 1
            self.server.elected += 1
        rows = [
            f"worker.{balancer}.balance_workers={name}\nworker.{name}.activation={activation}\nworker.{name}.state=OK"
            f"\nworker.{name}.elected={self.server.elected}"
            for (balancer, name), activation in self.server.told.items()
        ]
        self.send_response(200)
        self.end_headers()
        self.wfile.write(("\n".join(rows) + "\n").encode())

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@pytest.fixture
def status() -> Iterator[Status]:
    server = Status()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def run(
    status: Status, arguments: dict[str, Any], *more: str, module: str = "mod_jk_worker", **environment: str
) -> dict[str, Any]:
    """What a module answers."""
    given = {"url": f"http://127.0.0.1:{status.server_port}/jk-status", **arguments}
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "ansible"),
            "localhost",
            "--module-name",
            f"steadfast.ha.{module}",
            "--args",
            json.dumps(given),
            "--one-line",
            *more,
        ],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found: dict[str, Any] = json.loads(done.stdout.split("=>", 1)[1])
    return found


def test_a_worker_is_stopped_and_check_mode_only_says_so(status: Status) -> None:
    wanted = {"names": ["app1"], "activation": "stopped"}
    foretold = run(status, wanted, "--check")
    assert (foretold["changed"], status.updates) == (True, 0)
    found = run(status, wanted)
    assert found["changed"]
    assert found["workers"] == {"app1": {"before": "active", "after": "stopped", "busy": 0}}
    assert list(status.told.values()) == ["STP", "ACT"]


def test_users_are_waited_for_until_they_are_gone(status: Status) -> None:
    wanted = {"names": ["app1"], "activation": "disabled", "quiet_seconds": 1}
    refused = run(status, wanted)
    assert refused["msg"] == "quiet_seconds, 1, can't be over within drain_seconds, 0"
    wanted.update(drain_seconds=60, idle_required=True)
    foretold = run(status, wanted, "--check")
    assert foretold["workers"] == {"app1": {"before": "active", "after": "disabled", "busy": 0, "quiet": False}}
    assert status.updates == 0
    status.coming = 12
    found = run(status, wanted)
    assert found["workers"]["app1"]["quiet"]
    assert status.coming == 0
    status.coming = 10**6
    assert run(status, {**wanted, "drain_seconds": 2})["msg"] == "users still come to app1"


def test_a_name_that_is_not_known_is_refused_or_passed_over(status: Status) -> None:
    wanted = {"names": ["app1", "ap2"], "activation": "disabled"}
    refused = run(status, wanted)
    assert refused["msg"] == "this balancer has no worker 'ap2', did you mean app2?"
    assert status.updates == 0
    passed = run(status, {**wanted, "missing_ok": True})
    assert list(passed["workers"]) == ["app1"]
    assert list(status.told.values()) == ["DIS", "ACT"]


def test_who_does_not_run_need_not_be_told(tmp_path: Path, status: Status) -> None:
    """This process is the Apache, once it has mapped a file of that name."""
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f"#!/bin/sh\nprintf '0\\n\\n{os.getpid()}\\n'\n")
    systemctl.chmod(0o755)
    wanted = {"names": ["app1"], "activation": "stopped", "down_ok": True, "url": "http://127.0.0.1:1/jk-status"}
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert run(status, wanted, PATH=path)["workers"] == {}
    loaded = tmp_path / "mod_jk.so"
    loaded.write_bytes(b"x")
    with loaded.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ):
        assert "Connection refused" in run(status, wanted, PATH=path)["msg"]


def test_a_worker_is_stopped_in_each_of_its_balancers(status: Status) -> None:
    status.told = {("one", "app1"): "ACT", ("two", "app1"): "STP", ("three", "app1"): "ACT", ("two", "app2"): "ACT"}
    found = run(status, {"names": ["app1"], "activation": "stopped"})
    assert found["workers"] == {"app1": {"before": "active", "after": "stopped", "busy": 0}}
    assert list(status.told.values()) == ["STP", "STP", "STP", "ACT"]
    assert status.updates == 2


def test_no_proxy_is_asked_for_what_is_on_this_machine(status: Status) -> None:
    # as the environment of a play has it, of which nothing is exempt
    proxied = {"http_proxy": "http://127.0.0.1:1", "no_proxy": "", "NO_PROXY": ""}
    found = run(status, {"names": ["app1"], "activation": "stopped"}, **proxied)
    assert found["workers"]["app1"]["after"] == "stopped"
    assert run(status, {}, module="mod_jk_info", **proxied)["running"]
    page = {"url": f"http://127.0.0.1:{status.server_port}/?cmd=page", "required": False}
    assert run(status, page, module="mod_jk_session", **proxied)["routes"] == [""] * 4
