# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which snapshot is restored to prove it, under which names, and what is wrong with what came back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

__all__ = ["choose", "failures", "restore_request", "shortfalls", "snapshot_request"]


def snapshot_request(indices: Sequence[str]) -> dict[str, Any]:
    """The body that takes one: indices alone, since templates and settings are declared."""
    return {"indices": ",".join(indices), "include_global_state": False}


def choose(snapshots: Sequence[Mapping[str, Any]], name: str) -> Optional[Mapping[str, Any]]:
    """The snapshot of that name, or the newest; only whole ones count. snapshots: as GET /_snapshot/…/_all has them."""
    whole = [row for row in snapshots if row.get("state") == "SUCCESS" and name in ("", row.get("snapshot"))]
    return max(whole, key=lambda row: int(row.get("start_time_in_millis") or 0), default=None)


def restore_request(indices: Sequence[str], prefix: str) -> dict[str, Any]:
    """The body that restores beside the living indices: other names, no aliases, no copies."""
    return {
        "indices": ",".join(indices),
        "rename_pattern": "(.+)",
        "rename_replacement": f"{prefix}$1",
        "include_global_state": False,
        "include_aliases": False,
        "index_settings": {"index.number_of_replicas": 0},
    }


def failures(answer: Mapping[str, Any]) -> list[str]:
    """What the answer to either says of shards that failed."""
    told = answer.get("snapshot") or {}
    found = [f"{row.get('index')}[{row.get('shard_id')}]: {row.get('reason')}" for row in told.get("failures") or []]
    failed = int((told.get("shards") or {}).get("failed") or 0)
    if failed and not found:
        found.append(f"{failed} of {(told.get('shards') or {}).get('total')} shards failed")
    if told.get("state") not in (None, "SUCCESS") and not found:
        found.append(f"it is {told['state']}")
    return found


def shortfalls(documents: Mapping[str, Mapping[str, Optional[int]]]) -> list[str]:
    """Indices that came back empty though the living ones are not; others may have grown or shrunk since."""
    return [
        f"{index} came back without a document, the living one has {count['living']}"
        for index, count in sorted(documents.items())
        if not count["restored"] and count["living"]
    ]
