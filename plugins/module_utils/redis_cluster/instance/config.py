# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The syntax of redis.conf: writes a dictionary of directives, and reads a file back.

A line is split into words as in the daemon (``sdssplitargs``): blanks separate, double quotes know escapes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_KEY = re.compile(r"[a-z][a-z0-9-]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+=,*~&^-]+")

#: what other parts of the role depend on, and the variable that says it instead
RESERVED: dict[str, str] = {
    "port": "redis_cluster_instances",
    "tls-port": "redis_cluster_is_tls_enabled",
    "cluster-port": "nothing, it is 10000 above the port",
    "bind": "redis_cluster_bind",
    "protected-mode": "redis_cluster_is_protected",
    "dir": "redis_cluster_data_dir",
    "aclfile": "redis_cluster_users",
    "user": "redis_cluster_users",
    "requirepass": "redis_cluster_password",
    "masterauth": "redis_cluster_password",
    "masteruser": "redis_cluster_password",
    "cluster-enabled": "redis_cluster_mode",
    "cluster-config-file": "redis_cluster_data_dir",
    "cluster-node-timeout": "redis_cluster_node_timeout",
    "cluster-announce-ip": "redis_cluster_address",
    "unixsocket": "nothing, the role has one of its own",
    "daemonize": "nothing, systemd keeps the process",
    "supervised": "nothing, systemd keeps the process",
    "pidfile": "nothing, systemd keeps the process",
    "logfile": "nothing, the journal has the log",
    "include": "nothing, a second file would hide what is set here",
    "appendonly": "redis_cluster_is_append_only",
    "appendfsync": "redis_cluster_append_fsync",
    "save": "redis_cluster_save_points",
    "maxmemory": "redis_cluster_maxmemory",
    "maxmemory-policy": "redis_cluster_maxmemory_policy",
}


class Unwritable(Exception):
    """A value that the file has no way to express, or that belongs elsewhere; the text names it."""


def quoted(value: Any) -> str:
    """Return a value as one word, in quotes when it needs them. Raises Unwritable."""
    text = str(value)
    if _CONTROL.search(text):
        raise Unwritable("a value can't contain line breaks or control characters")
    if _PLAIN.fullmatch(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def line(key: str, value: Any) -> str:
    """Return one directive; a text may be several words, as in redis.conf. Raises Unwritable."""
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    if _CONTROL.search(text):
        raise Unwritable(f"{key}: a value can't contain line breaks or control characters")
    return f"{key} {text}" if text else f'{key} ""'


def rendered(settings: Mapping[str, Any]) -> str:
    """Return the file for directives by name: null leaves one out, a list is a line each, a bool yes or no.

    Raises Unwritable.
    """
    rows = []
    for key, value in settings.items():
        if not _KEY.fullmatch(str(key)):
            raise Unwritable(f"{key!r} is no name of a directive: small letters, digits and '-'")
        for item in value if isinstance(value, (list, tuple)) else [value]:
            if item is not None:
                rows.append(line(str(key), item))
    return "".join(row + "\n" for row in rows)


def strangers(free: Mapping[str, Any]) -> list[str]:
    """Return a sentence per directive of the free dictionary that a variable of its own says."""
    return [
        f"redis_cluster_config: {key} is said by {RESERVED[str(key).lower()]}"
        for key in free
        if str(key).lower() in RESERVED
    ]


def directives(text: str) -> dict[str, list[str]]:
    """Return the values of a rendered file by directive, in their order; quotes stay."""
    found: dict[str, list[str]] = {}
    for row in text.splitlines():
        key, _blank, value = row.strip().partition(" ")
        if key and not key.startswith("#"):
            found.setdefault(key.lower(), []).append(value.strip())
    return found


def listening(text: str) -> list[str]:
    """Return the addresses of the directive ``bind`` of a rendered file, empty when it has none."""
    # '-' in front: it does not matter when the machine does not have it; '*' stands for every one
    every = {"*": "0.0.0.0", "::*": "::"}
    words = " ".join(directives(text).get("bind", [])).replace('"', "").split()
    return [every.get(word.lstrip("-"), word.lstrip("-")) for word in words]
