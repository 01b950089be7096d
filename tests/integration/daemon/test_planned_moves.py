# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients notice of a clean stop and of the return: by ICMP, by new TCP connections, by HTTP, every 5 ms."""

from __future__ import annotations

import json
import sys
import time
from typing import TYPE_CHECKING

import pytest
from netns import MODULE_UTILS, VIP, Cluster, wait_for

from drill.probe.samples import read_recording_file
from drill.timeline.analysis import analyse

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

SERVER = """
import http.server, sys

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"served by {sys.argv[1]}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_ignored):
        pass

class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512

    def handle_error(self, *_ignored):
        pass  # probes hang up as soon as they know

Server(("", 80), Page).serve_forever()
"""
#: On a quiet machine nothing is lost. As in the scenarios, a busy one may need three times what a move takes.
BUDGET_US = 150_000


@pytest.fixture
def pages(cluster: Cluster) -> Iterator[None]:
    """A web server on each node, outside of the group: only the VIP moves."""
    servers: list[subprocess.Popen[str]] = [
        node.popen(sys.executable, "-c", SERVER, node.node_name) for node in cluster.nodes
    ]
    yield
    for server in servers:
        server.kill()
        server.wait()


@pytest.mark.usefixtures("pages")
@pytest.mark.parametrize("failback", ["on", "off"])
def test_a_clean_stop_and_the_return_cost_no_client_anything(cluster: Cluster, tmp_path: Path, failback: str) -> None:
    cluster.configure(failback=failback)
    cluster.start()
    common = {"target": VIP, "interval_ms": 5, "timeout_ms": 1000}
    probes = [
        {"name": "ping", "kind": "icmp", **common},
        {"name": "connect", "kind": "tcp", "port": 80, **common},
        {"name": "page", "kind": "http", "port": 80, "expect_body": "served by", **common},
    ]
    spec, runs = tmp_path / "spec.json", str(tmp_path / "runs")
    spec.write_text(json.dumps({"run_id": "r", "max_seconds": 60, "probes": probes}))

    def drill(*arguments: str) -> None:
        done = cluster.client.run(
            "env", f"PYTHONPATH={MODULE_UTILS}", sys.executable, "-m", "drill", "probe", *arguments, "--base", runs
        )
        assert done.returncode == 0, done.stdout + done.stderr

    drill("start", str(spec))
    drill("steady", "r", "--steady-ms", "300")
    assert cluster.n1.stop() == 0
    wait_for(lambda: cluster.holders() == ["n2"], "n2 alone holds", logs=cluster.logs)
    time.sleep(0.5)
    cluster.n1.start()
    home = "n1" if failback == "on" else "n2"
    wait_for(lambda: cluster.n1.active() and cluster.n2.sees("n1", "active"), "n1 is back", logs=cluster.logs)
    wait_for(lambda: cluster.holders() == [home], f"{home} holds", seconds=20, logs=cluster.logs)
    time.sleep(1)
    drill("stop", "r")
    assert cluster.holders() == [home]
    recording = read_recording_file(str(tmp_path / "runs" / "r" / "samples.jsonl.gz"))
    for probe, samples in zip(recording.probes, recording.samples):
        found = analyse(samples, 5_000)
        assert found.sent > 200
        assert found.recovered
        assert found.outage_us <= BUDGET_US, f"{probe['name']} {found.outages}\n{cluster.logs()}"
