# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a node is by its data directory, from commits of a real node."""

from __future__ import annotations

from pathlib import Path

import pytest
from elasticsearch.disk import Identity, read_commit, state_folders

RECORDED = Path(__file__).parent / "recorded"


@pytest.mark.parametrize("file", ["waiting.segments", "member.segments"])
def test_commits_of_a_real_node_are_read(file: str) -> None:
    found = read_commit((RECORDED / file).read_bytes())
    assert found is not None
    assert len(found.node_id) == 22
    assert found.belongs == (file == "member.segments")


def test_a_commit_of_something_else_is_none_of_ours() -> None:
    assert read_commit(b"\x3f\xd7\x6c\x17\x08segments") is None
    assert read_commit(b"\x07node_id\x02xy\x0ccurrent_term\x01x\x15last_accepted_version\x011") is None
    assert read_commit(b"\x07node_id\x02xy\x0ccurrent_term\x013\x15last_accepted_version\x0212") == Identity(
        "xy", 3, 12
    )
    assert state_folders("/d") == ("/d/_state", "/d/nodes/0/_state")
