# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role mod_jk's own tasks build a module where an earlier run was interrupted."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
import tarfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROLE = HERE.parents[2] / "roles" / "mod_jk"

spec = importlib.util.spec_from_file_location("roles_conftest", HERE / "conftest.py")
assert spec is not None
assert spec.loader is not None
conftest = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conftest)

CONFIGURE = """\
#!/bin/sh
mkdir -p apache-2.0/.libs
printf 'all:\\n\\techo built > apache-2.0/.libs/mod_jk.so\\n' > Makefile
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="the role gives files to root")
@pytest.mark.parametrize(
    "left",
    ["native/configure", "native/Makefile", "native/apache-2.0/.libs/mod_jk.so"],
    ids=lambda path: Path(path).name,
)
def test_what_an_interrupted_run_left_is_not_built_on(tmp_path: Path, left: str) -> None:
    source = tmp_path / "tomcat-connectors" / "native"
    source.mkdir(parents=True)
    (source / "configure").write_text(CONFIGURE)
    (source / "configure").chmod(0o755)
    with tarfile.open(tmp_path / "source.tar.gz", "w:gz") as archive:
        archive.add(source.parent, arcname="tomcat-connectors")
    half = tmp_path / "build" / left
    half.parent.mkdir(parents=True)
    half.touch()
    digest = hashlib.sha256((tmp_path / "source.tar.gz").read_bytes()).hexdigest()
    given = {"role": str(ROLE), "folder": str(tmp_path), "digest": digest}
    done = conftest.ansible_playbook(
        "--inventory", "localhost,", HERE / "mod_jk" / "source.yml", "--extra-vars",
        json.dumps({**given, "ansible_python_interpreter": sys.executable}), cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "mod_jk.so").read_text() == "built\n"
