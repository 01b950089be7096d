# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs from start to end: detached, single, bounded, honest about their own pauses."""

from __future__ import annotations

import contextlib
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

import drill
from drill.model import Outcome
from drill.probe.follow import Follower
from drill.probe.rundir import RunDirectory, RunError
from drill.probe.samples import Recording, read_recording_file
from drill.probe.spec import parse_run
from drill.respond import Responder
from drill.timeline.analysis import analyse

Start = Callable[..., RunDirectory]
ECHO = {"name": "lo", "kind": "icmp", "target": "127.0.0.1", "interval_ms": 5}


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for a condition; the limit is only there so that a broken program ends the test."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true"
        time.sleep(0.02)


def recorded(run: RunDirectory) -> Recording:
    run.stop()
    return read_recording_file(run.pack())


def steady(run: RunDirectory, steady_us: int = 300_000) -> list[str]:
    return Follower(run.samples_path()).wait(steady_us, 20, lambda: run.state()["state"] == "running")


class Page(BaseHTTPRequestHandler):
    """A page with a name and a session that counts."""

    protocol_version = "HTTP/1.1"
    counts: ClassVar[dict[str, int]] = {}

    def do_GET(self) -> None:
        session = self.headers.get("Cookie", "").partition("S=")[2]
        key = session or f"{time.monotonic_ns()}"
        self.counts[key] = self.counts.get(key, 0) + 1
        body = f"node1 counts {self.counts[key]}".encode()
        self.send_response(200 if self.path == "/" else 404)
        if not session:
            self.send_header("Set-Cookie", f"S={key}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Leaving(Page):
    """Closes each connection in order after ten requests, the last of which it answers slowly."""

    answered = 0

    def do_GET(self) -> None:
        self.answered += 1
        if self.answered == 10:
            time.sleep(0.1)  # several questions lie in the connection by then
        super().do_GET()

    def end_headers(self) -> None:
        if self.answered == 10:
            self.send_header("Connection", "close")
        super().end_headers()


@contextlib.contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    """The port of a web server on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page() -> Iterator[int]:
    Page.counts.clear()
    with serving(Page) as port:
        yield port


def test_a_run_starts_once_and_ends_with_a_footer(start: Start) -> None:
    run = start([ECHO])
    assert run.state()["state"] == "running"
    again = parse_run({"run_id": "r1", "probes": [ECHO], "max_seconds": 60})
    assert run.start(again) is False
    with pytest.raises(RunError, match="running with other probes"):
        run.start(parse_run({"run_id": "r1", "probes": [{**ECHO, "interval_ms": 7}]}))
    assert steady(run) == []
    assert run.stop() is True
    assert run.stop() is False
    assert run.state()["state"] == "ended"
    recording = recorded(run)
    assert recording.footer is not None
    assert recording.footer["reason"] == "stopped"
    with pytest.raises(RunError, match="its samples are kept"):
        run.start(again)
    assert run.remove() is True
    assert run.state() == {"state": "absent"}


def test_probes_survive_whoever_started_them(tmp_path: Path) -> None:
    base = str(tmp_path / "runs")
    program = (
        "import json, os, signal, sys\n"
        "from drill.probe.rundir import RunDirectory\n"
        "from drill.probe.spec import parse_run\n"
        f"RunDirectory({base!r}, 'r').start(parse_run({{'run_id': 'r', 'probes': [{ECHO!r}], 'max_seconds': 30}}))\n"
        "os.killpg(os.getpgrp(), signal.SIGKILL)\n"
    )
    path = str(Path(drill.__file__).parents[1])
    started = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, start_new_session=True, check=False
    )
    assert started.returncode == -signal.SIGKILL
    run = RunDirectory(base, "r")
    try:
        assert run.state()["state"] == "running"
        assert steady(run) == []
    finally:
        assert run.stop() is True


def test_a_run_ends_at_its_own_deadline(start: Start) -> None:
    run = start([ECHO], max_seconds=0.5)
    wait_until(lambda: run.state()["state"] == "ended")
    assert run.state()["reason"] == "deadline"
    assert len(recorded(run).samples[0]) > 20


def test_a_full_file_ends_the_run_within_its_bounds(start: Start) -> None:
    run = start([{**ECHO, "interval_ms": 1}], max_bytes=8192)
    wait_until(lambda: run.state()["state"] == "ended")
    assert run.state()["reason"] == "file full"
    assert os.path.getsize(run.samples_path()) <= 8192


def test_a_killed_agent_is_told_apart_from_an_ended_one(start: Start) -> None:
    run = start([ECHO])
    assert steady(run, 100_000) == []
    os.kill(int(run.state()["pid"]), signal.SIGKILL)
    wait_until(lambda: run.state()["state"] == "killed")
    recording = recorded(run)
    assert recording.footer is None
    assert recording.samples[0]


def test_a_probe_that_is_stopped_for_a_while_is_blind_and_counts_nothing_as_lost(start: Start) -> None:
    run = start([ECHO])
    assert steady(run, 200_000) == []
    pid = int(run.state()["pid"])
    os.kill(pid, signal.SIGSTOP)
    time.sleep(0.6)
    os.kill(pid, signal.SIGCONT)
    assert steady(run, 300_000) == []
    found = analyse(recorded(run).samples[0], 5_000)
    assert found.outages == []
    assert found.blind_us >= 500_000


def test_a_run_that_cannot_start_says_why(start: Start) -> None:
    with pytest.raises(RunError, match="do not start: gaierror"):
        start([{"name": "x", "kind": "icmp", "target": "no-such-host.invalid"}])


def test_a_base_directory_open_to_others_is_refused(tmp_path: Path) -> None:
    base = tmp_path / "open"
    base.mkdir()
    base.chmod(0o777)
    with pytest.raises(RunError, match="only its owner"):
        RunDirectory(str(base), "r").start(parse_run({"run_id": "r", "probes": [ECHO]}))


def test_every_kind_side_by_side(start: Start, page: int) -> None:
    echo = Responder("127.0.0.1", 0, name="node7")
    thread = threading.Thread(target=echo.run)
    thread.start()
    run = start(
        [
            {"name": "icmp6", "kind": "icmp", "target": "::1"},
            {"name": "udp", "kind": "udp", "target": "127.0.0.1", "port": echo.port},
            {"name": "tcp", "kind": "tcp", "target": "127.0.0.1", "port": page},
            {"name": "closed", "kind": "tcp", "target": "127.0.0.1", "port": 1},
            {"name": "deaf", "kind": "udp", "target": "127.0.0.1", "port": 1, "interval_ms": 10},
            {"name": "page", "kind": "http", "target": "127.0.0.1", "port": page, "identify": r"(node\d) counts"},
            {"name": "wrong", "kind": "http", "target": "127.0.0.1", "port": page, "path": "/none", "interval_ms": 50},
            {
                "name": "session",
                "kind": "http",
                "target": "127.0.0.1",
                "port": page,
                "session": True,
                "interval_ms": 50,
            },
        ]
    )
    time.sleep(1)
    recording = recorded(run)
    echo.stop()
    thread.join()
    outcomes = {
        probe["name"]: {sample.outcome for sample in samples if sample.outcome is not Outcome.PENDING}
        for probe, samples in zip(recording.probes, recording.samples)
    }
    assert outcomes == {
        "icmp6": {Outcome.OK},
        "udp": {Outcome.OK},
        "tcp": {Outcome.OK},
        "closed": {Outcome.REFUSED},
        "deaf": {Outcome.REFUSED},
        "page": {Outcome.OK},
        "wrong": {Outcome.WRONG},
        "session": {Outcome.OK},
    }
    by_name = dict(zip(outcomes, recording.samples))
    assert {(sample.detail or {}).get("who") for sample in by_name["udp"]} == {"node7"}
    assert {(sample.detail or {}).get("who") for sample in by_name["page"]} == {"node1"}
    assert {(sample.detail or {}).get("status") for sample in by_name["wrong"]} == {404}
    # One session among them has been counted up, the others began at one each time.
    assert max(Page.counts.values()) >= 10


def test_a_server_that_closes_after_so_many_requests_breaks_no_stream(start: Start) -> None:
    with serving(Leaving) as port:
        probe = {"name": "s", "kind": "stream", "protocol": "http", "target": "127.0.0.1", "port": port}
        run = start([{**probe, "interval_ms": 20, "timeout_ms": 800}])
        time.sleep(2)
        recording = recorded(run)
    samples = [sample for sample in recording.samples[0] if sample.outcome is not Outcome.PENDING]
    assert len(samples) > 50
    assert {sample.outcome for sample in samples} == {Outcome.OK}
    assert [sample.detail for sample in samples if "broke" in (sample.detail or {})] == []


def test_https_checks_the_certificate(start: Start, tmp_path: Path) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=vip"
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    made = subprocess.run([*command.split(), *files], capture_output=True, check=False)
    if made.returncode != 0:
        pytest.skip("needs openssl 1.1.1 or later to make a certificate")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    common = {"kind": "http", "target": "127.0.0.1", "port": server.server_address[1], "tls": True, "interval_ms": 100}
    run = start(
        [
            {"name": "trusted", "ca_file": str(cert), **common},
            {"name": "distrusted", **common},
            {"name": "careless", "verify_tls": False, **common},
        ]
    )
    time.sleep(1)
    recording = recorded(run)
    server.shutdown()
    server.server_close()
    thread.join()
    found = [{s.outcome for s in samples if s.outcome is not Outcome.PENDING} for samples in recording.samples]
    assert found == [{Outcome.OK}, {Outcome.WRONG}, {Outcome.OK}]
    assert "certificate verify failed" in str(recording.samples[1][0].detail)


SPIN = """
import os, time
from drill.probe.priority import raise_priority
granted = raise_priority()
end = time.monotonic() + 20
while granted == "real-time" and os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR:
    assert time.monotonic() < end
print(granted)
"""


def test_a_probe_that_never_sleeps_loses_its_priority() -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(drill.__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", SPIN], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("real-time", "nice", "normal")
