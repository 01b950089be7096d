# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Machines of the lab keep what Python compiles out of the zip files that Ansible sends."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parents[3] / "molecule" / "lab" / "inside"
Say = Callable[..., str]


@pytest.fixture(name="say")
def _say(tmp_path: Path) -> Say:
    """Run a module `words` of a given source out of a zip file; return what it says."""

    def say(source: str, archive: str = "one.zip", folder: str = str(tmp_path)) -> str:
        with zipfile.ZipFile(tmp_path / archive, "w") as packed:
            packed.writestr("words.py", source)
        environment = {"PYTHONPATH": f"{HERE}:{tmp_path / archive}", "LAB_BYTECODE": folder}
        command = [sys.executable, "-c", "import words"]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    return say


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("words.py-*"))


def test_is_kept_once_and_used_from_another_archive(say: Say, tmp_path: Path) -> None:
    assert say("print('first')") == "first\n"
    (file,) = kept(tmp_path)

    # what is used is what was kept: an edit of it shows
    file.write_bytes(file.read_bytes().replace(b"first", b"again"))
    assert say("print('first')", archive="two.zip") == "again\n"
    assert kept(tmp_path) == [file]


def test_another_source_is_compiled_anew(say: Say, tmp_path: Path) -> None:
    assert say("print('first')") == "first\n"
    assert say("print('other')") == "other\n"
    assert len(kept(tmp_path)) == 2


def test_a_broken_file_is_written_again(say: Say, tmp_path: Path) -> None:
    say("print('first')")
    (file,) = kept(tmp_path)
    file.write_bytes(b"")
    assert say("print('first')") == "first\n"
    assert file.read_bytes()


@pytest.mark.parametrize("folder", ["", "/nonexistent"])
def test_without_a_folder_nothing_is_kept(say: Say, folder: str, tmp_path: Path) -> None:
    assert say("print('first')", folder=folder) == "first\n"
    assert kept(tmp_path) == []
