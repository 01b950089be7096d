# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from heartbeat.host.state import AlreadyRunning, Lock, next_generation, node_uuid

if TYPE_CHECKING:
    from pathlib import Path

FRESH = bytes(range(16))


def test_the_uuid_is_made_once_and_kept(tmp_path: Path) -> None:
    assert node_uuid(str(tmp_path), "file", "n1", FRESH) == (FRESH, None)
    assert node_uuid(str(tmp_path), "file", "n1", bytes(16)) == (FRESH, None)
    assert (tmp_path / "hb_uuid").read_bytes() == FRESH


def test_a_uuid_from_the_name_needs_no_file(tmp_path: Path) -> None:
    first, problem = node_uuid(str(tmp_path), "nodename", "n1", FRESH)
    assert problem is None
    assert len(first) == 16
    assert first != node_uuid(str(tmp_path), "nodename", "n2", FRESH)[0]
    assert os.listdir(tmp_path) == []


def test_the_generation_counts_on_and_never_falls_behind_the_clock(tmp_path: Path) -> None:
    directory = str(tmp_path)
    assert next_generation(directory, "file", 1000) == (1000, None)
    assert next_generation(directory, "file", 1000) == (1001, None)
    assert next_generation(directory, "file", 500) == (1002, None)  # a clock that was set back
    assert next_generation(directory, "file", 9000) == (9000, None)
    assert (tmp_path / "hb_generation").read_bytes() == b"           9000\n"
    assert next_generation(directory, "time", 77) == (77, None)


def test_a_file_of_the_c_daemon_is_continued(tmp_path: Path) -> None:
    (tmp_path / "hb_generation").write_bytes(b"     1795180663\n")
    assert next_generation(str(tmp_path), "file", 1000) == (1795180664, None)


@pytest.mark.parametrize("content", [b"", b"rubbish\n", b"\0" * 16])
def test_a_damaged_file_falls_back_to_the_clock(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "hb_generation").write_bytes(content)
    assert next_generation(str(tmp_path), "file", 1000) == (1000, None)


def test_what_cannot_be_kept_is_said_and_does_not_stop_the_start(tmp_path: Path) -> None:
    missing = str(tmp_path / "nowhere")
    generation, problem = next_generation(missing, "file", 1000)
    assert generation == 1000
    assert problem is not None
    assert "hb_generation" in problem
    uuid, problem = node_uuid(missing, "file", "n1", FRESH)
    assert problem is not None
    assert uuid == node_uuid(missing, "file", "n1", bytes(16))[0]  # the same at every start


def test_the_lock_keeps_a_second_one_out_and_names_the_first(tmp_path: Path) -> None:
    lock = Lock(str(tmp_path / "lock"))
    with pytest.raises(AlreadyRunning, match=f"process {os.getpid()}"):
        Lock(str(tmp_path / "lock"))
    lock.release()
    Lock(str(tmp_path / "lock")).release()
