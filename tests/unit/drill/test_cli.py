# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drill.cli import main
from drill.report.files import write_report

Make = Callable[..., dict[str, Any]]


def test_the_verdict_is_the_exit_code(tmp_path: Path, make_run: Make, make_report: Make, capsys: Any) -> None:
    for name, gap_us, code in (("good", 100_000, 0), ("bad", 900_000, 1)):
        write_report(str(tmp_path / name), make_report(make_run(gap_us=gap_us)))
        assert main(["verdict", str(tmp_path / name / "report.json")]) == code
    unsure = make_report(make_run(budgets={"*": {"lost_writes": 0}}))
    write_report(str(tmp_path / "unsure"), unsure)
    assert main(["verdict", str(tmp_path / "unsure" / "report.json")]) == 3
    assert "FAULT" in capsys.readouterr().out


def test_errors_are_sentences_not_traces(tmp_path: Path, capsys: Any) -> None:
    assert main(["verdict", str(tmp_path / "none.json")]) == 2
    (tmp_path / "spec.json").write_text(json.dumps({"run_id": "a", "probes": [{"name": "x", "kind": "tpc"}]}))
    assert main(["probe", "run", str(tmp_path / "spec.json"), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("drill: ")
    assert said[1] == "drill: probes[0] (x): unknown kind 'tpc' - did you mean 'tcp'?"


def test_render_writes_what_is_asked_for(tmp_path: Path, make_report: Make) -> None:
    write_report(str(tmp_path), make_report(), ())
    wanted = {kind: tmp_path / "out" / f"x.{kind}" for kind in ("html", "md", "junit", "svg")}
    flags = [text for kind, path in wanted.items() for text in (f"--{kind}", str(path))]
    assert main(["report", "render", str(tmp_path / "report.json"), *flags]) == 0
    assert all(path.stat().st_size > 500 for path in wanted.values())


def test_samples_become_a_run_of_the_report(tmp_path: Path, capsys: Any) -> None:
    header = {
        "t": "header",
        "format": 1,
        "run_id": "hand",
        "wall_ns": 10**18,
        "host": "c",
        "kernel": "k",
        "python": "3",
        "version": "0",
        "probes": [{"name": "vip", "kind": "icmp", "target": "::1", "interval_ms": 10, "timeout_ms": 50}],
    }
    rows = [[0, k, k * 10_000, 0, "timeout" if 50 <= k < 70 else "ok", 100] for k in range(200)]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [header, *rows]))
    (tmp_path / "n1.log").write_text("1000000000.520000 event=takeover reason=peer-dead\n")
    out = str(tmp_path / "report")
    command = [
        "report",
        "add",
        out,
        "--samples",
        str(tmp_path / "s.jsonl"),
        "--title",
        "Crash",
        "--fault",
        "power_off:n1",
    ]
    command += [
        "--at",
        "1000000000.5",
        "--budgets",
        '{"icmp": 150}',
        "--log",
        f"n1={tmp_path}/n1.log",
        "--log-format",
        "plain",
    ]
    assert main(command) == 1
    assert "outage 200 ms, 50 ms over the budget of 150 ms" in capsys.readouterr().out
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert [(event["at_us"], event["kind"]) for event in report["runs"][0]["events"]] == [
        (0, "power_off"),
        (20_000, "takeover"),
    ]


def test_comparison_is_printed_kept_and_decides(tmp_path: Path, make_run: Make, make_report: Make, capsys: Any) -> None:
    for name, gap_us in (("old", 400_000), ("new", 580_000)):
        write_report(str(tmp_path / name), make_report(make_run(gap_us=gap_us)))
    old, new = (str(tmp_path / name / "report.json") for name in ("old", "new"))
    assert main(["report", "compare", old, new, "--write"]) == 1
    assert capsys.readouterr().out.startswith("worse by 180 ms (Crash of the holder, vip-icmp)\n")
    assert "worse by 180 ms" in (tmp_path / "new" / "report.html").read_text()
    assert main(["report", "compare", new, old]) == 0


def test_help_needs_no_arguments_to_be_right(capsys: Any) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    assert "probe" in capsys.readouterr().out
