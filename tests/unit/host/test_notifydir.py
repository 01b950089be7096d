# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of notify.d are called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from heartbeat.host.notifydir import Found, find_hooks


def put(directory: Path, name: str, mode: int = 0o755) -> str:
    path = directory / "notify.d" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return str(path)


def test_no_directory_no_hooks(tmp_path: Path) -> None:
    assert find_hooks(str(tmp_path)) == Found()


def test_by_name_and_only_programs(tmp_path: Path) -> None:
    last, first = put(tmp_path, "90-mail.py"), put(tmp_path, "10-script", 0o700)
    put(tmp_path, "README", 0o644)
    (tmp_path / "notify.d" / "50-folder").mkdir()
    assert find_hooks(str(tmp_path)) == Found((first, last))


@pytest.mark.parametrize("name", [".hidden", "mail~", "mail.bak", "mail.rpmsave", "mail.dpkg-old", "mail.swp"])
def test_leftovers_of_editors_and_packages_are_none(tmp_path: Path, name: str) -> None:
    put(tmp_path, name)
    assert find_hooks(str(tmp_path)) == Found()


@pytest.mark.parametrize("mode", [0o775, 0o757])
def test_what_others_may_change_is_not_called_and_that_is_said(tmp_path: Path, mode: int) -> None:
    good, bad = put(tmp_path, "10-good"), put(tmp_path, "20-bad", mode)
    found = find_hooks(str(tmp_path))
    assert found.hooks == (good,)
    (problem,) = found.problems
    assert problem == f"{bad} may be changed by others than its owner (mode {mode:04o}): it is not called"


def test_a_directory_that_others_may_change_holds_no_hooks(tmp_path: Path) -> None:
    put(tmp_path, "10-good")
    (tmp_path / "notify.d").chmod(0o777)
    found = find_hooks(str(tmp_path))
    assert found.hooks == ()
    assert "no hook in it is called" in found.problems[0]


@pytest.mark.needs_root
def test_what_belongs_to_somebody_else_is_not_called(tmp_path: Path) -> None:
    path = put(tmp_path, "10-theirs")
    if os.geteuid() != 0:
        pytest.skip("needs root")
    os.chown(path, 65534, 65534)
    assert find_hooks(str(tmp_path)).problems == (f"{path} belongs to user 65534, not to root: it is not called",)


def test_a_dangling_link_is_said(tmp_path: Path) -> None:
    put(tmp_path, "10-good")
    (tmp_path / "notify.d" / "20-gone").symlink_to(tmp_path / "nowhere")
    assert "20-gone is not called: No such file" in find_hooks(str(tmp_path)).problems[0]
