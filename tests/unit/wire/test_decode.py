# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The decode command against every recorded datagram, and against files that are none."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from heartbeat.cli import decode


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run the command; returns (exit code, one parsed object per line, stderr)."""

    def call(*arguments: object) -> tuple[int, list[Any], str]:
        parser = argparse.ArgumentParser()
        decode.add_parser(parser.add_subparsers())
        args = parser.parse_args(["decode", *map(str, arguments)])
        code = args.func(args)
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return call


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "authkeys"
    path.write_text("auth 1\n1 sha1 SpecSecretOne\n", encoding="ascii")
    return path


def test_every_recorded_datagram(run: Any, recorded: Any, vectors: Path, tmp_path: Path) -> None:
    for name, files in recorded.runs.items():
        keys = tmp_path / name
        keys.write_text(files["authkeys"], encoding="ascii")
        packets = [packet for packet in recorded.packets if packet.run == name]
        code, lines, err = run("--authkeys", keys, *(vectors / packet.file for packet in packets))
        assert (code, err, len(lines)) == (0, "", len(packets))
        for packet, line in zip(packets, lines):
            assert list(line) == ["file", "ok", "error", "auth", "compressed", "fields"]
            assert (line["file"], line["ok"], line["error"]) == (str(vectors / packet.file), True, None)
            method = {"v-md5": "md5", "v-crc": "crc"}.get(name, "sha1")
            key_id = int(packet.facts.get("outer_auth", "1 ").split()[0])
            assert line["auth"] == {"id": key_id, "method": method, "valid": True}
            if packet.kind == "compressed":
                assert line["compressed"] == "zlib"
                assert list(line["fields"])[:2] == ["t", "f0"]
                assert len(line["fields"]["f5"]) == 400
                continue
            assert line["compressed"] is None
            assert list(line["fields"]) == [fact["name"] for fact in packet.facts["fields"]]
            for fact in packet.facts["fields"]:
                shown, cut, _ = fact.get("value", fact.get("hex")).partition("...(")
                value = line["fields"][fact["name"]]
                assert value.startswith(shown) if cut else value == shown


def test_one_bad_file_does_not_hide_the_others(run: Any, keys: Path, vectors: Path, tmp_path: Path) -> None:
    good = vectors / "0001-tl-main-status-init.bin"
    broken = tmp_path / "broken"
    broken.write_bytes(good.read_bytes().replace(b"st=init", b"st=dead"))
    code, lines, _ = run("--authkeys", keys, broken, tmp_path / "absent", good)
    assert code == 1
    assert [line["ok"] for line in lines] == [False, False, True]
    assert lines[0]["error"] == "the digest does not match key id 1"
    assert lines[0]["auth"] == {"id": 1, "method": "sha1", "valid": False}
    assert lines[0]["fields"]["st"] == "dead"  # shown, though nobody should believe it
    assert lines[1]["error"] == "No such file or directory"


def test_unknown_key(run: Any, keys: Path, vectors: Path) -> None:
    code, (line,), _ = run("--authkeys", keys, vectors / "0245-v-md5-status-active.bin")
    assert code == 1
    assert line["auth"] == {"id": 3, "method": None, "valid": False}
    assert "not in authkeys" in line["error"]


@pytest.mark.parametrize(
    "content", [b"", b"noise", b"#" * 70000, b"###\n%%%\n", b">>>\n<<<\n", b"###\n\xff%%%\n3:1 0,"]
)
def test_what_is_no_datagram(run: Any, keys: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    code, (line,), err = run("--authkeys", keys, path)
    assert (code, line["ok"], line["auth"]["valid"], err) == (1, False, False, "")
    assert line["error"]


def test_unusable_keys(run: Any, tmp_path: Path, vectors: Path) -> None:
    keys = tmp_path / "authkeys"
    code, lines, err = run("--authkeys", keys, vectors / "0001-tl-main-status-init.bin")
    assert (code, lines) == (6, [])
    assert "No such file" in err
    keys.write_text("auth 1\n1 sha9 x\n", encoding="ascii")
    code, lines, err = run("--authkeys", keys, vectors / "0001-tl-main-status-init.bin")
    assert (code, lines) == (6, [])
    assert ":2:3: error:" in err


def test_keys_are_read_as_the_daemon_reads_them(run: Any, keys: Path, tmp_path: Path, vectors: Path) -> None:
    pasted = tmp_path / "pasted"
    pasted.write_bytes(b"\xef\xbb\xbf" + keys.read_bytes().replace(b"\n", b"\r\n"))
    datagram = vectors / "0001-tl-main-status-init.bin"
    assert run("--authkeys", pasted, datagram)[1][0]["auth"] == run("--authkeys", keys, datagram)[1][0]["auth"]
    assert run("--authkeys", pasted, datagram)[1][0]["auth"]["method"] is not None
