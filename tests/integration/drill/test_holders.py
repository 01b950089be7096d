# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds an address, asked on a real wire: three network namespaces on a bridge, one asks, two may answer."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import drill
from drill.probe.samples import read_recording_file
from drill.respond import Responder
from drill.timeline.analysis import analyse
from drill.verdict.measures import measures_of

pytestmark = pytest.mark.needs_root
VIP, VIP6 = "10.91.7.100", "fd91:7::100"


def ip(*arguments: str) -> str:
    done = subprocess.run(["ip", *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
    return done.stdout


class Wire:
    """client, a and b, each with eth0 on one bridge."""

    def __init__(self, directory: Path) -> None:
        self.prefix = f"drill{os.getpid()}"
        self.base = str(directory / "runs")
        self.directory = directory
        self.names = ("client", "a", "b")
        self.hub = f"{self.prefix}-hub"

    def lay(self) -> None:
        ip("netns", "add", self.hub)
        ip("-n", self.hub, "link", "add", "name", "br0", "type", "bridge")
        ip("-n", self.hub, "link", "set", "dev", "br0", "up")
        for number, name in enumerate(self.names):
            ip("netns", "add", self.space(name))
            ip(
                "-n",
                self.hub,
                "link",
                "add",
                "name",
                name,
                "type",
                "veth",
                "peer",
                "name",
                "eth0",
                "netns",
                self.space(name),
            )
            ip("-n", self.hub, "link", "set", "dev", name, "master", "br0", "up")
            ip("-n", self.space(name), "addr", "add", f"10.91.7.{number + 1}/24", "dev", "eth0")
            ip("-n", self.space(name), "addr", "add", f"fd91:7::{number + 1}/64", "dev", "eth0", "nodad")
            ip("-n", self.space(name), "link", "set", "eth0", "up")
            ip("-n", self.space(name), "link", "set", "lo", "up")

    def space(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    def mac(self, name: str) -> str:
        return str(json.loads(ip("-n", self.space(name), "-j", "link", "show", "eth0"))[0]["address"])

    def hold(self, name: str) -> None:
        ip("-n", self.space(name), "addr", "add", f"{VIP}/32", "dev", "eth0")
        ip("-n", self.space(name), "addr", "add", f"{VIP6}/128", "dev", "eth0", "nodad")

    def release(self, name: str) -> None:
        ip("-n", self.space(name), "addr", "del", f"{VIP}/32", "dev", "eth0")
        ip("-n", self.space(name), "addr", "del", f"{VIP6}/128", "dev", "eth0")

    def python(self, name: str, *arguments: str, may_fail: bool = False) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(Path(drill.__file__).parents[1])}
        command = ["ip", "netns", "exec", self.space(name), sys.executable, *arguments]
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
        assert may_fail or done.returncode == 0, done.stderr
        return done

    def start(self, probes: list[dict[str, Any]]) -> None:
        spec = self.directory / "spec.json"
        spec.write_text(json.dumps({"run_id": "r", "probes": probes, "max_seconds": 60}))
        self.python("client", "-m", "drill", "probe", "start", str(spec), "--base", self.base)

    def finish(self) -> dict[str, Any]:
        """Stop probing: name -> (samples, interval_us)."""
        self.python("client", "-m", "drill", "probe", "stop", "r", "--base", self.base)
        recording = read_recording_file(str(Path(self.base) / "r" / "samples.jsonl.gz"))
        return {
            probe["name"]: (samples, round(probe["interval_ms"] * 1000))
            for probe, samples in zip(recording.probes, recording.samples)
        }

    def close(self) -> None:
        for name in self.names:
            subprocess.run(["ip", "netns", "del", self.space(name)], check=False, capture_output=True)
        subprocess.run(["ip", "netns", "del", self.hub], check=False, capture_output=True)


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs root and iproute2 for network namespaces")
    found = Wire(tmp_path)
    try:
        found.lay()
        yield found
    finally:
        subprocess.run(
            [sys.executable, "-m", "drill", "probe", "remove", "r", "--base", found.base],
            env={**os.environ, "PYTHONPATH": str(Path(drill.__file__).parents[1])},
            check=False,
            capture_output=True,
        )
        found.close()


GRATUITOUS = """
import socket
from drill.probe.neighbour_wire import arp_request
mac = bytes.fromhex(open("/sys/class/net/eth0/address").read().strip().replace(":", ""))
vip = socket.inet_aton("{vip}")
sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sock.bind(("eth0", 0))
sock.send(arp_request(mac, vip, vip))
"""


def test_holder_double_holder_announcement_and_stale_entry(wire: Wire) -> None:
    wire.hold("a")
    common = {"kind": "neighbour", "interval_ms": 20, "timeout_ms": 15}
    wire.start([{"name": "v4", "target": VIP, **common}, {"name": "v6", "target": VIP6, "interface": "eth0", **common}])
    time.sleep(0.4)
    # The client talks to the VIP once, so that its own table has an entry.
    wire.python(
        "client", "-c", f"import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('{VIP}', 9))"
    )
    wire.hold("b")
    time.sleep(0.6)
    wire.release("a")
    time.sleep(0.4)
    wire.python("b", "-c", GRATUITOUS.format(vip=VIP))
    time.sleep(0.4)
    found = wire.finish()
    a, b = wire.mac("a"), wire.mac("b")
    for name in ("v4", "v6"):
        samples, interval_us = found[name]
        analysis = analyse(samples, interval_us)
        assert analysis.holdings[0].who == a
        assert analysis.holdings[-1].who == b
        assert {holding.who for holding in analysis.holdings} == {a, b}
        split = [sample for sample in samples if (sample.detail or {}).get("also")]
        assert {frozenset([sample.detail["who"], *sample.detail["also"]]) for sample in split} == {frozenset([a, b])}
        # Both had it for 0.6 s at least; each attempt that heard both stands for its interval.
        assert analysis.two_holders_us >= 300_000
        assert analysis.moves >= 1
    announced = [mac for sample in found["v4"][0] for mac in (sample.detail or {}).get("announced", [])]
    assert announced == [b]
    stale = [sample for sample in found["v4"][0] if (sample.detail or {}).get("entry")]
    assert stale
    # Before the announcement the client believed in a, though b alone answered.
    assert {sample.detail["entry"] for sample in stale if sample.detail["who"] == b} == {a}
    assert measures_of(analyse(*found["v4"]), "neighbour")["stale_us"] >= 100_000


def test_nobody_has_it(wire: Wire) -> None:
    wire.start([{"name": "v4", "kind": "neighbour", "target": VIP, "interval_ms": 20, "timeout_ms": 15}])
    time.sleep(0.4)
    samples, _interval_us = wire.finish()["v4"]
    assert samples
    assert {sample.outcome.value for sample in samples} <= {"timeout", "pending"}


@pytest.fixture
def services(wire: Wire) -> Iterator[Callable[[str], None]]:
    """Start the echo service of a node."""
    running: list[subprocess.Popen[str]] = []

    def serve(name: str) -> None:
        environment = {**os.environ, "PYTHONPATH": str(Path(drill.__file__).parents[1])}
        command = [
            "ip",
            "netns",
            "exec",
            wire.space(name),
            sys.executable,
            "-m",
            "drill",
            "respond",
            "--port",
            "7007",
            "--name",
            name,
        ]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == f"answering as {name} on port 7007\n"

    yield serve
    for process in running:
        process.terminate()
        process.communicate(timeout=10)


def test_a_stream_breaks_when_the_address_moves_and_new_connections_do_not(
    wire: Wire, services: Callable[[str], None]
) -> None:
    services("a")
    services("b")
    wire.hold("a")
    wire.start(
        [
            {"name": "stream", "kind": "stream", "target": VIP, "port": 7007, "interval_ms": 20, "timeout_ms": 400},
            {"name": "udp", "kind": "udp", "target": VIP, "port": 7007, "interval_ms": 10, "timeout_ms": 200},
            {"name": "tcp", "kind": "tcp", "target": VIP, "port": 7007, "interval_ms": 20, "timeout_ms": 400},
        ]
    )
    time.sleep(0.5)
    wire.hold("b")
    wire.python("b", "-c", GRATUITOUS.format(vip=VIP))
    wire.release("a")
    time.sleep(1.5)
    found = wire.finish()
    udp, tcp = (analyse(*found[name]) for name in ("udp", "tcp"))
    assert [holding.who for holding in udp.holdings] == ["a", "b"]
    assert udp.recovered
    assert tcp.recovered
    samples, interval_us = found["stream"]
    stream = analyse(samples, interval_us)
    assert [holding.who for holding in stream.holdings] == ["a", "b"]
    assert measures_of(stream, "stream")["broken_streams"] == 1
    assert stream.recovered


def test_a_stream_that_hears_nothing_is_given_up_and_begun_anew(wire: Wire, services: Callable[[str], None]) -> None:
    services("a")
    wire.hold("a")
    probe = {"name": "stream", "kind": "stream", "target": VIP, "port": 7007, "interval_ms": 20, "timeout_ms": 100}
    wire.start([{**probe, "give_up_ms": 300}])
    time.sleep(0.4)
    ip("-n", wire.hub, "link", "set", "dev", "a", "down")
    time.sleep(0.8)
    ip("-n", wire.hub, "link", "set", "dev", "a", "up")
    time.sleep(1.5)
    samples, interval_us = wire.finish()["stream"]
    stream = analyse(samples, interval_us)
    broke = [sample.detail["broke"] for sample in samples if (sample.detail or {}).get("broke")]
    assert broke == ["given up"]
    assert stream.recovered
    assert stream.longest_outage_us >= 500_000


def test_the_responder_answers_lines_and_datagrams_with_its_name() -> None:
    import socket
    import threading

    service = Responder("127.0.0.1", 0, name="n1")
    thread = threading.Thread(target=service.run)
    thread.start()
    with socket.create_connection(("127.0.0.1", service.port), timeout=5) as sock:
        sock.sendall(b"one\ntwo\nthr")
        assert sock.makefile("rb").readline() == b"onen1\n"
        sock.sendall(b"ee\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(5)
        sock.sendto(b"hello ", ("127.0.0.1", service.port))
        assert sock.recv(100) == b"hello n1"
    service.stop()
    thread.join(5)
    assert not thread.is_alive()
