# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes load off a node and gives it back, in the words of the cluster's own settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

__all__ = ["ALLOCATION", "EXCLUDED", "excluded", "flat", "setting_change", "shards_on", "without"]

#: which shards may be given a place at all: all (unset), primaries, none
ALLOCATION = "cluster.routing.allocation.enable"
#: names of nodes, with commas, that shards have to leave
EXCLUDED = "cluster.routing.allocation.exclude._name"


def flat(answer: Mapping[str, Any]) -> dict[str, str]:
    """The cluster's settings as they are in force, from GET /_cluster/settings?flat_settings; transient ones win."""
    found = {str(key): str(value) for key, value in (answer.get("persistent") or {}).items()}
    found.update({str(key): str(value) for key, value in (answer.get("transient") or {}).items()})
    return found


def excluded(settings: Mapping[str, str], names: Sequence[str]) -> Optional[str]:
    """The value of EXCLUDED with these names too, None when they are there already."""
    present = [name for name in settings.get(EXCLUDED, "").split(",") if name]
    wanted = sorted({*present, *names})
    return None if set(wanted) == set(present) else ",".join(wanted)


def without(settings: Mapping[str, str], names: Sequence[str]) -> Optional[str]:
    """The value of EXCLUDED without these names, empty when nobody is left, None when none of them is there."""
    present = [name for name in settings.get(EXCLUDED, "").split(",") if name]
    kept = [name for name in present if name not in names]
    return None if kept == present else ",".join(kept)


def setting_change(key: str, value: str) -> dict[str, Any]:
    """The body for PUT /_cluster/settings; an empty value takes the setting away, a transient one goes in any case."""
    return {"persistent": {key: value or None}, "transient": {key: None}}


def shards_on(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> int:
    """How many shards are on these nodes, from GET /_cat/shards. One that is moving away says "name -> …"."""
    return sum(str(row.get("node") or "").split(" ", maxsplit=1)[0] in names for row in rows)
