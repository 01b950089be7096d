# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The metrics page: true to the format, true to the numbers; and how it gets to where it is read."""

from __future__ import annotations

import re
import stat
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from heartbeat.cli import metrics as command
from heartbeat.cli.main import DEGRADED, NOT_RUNNING, USAGE, main
from heartbeat.cli.metrics_http import make_server
from heartbeat.control.exposition import CONTENT_TYPE, Exposition
from heartbeat.control.metrics import down, render
from heartbeat.simulator.network import LINK

SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\})? (-?[0-9.e+-]+)')
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"')
SUFFIX = re.compile("_(bucket|sum|count)$")


def families(page: str) -> dict[str, str]:
    """Name -> type, of a page."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE))


def samples(page: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """(name, labels) -> value; fails on a line that is not of the format, or that comes twice."""
    found: dict[tuple[str, frozenset[tuple[str, str]]], float] = {}
    for line in page.splitlines():
        if line.startswith("#"):
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        key = match.group(1), frozenset(LABEL.findall(match.group(2) or ""))
        assert key not in found, line
        found[key] = float(match.group(3))
    return found


@pytest.fixture
def page(numbers: dict[str, Any]) -> str:
    return render(numbers)


@pytest.fixture
def value(page: str) -> Any:
    found = samples(page)
    return lambda name, **labels: found[name, frozenset(labels.items())]


def test_every_sample_belongs_to_the_family_above_it(page: str) -> None:
    family, announced = "", []
    for line in page.splitlines():
        if line.startswith("# HELP "):
            family = line.split()[2]
            announced.append(family)
            assert line.split(" ", 3)[3].endswith(".")
        elif line.startswith("# TYPE "):
            assert line.split()[2] == family
        else:
            name = re.split("[{ ]", line)[0]
            assert name == family or (families(page)[family] == "histogram" and SUFFIX.sub("", name) == family)
    assert len(announced) == len(set(announced))


def test_names_follow_the_conventions(page: str) -> None:
    for name, kind in families(page).items():
        assert name.startswith("hb_")
        assert name.endswith("_total") is (kind == "counter"), name
        assert not re.search("_(ms|us|milliseconds)(_|$)", name)


def test_what_a_node_says_after_a_takeover(value: Any, numbers: dict[str, Any]) -> None:
    assert value("hb_up") == 1
    assert value("hb_info", version=numbers["status"]["version"], node="n2", dialect="native") == 1
    assert value("hb_node_state", node="n2", state="active") == 1
    assert value("hb_node_state", node="n1", state="dead") == 1
    assert value("hb_node_state", node="n1", state="active") == 0
    for group in ("10.0.0.9", "10.0.0.8"):
        assert value("hb_resource_held", resource=group) == 1
        assert value("hb_resource_state", resource=group, state="held") == 1
        assert value("hb_resource_state", resource=group, state="idle") == 0
        assert value("hb_maintenance", resource=group) == 0
    assert value("hb_resource_preferred", resource="10.0.0.9") == 0
    assert value("hb_resource_preferred", resource="10.0.0.8") == 1
    assert value("hb_transitions_total", **{"from": "n1", "to": "n2", "reason": "peer-silent"}) >= 1
    assert value("hb_keepalive_seconds") == 0.2
    assert value("hb_warntime_seconds") == 0.5
    assert value("hb_deadtime_seconds") == 1
    assert 9 < value("hb_peer_silence_seconds", peer="n1", link=LINK) <= 10.2
    assert value("hb_start_time_seconds") == numbers["started_unix_ms"] / 1000
    assert value("hb_config_warnings") == 1
    assert value("hb_garp_sent_total") == 12
    assert value("hb_garp_failed_total") == 1
    assert value("hb_late_heartbeats_total", peer="n1") == 1
    assert value("hb_events_total", event="peer-dead") == 1
    assert value("hb_messages_sent_total") > 50
    assert value("hb_config_hash", hash=numbers["status"]["cluster_hash"][:12]) == 1


def test_messages_by_peer_link_and_result(numbers: dict[str, Any]) -> None:
    numbers["traffic"] += [{"peer": "", "link": "eth1", "result": "badauth", "count": 3}]
    found = samples(render(numbers))
    ok = {labels: count for (name, labels), count in found.items() if name == "hb_messages_total"}
    assert ok[frozenset({("peer", ""), ("link", "eth1"), ("result", "badauth")})] == 3
    assert any(("peer", "n1") in labels and ("result", "ok") in labels and count > 40 for labels, count in ok.items())


def test_histograms_are_cumulative_and_in_seconds(value: Any) -> None:
    assert value("hb_loop_late_seconds_bucket", le="0.0001") == 1
    assert value("hb_loop_late_seconds_bucket", le="0.0025") == 1
    assert value("hb_loop_late_seconds_bucket", le="0.005") == 2
    assert value("hb_loop_late_seconds_bucket", le="+Inf") == value("hb_loop_late_seconds_count") == 2
    assert value("hb_loop_late_seconds_sum") == 0.00305
    assert value("hb_loop_late_max_seconds") == 0.003
    assert value("hb_takeover_seconds_bucket", phase="detect", le="1") == 0
    assert value("hb_takeover_seconds_bucket", phase="detect", le="2.5") == 1
    assert value("hb_takeover_seconds_sum", phase="total") == 1.01209
    assert value("hb_takeover_seconds_count", phase="add") == 1


def test_standby_is_shown_as_maintenance(numbers: dict[str, Any]) -> None:
    numbers["status"]["standby"] = ["10.0.0.9"]
    found = samples(render(numbers))
    assert found["hb_maintenance", frozenset({("resource", "10.0.0.9")})] == 1
    del numbers["status"]["standby"]  # the classic dialect has no such mark
    assert samples(render(numbers))["hb_maintenance", frozenset({("resource", "10.0.0.9")})] == 0


def test_labels_are_escaped() -> None:
    page = Exposition()
    page.family("x", "gauge", "back\\slash\nline.", [({"a": 'q"b\\s\nl'}, 1.5)])
    assert page.text() == '# HELP x back\\\\slash\\nline.\n# TYPE x gauge\nx{a="q\\"b\\\\s\\nl"} 1.5\n'


def test_a_daemon_that_is_down_has_one_sample_only() -> None:
    assert samples(down()) == {("hb_up", frozenset()): 0.0}


# --- getting it out ----------------------------------------------------------------------------------------


def test_without_a_daemon_the_page_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["metrics", "--runtime-dir", str(tmp_path)]) == NOT_RUNNING
    assert capsys.readouterr().out == down()


def test_a_textfile_without_a_daemon_says_so_too(tmp_path: Path) -> None:
    path = tmp_path / "heartbeat.prom"
    path.write_text("hb_up 1\n")
    assert main(["metrics", "--runtime-dir", str(tmp_path), "--textfile", str(tmp_path)]) == NOT_RUNNING
    assert path.read_text() == down()
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [found.name for found in tmp_path.iterdir()] == ["heartbeat.prom"]


def test_a_daemon_whose_answer_is_of_no_use_is_down(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ask", lambda *_arguments: {"ok": False, "text": "unknown command"})
    assert command.page("/nowhere") == (False, down())
    assert "of no use" in capsys.readouterr().err

    def hang(*_arguments: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr(command, "ask", hang)
    assert command.page("/nowhere") == (False, down())


def test_a_textfile_that_cannot_be_written_is_said_and_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["metrics", "--runtime-dir", str(tmp_path), "--textfile", str(tmp_path / "missing")]) == DEGRADED
    assert "cannot write into" in capsys.readouterr().err
    path = tmp_path / "heartbeat.prom"
    path.write_text("old\n")

    def full(_source: str, _target: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command.os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        command.write_textfile(str(tmp_path), "new\n")
    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [("heartbeat.prom", "old\n")]


@pytest.mark.parametrize("text", ["9694", "127.0.0.1", "127.0.0.1:http", "127.0.0.1:70000"])
def test_an_address_to_listen_on_has_a_port(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["metrics", "--listen", text])
    assert ended.value.code == USAGE
    assert "ADDRESS:PORT" in capsys.readouterr().err


@pytest.fixture(params=["127.0.0.1", "::1"])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with make_server((request.param, 0), down) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        host = f"[{request.param}]" if ":" in request.param else request.param
        yield f"http://{host}:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_http_serves_one_page(url: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _scrape in range(3):
        with opener.open(f"{url}/metrics", timeout=10) as answer:
            assert answer.headers["Content-Type"] == CONTENT_TYPE
            assert answer.read().decode() == down()
    with pytest.raises(urllib.error.HTTPError) as refused:
        opener.open(f"{url}/", timeout=10)
    assert refused.value.code == 404
    refused.value.close()
