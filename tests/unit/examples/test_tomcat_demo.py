# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo application is built from its sources, always to the same bytes, and is what the roles take it for."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from tomcat.war import inspect

DEMO = Path(__file__).resolve().parents[3] / "examples" / "tomcat_demo"


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The build program, without the compiler, which is where Tomcat is."""
    spec = importlib.util.spec_from_file_location("tomcat_demo_build", DEMO / "build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "classes", lambda _jar, _place: {"WEB-INF/classes/steadfast/demo/Counter.class": b"x"})
    return module


def test_the_same_sources_are_the_same_bytes(build: ModuleType, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        build.main([str(tmp_path / name), "--servlet-api", "none"])
    archives = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert archives == ["broken.war", "demo-1.war", "demo-2.war", "local.war"]
    for name in archives:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_sessions_travel_unless_they_are_to_stay(build: ModuleType, tmp_path: Path) -> None:
    build.main([str(tmp_path), "--servlet-api", "none"])
    assert inspect(str(tmp_path / "demo-1.war")).is_distributable
    assert not inspect(str(tmp_path / "local.war")).is_distributable
    with zipfile.ZipFile(tmp_path / "demo-2.war") as archive:
        assert "<param-value>2</param-value>" in archive.read("WEB-INF/web.xml").decode()
        assert {"index.jsp", "test.jsp"} < set(archive.namelist())


def test_a_broken_one_looks_whole_until_tomcat_starts_it(build: ModuleType, tmp_path: Path) -> None:
    build.main([str(tmp_path), "--servlet-api", "none"])
    found = inspect(str(tmp_path / "broken.war"))
    assert (found.errors, found.is_distributable) == ([], True)
    with zipfile.ZipFile(tmp_path / "broken.war") as archive:
        assert "NobodyKnows" in archive.read("WEB-INF/web.xml").decode()


def test_without_a_compiler_it_says_what_to_install(build: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build.shutil, "which", lambda _name: None)
    with pytest.raises(SystemExit, match="libtomcat10-java"):
        build.compiler()


def test_root_builds_in_a_folder_that_nobody_else_can_have_made() -> None:
    text = (DEMO / "build.yml").read_text(encoding="utf-8")
    (play,) = yaml.safe_load(text)
    assert "ansible.builtin.tempfile" in play["tasks"][1]
    assert "/tmp" not in text
    assert play["tasks"][3]["ansible.builtin.command"]["argv"][0] == "{{ demo_place.path }}/sources/build.py"
