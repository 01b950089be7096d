# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and folders with their owners."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from redis_cluster.instance.place import Owner, folder, placed

MINE = Owner(os.getuid(), os.getgid(), 0o640)


def test_a_file_is_written_once_and_then_left_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "7000.conf")
    assert placed(path, "port 7000\n", MINE, is_check=True)
    assert not os.path.exists(path)
    assert placed(path, "port 7000\n", MINE, is_check=False)
    assert (tmp_path / "7000.conf").read_text() == "port 7000\n"
    assert os.stat(path).st_mode & 0o777 == 0o640
    assert not placed(path, "port 7000\n", MINE, is_check=False)
    assert placed(path, "port 7001\n", MINE, is_check=False)
    assert [each.name for each in tmp_path.iterdir()] == ["7000.conf"]


def test_permissions_are_put_right_and_contents_kept(tmp_path: Path) -> None:
    path = tmp_path / "redis.conf"
    path.write_text("written by CONFIG REWRITE\n")
    path.chmod(0o644)
    assert placed(str(path), "", MINE, is_check=False, replaces=False)
    assert path.read_text() == "written by CONFIG REWRITE\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert not placed(str(path), "", MINE, is_check=False, replaces=False)


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_words: object) -> None:
        raise PermissionError("no")

    monkeypatch.setattr(os, "chown", refuse)
    with pytest.raises(PermissionError):
        placed(str(tmp_path / "7000.conf"), "secret", MINE, is_check=False)
    assert list(tmp_path.iterdir()) == []


def test_a_folder(tmp_path: Path) -> None:
    path = str(tmp_path / "7000")
    assert folder(path, MINE, is_check=True)
    assert not os.path.exists(path)
    assert folder(path, MINE, is_check=False)
    assert not folder(path, MINE, is_check=False)
    os.chmod(path, 0o777)
    assert folder(path, MINE, is_check=False)
    assert os.stat(path).st_mode & 0o777 == 0o640
