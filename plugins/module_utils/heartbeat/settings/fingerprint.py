# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Digests of a configuration, for "is the daemon running what the files say?" and "do the nodes agree?".

Both are SHA-256 (hex) over the configuration's meaning: spelling, comments, order of unrelated lines and secrets are
left out. Secrets are left out even in digested form, since the digests are shown to whoever may ask for the status.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from .model import Configuration

#: raise when the normalised form changes its meaning
FORM = 1
#: what may rightly differ between the nodes of one cluster
_PER_NODE = ("media", "logging", "env", "respawns", "realtime", "rtprio")


def configuration_hash(configuration: Configuration) -> str:
    """Digest of everything this node runs with, except secrets."""
    return _digest(_plain(configuration))


def cluster_hash(configuration: Configuration) -> str:
    """Digest of what must be equal on all nodes: left out are links, logging, clients and scheduling, and the order of
    the node lines. The ports of the links stay in."""
    plain = _plain(configuration)
    settings = plain["settings"]
    plain["ports"] = sorted({medium["port"] for medium in settings["media"]})
    for name in _PER_NODE:
        del settings[name]
    settings["nodes"] = sorted(settings["nodes"])
    return _digest(plain)


def _digest(plain: Mapping[str, Any]) -> str:
    text = json.dumps({"form": FORM, **plain}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _plain(configuration: Configuration) -> dict[str, Any]:
    settings = _values(configuration.settings)
    del settings["parameters"]  # the same values again, as they were spelt
    for medium, source in zip(settings["media"], configuration.settings.media):
        medium["kind"] = type(source).__name__.lower()
    ring = configuration.keyring
    return {
        "settings": settings,
        "keys": {
            "active": ring.active,
            "methods": sorted((key.id, key.method.value) for key in ring.keys if ring.key(key.id) is key),
        },
        "groups": [
            {"key": group.key, "preferred": group.preferred, "resources": [_values(item) for item in group.resources]}
            for group in configuration.groups
        ],
    }


def _values(item: Any) -> Any:
    if isinstance(item, enum.Enum):
        return item.value
    if dataclasses.is_dataclass(item) and not isinstance(item, type):
        return {field.name: _values(getattr(item, field.name)) for field in dataclasses.fields(item)}
    if isinstance(item, (tuple, list)):
        return [_values(part) for part in item]
    if isinstance(item, dict):
        return {str(key): _values(value) for key, value in item.items()}
    return item
