# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what the running client of a quorum device says of itself with a wanted corosync.conf.

corosync's own map of keys does not tell: it has the new values from the reload on, also when the client was not
restarted after it.
"""

from __future__ import annotations

from collections.abc import Mapping

from .corosync_syntax import flat, parse

_DEVICE = "quorum.device."
_TLS = {"off": "Unsupported", "on": "Supported", "required": "Required"}
_FFSPLIT = "Fifty-Fifty split"


def told(said: str) -> dict[str, str]:
    """Return label -> value of what ``corosync-qdevice-tool -s -v`` has printed.

    Of a label that is there twice, the first counts: that of the device as such, before that of its model.
    """
    found: dict[str, str] = {}
    for line in said.splitlines():
        label, mark, value = line.partition(":")
        if mark:
            found.setdefault(label.strip(), value.strip())
    return found


def is_outdated(said: str, wanted: str) -> bool:
    """Return whether the client runs with other settings than a corosync.conf has.

    said: output of ``corosync-qdevice-tool -s -v``, empty while the client does not run, which is then started anyway.
    """
    keys, seen = flat(parse(wanted)), told(said)
    if "quorum.device.model" not in keys:
        return False
    if "Algorithm" in seen and (seen["Algorithm"] == _FFSPLIT) != (keys.get(_DEVICE + "net.algorithm") == "ffsplit"):
        return True
    return any(seen.get(label, value) != value for label, value in _expected(keys).items())


def _expected(keys: Mapping[str, str]) -> dict[str, str]:
    timeout = int(keys.get(_DEVICE + "timeout", "10000"))
    breaker = keys.get(_DEVICE + "net.tie_breaker", "lowest")
    return {
        "HB interval": f"{timeout}ms",
        "Sync HB interval": f"{keys.get(_DEVICE + 'sync_timeout', '30000')}ms",
        "QNetd host": f"{keys.get(_DEVICE + 'net.host', '')}:{keys.get(_DEVICE + 'net.port', '5403')}",
        "TLS": _TLS.get(keys.get(_DEVICE + "net.tls", ""), ""),
        "Tie-breaker": f"Node with {breaker} node ID"
        if breaker in ("lowest", "highest")
        else f"Node with node ID {breaker}",
        "Connect timeout": f"{keys.get(_DEVICE + 'net.connect_timeout', str(timeout * 4 // 5))}ms",
    }
