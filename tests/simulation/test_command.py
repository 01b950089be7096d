# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``heartbeat simulate`` with an operator's own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from heartbeat.cli.main import main
from heartbeat.core import reconcile

HA_CF = """\
keepalive 200ms
deadtime 1
warntime 500ms
initdead 10
udpport 694
bcast eth1
auto_failback off
node alpha beta
"""


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> Path:
    (tmp_path / "ha.cf").write_text(HA_CF)
    (tmp_path / "authkeys").write_text("auth 1\n1 sha256 nobodyknows\n")
    (tmp_path / "authkeys").chmod(0o600)
    (tmp_path / "haresources").write_text("alpha IPaddr::10.0.0.9/24/eth0\n")
    return tmp_path


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("--kill", "taken because alpha, which held it, fell silent"),
        ("--stop", "taken over from alpha, which hands it over"),
        ("--freeze", "taken because alpha, which held it, fell silent"),
    ],
)
def test_one_fault_is_predicted(files: Path, capsys: pytest.CaptureFixture[str], fault: str, why: str) -> None:
    args = ["simulate", "--config-dir", str(files), fault, "alpha", "--at", "1500ms", "--loss", "5%"]
    assert main(args) == 0
    printed = capsys.readouterr().out
    assert why in printed
    assert printed.splitlines()[-1] == "IPaddr::10.0.0.9/24/eth0: alpha -> beta; in the end on beta"
    assert main(args) == 0
    assert capsys.readouterr().out == printed  # the same seed, the same run


def test_random_schedules(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--config-dir", str(files), "--schedules", "3", "--wire"]) == 0
    assert capsys.readouterr().out.startswith("3 schedules, ")


def test_a_failing_schedule_is_printed_in_its_smallest_form(
    files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "outranks", lambda peer, me: False)
    assert main(["simulate", "--config-dir", str(files)]) == 1
    printed = capsys.readouterr().out
    assert "the smallest schedule that still fails:" in printed
    assert "hear each other and both keep" in printed


def test_mistakes(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--config-dir", str(files), "--kill", "gamma"]) == 2
    assert "gamma is not a node of ha.cf: alpha, beta" in capsys.readouterr().err
    (files / "haresources").write_text("gamma 10.0.0.9\n")
    assert main(["simulate", "--config-dir", str(files)]) == 6
    assert "haresources:1:1" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--at", "soon"], ["--loss", "120%"], ["--kill", "alpha", "--stop", "alpha"]])
def test_wrong_words_are_usage_errors(files: Path, wrong: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["simulate", "--config-dir", str(files), *wrong])
