# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules tomcat_instance and tomcat_info, run by Ansible beside programs that stand in for others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
#: Objects unless it has the Java and the classes of the instance, and is to speak English wherever the machine stands.
CATALINA = """\
#!/bin/sh
case "$LC_ALL $JAVA_OPTS" in
  "C.UTF-8 "*-Duser.language=en*) ;;
  *) echo "SEVERE: LC_ALL is '$LC_ALL', JAVA_OPTS are '$JAVA_OPTS'" ;;
esac
[ "$JAVA_HOME" = /opt/java ] || echo "SEVERE: JAVA_HOME is '$JAVA_HOME'"
[ -e "$CATALINA_BASE/lib/realm.jar" ] || echo "SEVERE: no realm.jar"
"""


def program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def run(folder: Path, module: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """What a module answers."""
    told = ["--module-name", f"steadfast.ha.{module}", "--args", json.dumps(arguments)]
    done = subprocess.run(
        [str(Path(sys.executable).parent / "ansible"), "localhost", *told, "--one-line"],
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    found: dict[str, Any] = json.loads(done.stdout.split("=>", 1)[1])
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="the test runs as the user of the instance")
def test_a_configuration_is_tested_with_the_java_and_the_classes_of_the_instance(tmp_path: Path) -> None:
    program(tmp_path / "systemctl", "#!/bin/sh\n")
    program(tmp_path / "bin" / "catalina.sh", CATALINA)
    base = tmp_path / "base"
    (base / "lib").mkdir(parents=True)
    (base / "lib" / "realm.jar").touch()
    arguments = {
        "name": "main",
        "base": str(base),
        "home": str(tmp_path),
        "files": {"conf/server.xml": '<Server port="-1"/>'},
        "java": {"JAVA_HOME": "/opt/java"},
        "user": "root",
    }
    found = run(tmp_path, "tomcat_instance", arguments)
    assert (found["tested"], found["errors"]) == (True, [])


@pytest.mark.skipif(os.geteuid() != 0, reason="the test runs as the user of the instance")
@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("WARNING: Match [Server/Valve] failed to set property [pasword] to [ses[a]me]", "set property [pasword]"),
        (
            "WARNING: [Rule]{Server} Setting property 'pasword' to 'sesame' did not find a matching property.",
            "Setting property 'pasword' did not find a matching property.",
        ),
    ],
    ids=["10", "9"],
)
def test_what_tomcat_could_not_set_is_told_by_its_name_only(tmp_path: Path, said: str, told: str) -> None:
    program(tmp_path / "systemctl", "#!/bin/sh\n")
    program(tmp_path / "bin" / "catalina.sh", f'#!/bin/sh\necho "{said}"\n')
    (tmp_path / "base" / "lib").mkdir(parents=True)
    files = {"conf/server.xml": '<Server port="-1"/>'}
    arguments = {"name": "main", "base": str(tmp_path / "base"), "home": str(tmp_path), "files": files, "user": "root"}
    (found,) = run(tmp_path, "tomcat_instance", arguments)["errors"]
    assert found.endswith(told)
    assert "ses" not in found


def test_an_instance_is_asked_again_for_so_many_seconds(tmp_path: Path) -> None:
    program(tmp_path / "systemctl", f"#!/bin/sh\necho >> {tmp_path}/asked\nexit 3\n")
    arguments = {"name": "main", "address": "127.0.0.1", "port": 1, "secret": "not asked for", "timeout": 2}
    found = run(tmp_path, "tomcat_info", arguments)
    assert found["problems"] == ["steadfast-tomcat@main.service is not active"]
    assert 2 <= len((tmp_path / "asked").read_text().splitlines()) <= 3
