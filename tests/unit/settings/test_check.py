# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command: exit codes, streams, JSON. And the real machine behind it."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from heartbeat.cli import check
from heartbeat.settings.this_machine import ThisMachine

Write = Callable[..., str]
LO = "node node1 node2\nbcast lo\nauto_failback on\n"


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    check.add_parser(parser.add_subparsers())
    args = parser.parse_args(["check", *words])
    return int(args.func(args))


def test_valid(directory: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = directory(LO, haresources="node1 10.0.0.9/24/lo\n")
    assert run("--config-dir", path, "--node-name", "node1") == 0
    out, err = capsys.readouterr()
    assert (out, err) == (f"{path}: the configuration is valid (2 nodes, 1 group; 0 warnings)\n", "")


def test_another_machine_only_warns(directory: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = directory("node node1 node2\nbcast nosuch0\nauto_failback on\n", haresources="node1 10.0.0.9/24/nosuch1\n")
    assert run("--config-dir", path) == 0
    out, err = capsys.readouterr()
    assert [line.split(": ")[1] for line in err.splitlines()] == ["warning"] * 3
    assert out.endswith("3 warnings)\n")


def test_live_is_strict(directory: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = directory("node node1 node2\nbcast nosuch0\nauto_failback on\n")
    assert run("--config-dir", path, "--live") == 6
    assert "interface 'nosuch0' does not exist here" in capsys.readouterr().err


def test_errors(directory: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = directory(LO + "keepalve 2\ncrm on\n", "auth 2\n", "node1 10.0.0.300\n")
    assert run("--config-dir", path, "--node-name", "node1") == 6
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[0] == f"{path}/ha.cf:4:1: error: unknown directive 'keepalve' (did you mean 'keepalive'?)"
    assert [line.split(": ")[0] for line in lines[1:4]] == [
        f"{path}/ha.cf:5:5",
        f"{path}/authkeys:1:6",
        f"{path}/haresources:1:7",
    ]
    assert lines[4] == f"{path}: 4 errors, 0 warnings; the configuration is not valid"


def test_missing_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--config-dir", str(tmp_path / "none")) == 6
    assert len(capsys.readouterr().err.splitlines()) == 4


def test_authkeys_that_others_can_read(directory: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = directory(LO)
    (Path(path) / "authkeys").chmod(0o644)
    assert run("--config-dir", path, "--node-name", "node1") == 6
    assert f"{path}/authkeys:1:1: error: others can read the keys (mode 0644): chmod 600" in capsys.readouterr().err


def test_json(directory: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = directory(LO, haresources="node1 10.0.0.9/24/lo\n")
    assert run("--config-dir", path, "--node-name", "node1", "--json") == 0
    good = json.loads(capsys.readouterr().out)
    assert (good["ok"], good["errors"], good["warnings"], good["diagnostics"]) == (True, 0, 0, [])
    assert (good["schema_version"], good["config_dir"]) == (1, path)
    assert (len(good["configuration_hash"]), len(good["cluster_hash"])) == (64, 64)

    (Path(path) / "haresources").write_text("nod1 10.0.0.9/24/lo\n")
    assert run("--config-dir", path, "--node-name", "node1", "--json") == 6
    out, err = capsys.readouterr()
    bad = json.loads(out)
    assert (bad["ok"], bad["configuration_hash"]) == (False, None)
    (found,) = bad["diagnostics"]
    assert (found["file"], found["line"], found["column"]) == (f"{path}/haresources", 1, 1)
    assert (found["severity"], found["word"], found["nearest"]) == ("error", "nod1", "node1")
    assert err.startswith(f"{path}/haresources:1:1: error: ")


def test_terminal_without_utf_8(directory: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    assert run("--config-dir", directory(LO + "关键字 2\n"), "--node-name", "node1") == 6
    assert b"\\u5173" in raw.getvalue()


def test_secrets_stay_out_of_every_stream(directory: Write, capsys: pytest.CaptureFixture[str]) -> None:
    path = directory(LO, "auth 1\n1 Tr0ub4dor sha1\n2 sha1 Tr0ub4dor extra\n")
    assert run("--config-dir", path, "--json") == 6
    assert "Tr0ub4dor" not in "".join(capsys.readouterr())


def test_this_machine() -> None:
    machine = ThisMachine()
    assert "lo" in machine.interfaces()
    found = {(address.ip, address.label) for address in machine.addresses()}
    assert ("127.0.0.1", "lo") in found
    assert machine.user_exists("root")
    assert not machine.user_exists("no-such-user-9")
    assert machine.is_executable(os.path.realpath("/bin/sh"))
    assert not machine.is_executable("/etc")
    assert not machine.is_executable("/no\0such")
    assert not machine.has_unit("no-such-unit-9.service")
    assert all("/" in network.network and network.device for network in machine.networks())
    assert machine.service_names() is not None
