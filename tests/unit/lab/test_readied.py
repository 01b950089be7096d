# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python that machines of the lab keep ready does what a Python that is started for each task does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from steadfast_lab import readied

SCRIPT = Path(readied.__file__).parents[1] / "inside" / "readied.py"
LIBRARIES = readied.libraries()


@pytest.fixture(name="here")
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """This machine as one of the lab's; the pid of what counts as its init."""
    address = tmp_path / "run" / "readied"

    def start(_pid: int, _command: list[str]) -> None:
        subprocess.run([sys.executable, str(SCRIPT), str(address), str(LIBRARIES)], check=True)

    monkeypatch.setattr(readied, "ADDRESS", str(address))
    monkeypatch.setattr(readied, "run_in", start)
    yield os.getpid()
    for pid in listeners(address):
        os.kill(pid, signal.SIGTERM)


def listeners(address: Path) -> list[int]:
    """The processes that were started to listen there, without what they have forked: that may take a while to end."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.fsencode(address) in (folder / "cmdline").read_bytes().split(b"\0"):
                parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(") ")[2].split()[1])
        except OSError:
            continue
    return [pid for pid, parent in parents.items() if parent not in parents]


def answers(address: str) -> bool:
    """Whether somebody listens there."""
    with socket.socket(socket.AF_UNIX) as caller:
        return caller.connect_ex(address) == 0


def test_a_program_has_its_own_output_errors_code_and_environment(here: int) -> None:
    program = b"import os, sys; print(os.environ['WORD']); print(sys.argv, file=sys.stderr); sys.exit(3)"
    assert readied.run_readied(here, {"WORD": "mine"}, program) == (3, b"mine\n", b"['']\n")
    assert readied.run_readied(here, {}, b"import os; print(os.environ.get('WORD'))") == (0, b"None\n", b"")


def test_it_is_the_main_program_and_ends_as_one(here: int) -> None:
    program = b"""
import atexit, sys, __main__
def late(): print(__main__.word)
word = "kept"
atexit.register(late)
print(__name__, sys.modules["__main__"] is __main__, flush=True)
raise ValueError("no")
"""
    code, output, errors = readied.run_readied(here, {}, program) or (0, b"", b"")
    assert (code, output) == (1, b"__main__ True\nkept\n")
    assert errors.endswith(b"ValueError: no\n")


def test_a_signal_that_ends_it_is_told(here: int) -> None:
    assert readied.run_readied(here, {}, b"import os; os.kill(os.getpid(), 15)") == (-15, b"", b"")


def test_each_has_a_fresh_state_and_one_process_serves_all(here: int) -> None:
    program = b"""
import os
from ansible.module_utils import basic
print(os.getsid(0) == os.getpid(), basic.__dict__.setdefault("tasks", 0), basic.__file__)
basic.tasks += 1
"""
    first = readied.run_readied(here, {}, program)
    assert first == (0, f"True 0 {LIBRARIES}/ansible/module_utils/basic.py\n".encode(), b"")
    assert readied.run_readied(here, {}, program) == first
    assert len(listeners(Path(readied.ADDRESS))) == 1


def test_a_module_is_the_one_that_the_task_brings(here: int, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "task.zip", "w") as packed:
        packed.writestr("ansible/modules/ping.py", "print('mine')")
        packed.writestr("ansible/modules/__init__.py", "")
    program = f"""
import runpy, sys
sys.path.insert(0, "{tmp_path}/task.zip")
runpy.run_module("ansible.modules.ping", run_name="__main__", alter_sys=True)
"""
    assert readied.run_readied(here, {}, program.encode()) == (0, b"mine\n", b"")


def test_another_one_is_started_when_the_first_is_gone(here: int) -> None:
    assert readied.run_readied(here, {}, b"print(1)") == (0, b"1\n", b"")
    (first,) = listeners(Path(readied.ADDRESS))
    os.kill(first, signal.SIGKILL)
    while answers(readied.ADDRESS):  # a process that is ending has its sockets open for a while
        time.sleep(0.01)
    assert readied.run_readied(here, {}, b"print(2)") == (0, b"2\n", b"")
    (second,) = listeners(Path(readied.ADDRESS))
    assert second != first


def test_where_none_can_be_started_the_caller_is_told(here: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readied, "run_in", lambda *_: (1, b"", b"no ansible here"))
    assert readied.run_readied(here, {}, b"print(1)") is None


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        ("/bin/sh -c /usr/bin/python3", {}),
        ("/bin/sh -c '/usr/bin/python3.13 && sleep 0'", {}),
        ("/bin/sh -c 'http_proxy=http://10.0.0.1:3142 no_proxy='\"'\"'a b'\"'\"' /usr/bin/python3.11 && sleep 0'",
         {"http_proxy": "http://10.0.0.1:3142", "no_proxy": "a b"}),
        ("/bin/sh -c 'PATH=$PATH:/opt /usr/bin/python3'", None),
        ("/bin/sh -c '/usr/bin/python3 && sleep 10'", None),
        ("/bin/sh -c '/usr/bin/python3 /root/module.py'", None),
        ("/bin/sh -c '( umask 77 && mkdir -p /root/.ansible/tmp )'", None),
        ("/bin/sh -c 'sudo -u nobody /usr/bin/python3'", None),
        ("sudo -H -S -n -u nobody /bin/sh -c /usr/bin/python3", None),
        ("/bin/sh -c 'echo \"'", None),
    ],
)  # fmt: skip
def test_only_a_bare_python_is_taken(line: str, settings: dict[str, str] | None) -> None:
    assert readied.settings_of(line) == settings
