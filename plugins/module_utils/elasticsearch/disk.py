# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a node is by its data directory, whether it runs or not.

Every version from 7.7 on keeps the state of the cluster in a Lucene index in ``_state``, and writes into each of its
commits who wrote it: ``node_id``, ``current_term`` and ``last_accepted_version``, as plain strings with their length
before them. So a node that has belonged to a cluster can be told from one that has only ever waited for one (version
0), and a copy of another node's data from an original, before anything is started.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

__all__ = ["Identity", "read_commit", "state_folders"]


@dataclass(frozen=True)
class Identity:
    """What a commit says. version 0: it has never accepted a state of a cluster."""

    node_id: str
    term: int
    version: int

    @property
    def belongs(self) -> bool:
        """Has it been a member of a cluster?"""
        return self.version > 0


def state_folders(data_dir: str) -> Sequence[str]:
    """Where a commit may lie: version 8 on, and before."""
    return (f"{data_dir}/_state", f"{data_dir}/nodes/0/_state")


def _string(data: bytes, key: str) -> Optional[str]:
    """The string that follows the key; lengths below 128 take one byte."""
    stem = bytes([len(key)]) + key.encode()
    at = data.rfind(stem)
    if at < 0:
        return None
    start = at + len(stem)
    length = data[start] if start < len(data) else 0
    return data[start + 1 : start + 1 + length].decode("ascii", "replace")


def read_commit(data: bytes) -> Optional[Identity]:
    """The identity in a file ``segments_N``, None when it is none of Elasticsearch's."""
    node = _string(data, "node_id")
    term = _string(data, "current_term")
    version = _string(data, "last_accepted_version")
    if not node or not re.fullmatch(r"[0-9]+", term or "") or not re.fullmatch(r"[0-9]+", version or ""):
        return None
    return Identity(node, int(term or 0), int(version or 0))
