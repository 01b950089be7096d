# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module elasticsearch_keystore, run by Ansible, with a tool that notes how it is called and keeps lines."""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
TOOL = """\
#!/bin/sh
# name=secret, one a line
printf '%s\\n' "$*" >>"$ES_PATH_CONF/called"
file=$ES_PATH_CONF/elasticsearch.keystore
case $1 in
create) echo keystore.seed=x >"$file" ;;
list) sed 's/=.*//' "$file" ;;
show) sed -n "s/^$2=//p" "$file" ;;
remove) sed -i "/^$2=/d" "$file" ;;
add) sed -i "/^$4=/d" "$file"; printf '%s=%s\\n' "$4" "$(cat)" >>"$file" ;;
esac
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """home/bin with the tool, and an empty folder conf."""
    tool = tmp_path / "home" / "bin" / "elasticsearch-keystore"
    tool.parent.mkdir(parents=True)
    tool.write_text(TOOL)
    tool.chmod(0o755)
    (tmp_path / "conf").mkdir()
    return tmp_path


def run(place: Path, settings: dict[str, str], *more: str) -> dict[str, Any]:
    """What the module answers, as Ansible prints it."""
    arguments = {
        "home": str(place / "home"),
        "config_dir": str(place / "conf"),
        "owner": getpass.getuser(),
        "settings": settings,
    }
    told = ["--module-name", "steadfast.ha.elasticsearch_keystore", "--args", json.dumps(arguments)]
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible"), "localhost", *told, "--one-line", *more],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "=>" in done.stdout, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.partition("=>")[2])
    return answer


def test_secrets_come_by_standard_input_and_a_second_run_changes_nothing(place: Path) -> None:
    wanted = {"bootstrap.password": "correct horse", "s3.client.default.secret_key": "battery=staple"}
    assert run(place, wanted, "--check")["changed"]
    assert not (place / "conf" / "elasticsearch.keystore").exists()

    answer = run(place, wanted)
    assert answer["changed"]
    assert "horse" not in json.dumps(answer)
    kept = (place / "conf" / "elasticsearch.keystore").read_text().splitlines()
    assert kept == [
        "keystore.seed=x",
        "bootstrap.password=correct horse",
        "s3.client.default.secret_key=battery=staple",
    ]
    called = (place / "conf" / "called").read_text()
    assert "horse" not in called
    assert "staple" not in called

    assert not run(place, wanted)["changed"]
    assert run(place, {"bootstrap.password": ""})["changed"]
    assert "bootstrap" not in (place / "conf" / "elasticsearch.keystore").read_text()


def test_an_installation_without_the_tool_is_named(place: Path) -> None:
    (place / "home" / "bin" / "elasticsearch-keystore").unlink()
    assert run(place, {"a": "b"}, "--check")["changed"]
    assert "has no keystore tool" in run(place, {"a": "b"})["msg"]
