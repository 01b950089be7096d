# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's archive of Tomcat, with a program that answers in Maven's place and knows one version."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from steadfast_lab import tomcat
from steadfast_lab.errors import LabError

MAVEN = """#!/bin/sh
for word; do case $word in -DoutputDirectory=*) place=${word#*=};; -Dartifact=*) what=${word#*=};; esac; done
echo "$what" >> "$XDG_CACHE_HOME/asked"
[ "$what" = org.apache.tomcat:tomcat:9.0.1:tar.gz ] || { echo "no $what" >&2; exit 1; }
echo "$what" > "$place/tomcat-9.0.1.tar.gz"
"""


@pytest.fixture
def maven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Maven that writes what it was asked for; returns the file, too, in which it notes that."""
    program = tmp_path / "bin" / "mvn"
    program.parent.mkdir()
    program.write_text(MAVEN)
    program.chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return tmp_path / "asked"


def test_an_archive_is_fetched_once(maven: Path) -> None:
    first, second = tomcat.archive("9.0.1"), tomcat.archive("9.0.1")
    assert maven.read_text() == "org.apache.tomcat:tomcat:9.0.1:tar.gz\n"
    assert first == second
    content = Path(first["path"]).read_bytes()
    assert content == b"org.apache.tomcat:tomcat:9.0.1:tar.gz\n"
    assert first["checksum"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert first["version"] == "9.0.1"


def test_nothing_is_kept_of_a_fetch_that_failed(maven: Path) -> None:
    with pytest.raises(LabError, match=r"no org\.apache\.tomcat"):
        tomcat.archive("9.0.2")
    assert not list(maven.parent.glob("steadfast-ha/tomcat/*.tar.gz"))
