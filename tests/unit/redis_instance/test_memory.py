# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which part of the memory instances get."""

from __future__ import annotations

import pytest
from redis_cluster.instance import memory

MB = 1024**2


@pytest.mark.parametrize(("text", "size"), [("100", 100), ("1k", 1000), ("64mb", 64 * MB), ("2GB", 2 * 1024**3)])
def test_sizes_are_read_as_redis_reads_them(text: str, size: int) -> None:
    assert memory.size(text) == size


@pytest.mark.parametrize("text", ["", "many", "1tb", "-1", "1.5gb"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no size"):
        memory.size(text)


def test_instances_share_and_do_not_change_with_a_few_pages() -> None:
    assert memory.share(1024 * MB, 60, 2) == 304 * MB
    assert memory.share(1023 * MB, 60, 2) == 304 * MB
    assert memory.share(1, 60, 2) == memory.GRANULE


def test_too_much_is_refused_with_the_file_that_says_so() -> None:
    assert memory.shortage(1000 * MB, "/sys/fs/cgroup/memory.max", 60, 600 * MB) == []
    (said,) = memory.shortage(1000 * MB, "/sys/fs/cgroup/memory.max", 60, 601 * MB)
    assert "/sys/fs/cgroup/memory.max" in said
