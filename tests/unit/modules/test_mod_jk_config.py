# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module mod_jk_config, run by Ansible on folders as EL has them, with a program that looks where it was led."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
APACHE = """\
#!/bin/sh
# called as apache -t -d FOLDER -f MAIN; objects to what the live folder would be read for
folder=$3 main=$5
grep -qx "ServerRoot \\"$folder\\"" "$main" || { echo "AH1: ServerRoot is $(grep ServerRoot "$main")"; exit 1; }
[ -e "$folder/modules/mod_jk.so" ] || { echo "AH2: no module behind $(readlink "$folder/modules")"; exit 1; }
[ "$(cat "$folder/conf.d/link.conf")" = inside ] || { echo "AH3: link.conf"; exit 1; }
grep -h JkMout "$folder"/conf.d/*.conf && exit 1
exit 0
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder httpd, and what its links lead to."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "mod_jk.so").touch()
    root = tmp_path / "etc" / "httpd"
    for folder in ("conf", "conf.d", "steadfast"):
        (root / folder).mkdir(parents=True)
    (root / "conf" / "httpd.conf").write_text(f'# main\nServerRoot "{root}"\n')
    (root / "conf.d" / "own.conf").write_text("inside")
    (root / "conf.d" / "link.conf").symlink_to("own.conf")
    (root / "modules").symlink_to("../../lib")
    program = tmp_path / "httpd"
    program.write_text(APACHE)
    program.chmod(0o755)
    return tmp_path


def run(place: Path, files: dict[str, str], **more: str) -> dict[str, Any]:
    """What the module answers."""
    arguments = {
        "root": str(place / "etc" / "httpd"),
        "main_file": "conf/httpd.conf",
        "binary": str(place / "httpd"),
        "environment_file": "",
        "unit": "nobody-has-this.service",
        "files": files,
        **more,
    }
    told = ["--module-name", "steadfast.ha.mod_jk_config", "--args", json.dumps(arguments)]
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible"), "localhost", *told, "--one-line"],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found: dict[str, Any] = json.loads(done.stdout.split("=>", 1)[1])
    return found


def test_the_copy_is_tested_and_nothing_of_the_live_folder(place: Path) -> None:
    before = (place / "etc" / "httpd" / "conf" / "httpd.conf").read_text()
    found = run(place, {"conf.d/steadfast-shop.conf": "JkMount /* loadbalancer\n"})
    assert (found["errors"], found["tested"], found["action"]) == ([], True, "start")
    assert (place / "etc" / "httpd" / "conf" / "httpd.conf").read_text() == before
    assert not (place / "etc" / "httpd" / "conf.d" / "steadfast-shop.conf").exists()


def test_what_apache_objects_to_is_told(place: Path) -> None:
    found = run(place, {"conf.d/steadfast-shop.conf": "JkMout /* loadbalancer\n"})
    assert found["errors"] == ["JkMout /* loadbalancer"]


def test_without_mod_jk_there_is_nothing_that_could_test(place: Path) -> None:
    files = {"conf.d/steadfast-shop.conf": "JkMout /* loadbalancer\n"}
    found = run(place, files, jk=str(place / "lib" / "mod_jk-0.so"))
    assert (found["errors"], found["tested"]) == ([], False)
    found = run(place, files, jk=str(place / "lib" / "mod_jk.so"))
    assert found["errors"] == ["JkMout /* loadbalancer"]
