# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fresh cluster in network namespaces for each test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from typing import TYPE_CHECKING

from netns import Cluster, usable

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.needs_root)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    why_not = usable()
    if why_not:
        pytest.skip(why_not)
    found = Cluster(tmp_path)
    yield found
    found.close()
