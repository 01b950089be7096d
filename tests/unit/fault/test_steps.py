# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What single steps do, and what they never do."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drill.fault import model, payload, procfs
from drill.fault.carry_out import carry_out, passes
from drill.fault.model import FaultError
from drill.fault.place import Place


def test_a_later_process_of_the_same_pid_is_not_hit(victim: dict[str, Any]) -> None:
    other = {**victim, "started": victim["started"] - 1}
    with pytest.raises(FaultError, match="is gone before SIGKILL"):
        carry_out(model.send_signal([other], "SIGKILL"))
    carry_out(model.send_signal([other], "SIGKILL", may_be_gone=True))
    assert procfs.state_of(victim["pid"], victim["started"]) != "-"


def test_a_program_that_fails_is_quoted() -> None:
    with pytest.raises(FaultError, match=r"run sh -c .*: exit code 4: no such table"):
        carry_out(model.run(["sh", "-c", "echo no such table >&2; exit 4"]))
    carry_out(model.run(["sh", "-c", "exit 4"], ok=(0, 4)))
    carry_out(model.run(["sh", "-c", "exit 5"], ok=()))
    with pytest.raises(FaultError, match=r"no end within 0\.1 s"):
        carry_out(model.run(["sleep", "60"], seconds=0.1))
    with pytest.raises(FaultError, match="No such file"):
        carry_out(model.run(["/nowhere/at/all"]))


def test_a_file_never_takes_the_reserve(tmp_path: Path) -> None:
    path = tmp_path / "big"
    free = os.statvfs(tmp_path).f_bfree * os.statvfs(tmp_path).f_frsize
    carry_out(model.fill(str(path), 8 * 1024 * 1024, reserve=free * 2))
    assert path.stat().st_size == 0
    path.unlink()
    carry_out(model.fill(str(path), 8 * 1024 * 1024, reserve=0))
    assert path.stat().st_blocks * 512 >= 8 * 1024 * 1024


def test_a_file_in_the_way_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("x")
    with pytest.raises(FaultError, match="exists"):
        carry_out(model.fill(str(path), 1, 0))
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(FaultError):
        carry_out(model.write(str(tmp_path / "link"), "y"))
    assert path.read_text() == "x"


def test_a_group_is_started_found_and_ended(tmp_path: Path, wait: Callable[[Callable[[], object], str], None]) -> None:
    note = str(tmp_path / "note")
    assert not passes(model.alive(note))
    carry_out(model.spawn([sys.executable, "-c", "import os, time; os.fork(); time.sleep(600)"], note))
    assert passes(model.alive(note))
    carry_out(model.end(note))
    wait(lambda: not passes(model.alive(note)), "ended")
    carry_out(model.end(note))  # as often as anybody asks


def test_reading_checks(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_text("1\n")
    assert passes(model.reads(str(path), "1"))
    assert not passes(model.reads(str(path), "0"))
    assert not passes(model.reads(str(tmp_path / "none"), "1"))
    carry_out(model.write("/proc/sys/net/ipv6/conf/none0/keep_addr_on_down", "0", may_be_gone=True))


def test_the_packed_program_is_complete_and_the_same_each_time(project: Path) -> None:
    folder = project / "plugins/module_utils/drill/fault"
    # `answer` is the module's own; the others are needed when everybody else is gone.
    assert {*payload.MODULES, "program"} == {path.stem for path in folder.glob("*.py")} - {"__init__", "answer"}
    assert payload.build_payload() == payload.build_payload()


def test_the_packed_program_runs_alone(tmp_path: Path) -> None:
    program = tmp_path / "p.pyz"
    program.write_bytes(payload.build_payload())
    # Nothing known of that id: nothing to heal, and no complaint.
    carry_out(model.run([sys.executable, "-I", str(program), "heal", str(tmp_path), "none"]))


def test_a_bare_name_is_a_service() -> None:
    assert [model.unit_name(name) for name in ("nginx", "nginx.service", "a.socket")] == [
        "nginx.service",
        "nginx.service",
        "a.socket",
    ]


def test_we_are_among_our_own_ancestors() -> None:
    found = procfs.ancestors(os.getpid())
    assert found[:2] == [os.getpid(), os.getppid()]


def test_where_systemd_is_not_there_a_process_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    from drill.fault import place

    monkeypatch.setattr(os.path, "isdir", lambda path: False)
    assert place.manager_here() == "process"
    assert Place("/x", "process").program("a") == "/x/a.pyz"
