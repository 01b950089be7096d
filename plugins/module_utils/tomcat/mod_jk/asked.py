# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which pages a balancer should have, as the inventory tells: those of applications that its sites mount."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from .site import written

__all__ = ["pages"]


def _patterns(where: str, entries: Sequence[Any], balancer: str) -> list[str]:
    found = [written(where, entry, balancer) for entry in entries]
    return [path for path, worker in found if worker == balancer]


def pages(
    sites: Sequence[Mapping[str, Any]], uri_map: Sequence[Any], balancer: str, known: Mapping[str, bool], sticky: bool
) -> list[dict[str, Any]]:
    """Return pages as ``mod_jk_verify_pages`` has them, each of the site that has it first.

    known: path of a page -> whether sessions of its application are replicated; sticky: whether those stay with their
    worker. Such a page need not start a session. Sites that speak TLS are left out: nobody knows their names here.
    """
    found: dict[str, dict[str, Any]] = {}
    for site in sites:
        where = f"site {site.get('name')}"
        mounts = _patterns(where, [*(site.get("mounts") or []), *uri_map], balancer)
        unmounts = _patterns(where, site.get("unmounts") or [], balancer)
        unmounts += [path[1:] for path in mounts if path.startswith("!")]
        address = str(site.get("address") or "*")
        if "sslengine" in str(site.get("extra") or "").lower():
            continue
        for path, replicated in known.items():
            plain = path.partition("?")[0]
            if any(fnmatchcase(plain, one) for one in unmounts) or not any(fnmatchcase(plain, one) for one in mounts):
                continue
            entry = {
                "path": path,
                "host": str(site.get("server_name") or ""),
                "address": "127.0.0.1" if address == "*" else address,
                "port": int(site.get("port") or 80),
                "sticky": sticky,
                "replicated": replicated,
                "session": False,
            }
            found.setdefault(path, entry)
    return list(found.values())
