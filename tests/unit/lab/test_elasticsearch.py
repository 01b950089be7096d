# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's Elasticsearch archive without Maven: how it is packed, and what its start script makes of options."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from steadfast_lab import elasticsearch
from steadfast_lab.errors import LabError


def test_an_archive_is_the_same_whenever_it_is_packed(tmp_path: Path) -> None:
    tree = tmp_path / "elasticsearch-1"
    tree.mkdir()
    (tree / "file").write_text("content")
    elasticsearch._pack(tree, tmp_path / "first")
    os.utime(tree / "file", (1, 1))
    elasticsearch._pack(tree, tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    (tree / "file").write_text("other")
    elasticsearch._pack(tree, tmp_path / "third")
    assert (tmp_path / "first").read_bytes() != (tmp_path / "third").read_bytes()


def test_a_machine_without_maven_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError, match="apt-get install maven"):
        elasticsearch.archive()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A tree with the start script, and a java that tells its version and how it was called."""
    for name in ("bin", "config/jvm.options.d", "java/bin"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "config" / "elasticsearch.yml").write_text("")
    script = tmp_path / "bin" / "elasticsearch"
    script.write_bytes((elasticsearch.PARTS / "launch").read_bytes())
    java = tmp_path / "java" / "bin" / "java"
    told = """echo 'openjdk version "17.0.1" 2021' >&2"""
    java.write_text(f'#!/bin/sh\nif [ "$1" = -version ]; then {told}; else printf "%s\\n" "$@"; fi\n')
    for path in (script, java):
        path.chmod(0o755)
    return tmp_path


def called(home: Path, *words: str, options: str, more: str = "") -> list[str]:
    (home / "config" / "jvm.options").write_text(options)
    (home / "config" / "jvm.options.d" / "own.options").write_text(more)
    environment = {**os.environ, "ES_JAVA_HOME": str(home / "java"), "ES_TMPDIR": str(home)}
    done = subprocess.run(
        [home / "bin" / "elasticsearch", *words], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_options_are_taken_for_this_version_of_java_only(home: Path) -> None:
    options = "# none\n8-13:-XX:Old\n14-:-XX:New\n17:-XX:Exact\n18-:-XX:Newer\n9-17:-XX:Upto\n-Dplain=${ES_TMPDIR}\n"
    found = called(home, "-Ekey=value", options=options, more="-Xmx300m\n")
    wanted = ["-XX:New", "-XX:Exact", "-XX:Upto", f"-Dplain={home}", "-Xmx300m"]
    assert [word for word in found if word in wanted] == wanted
    assert not {"-XX:Old", "-XX:Newer"} & set(found)
    assert not [word for word in found if word.startswith("-Xms")]
    assert found[-2:] == ["org.elasticsearch.bootstrap.Elasticsearch", "-Ekey=value"]


def test_without_a_word_about_the_heap_it_is_half_of_the_memory(home: Path) -> None:
    total = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal"))
    half = int(total.split()[1]) // 2048
    found = called(home, options="")
    assert {f"-Xms{half}m", f"-Xmx{half}m"} <= set(found)


def test_without_a_configuration_it_says_so(home: Path) -> None:
    (home / "config" / "elasticsearch.yml").unlink()
    with pytest.raises(subprocess.CalledProcessError) as caught:
        called(home, options="")
    assert "can't be read" in caught.value.stderr
