# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large the heap is, and which one is refused."""

from __future__ import annotations

import pytest
from elasticsearch.errors import Refused
from elasticsearch.heap import heap_bytes

GIB = 1024**3


def test_half_of_the_memory_is_the_heap_and_31_gib_at_most() -> None:
    assert heap_bytes("", 50, 8 * GIB, "x") == 4 * GIB
    assert heap_bytes("", 50, 256 * GIB, "x") == 31 * GIB


@pytest.mark.parametrize(
    ("wanted", "words"), [("5g", "4096 MiB"), ("5 apples", "has to be a size"), ("64m", "128 MiB at least")]
)
def test_a_heap_that_does_not_fit_is_refused(wanted: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        heap_bytes(wanted, 50, 8 * GIB, "/sys/fs/cgroup/memory.max")
