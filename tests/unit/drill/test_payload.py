# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

from drill.probe.payload import build_payload


def test_the_same_code_packs_to_the_same_bytes() -> None:
    import drill.probe.follow
    import drill.probe.rundir  # noqa: F401

    assert build_payload() == build_payload()
    names = zipfile.ZipFile(io.BytesIO(build_payload())).namelist()
    assert "__main__.py" in names
    assert "drill/probe/runner.py" in names
    assert not [name for name in names if "rundir" in name or "payload" in name or "report" in name]


def test_the_packed_program_needs_nothing_but_python(tmp_path: Path) -> None:
    program = tmp_path / "probe.pyz"
    program.write_bytes(build_payload())
    done = subprocess.run(
        [sys.executable, "-I", str(program)], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60
    )
    assert (done.returncode, done.stderr) == (2, "usage: probe.pyz RUN_DIRECTORY\n")
