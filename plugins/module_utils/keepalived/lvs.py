# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The LVS part of keepalived.conf: virtual servers, their groups and real servers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .syntax import Tree, Unwritable, options, raw, unknown, word, words

#: role's key -> keyword, in the order in which they are written
_SERVER = {
    "delay_loop": "delay_loop",
    "scheduler": "lvs_sched",
    "method": "lvs_method",
    "persistence_timeout": "persistence_timeout",
    "protocol": "protocol",
    "virtualhost": "virtualhost",
    "quorum": "quorum",
}
CHECKS = ("TCP_CHECK", "HTTP_GET", "SSL_GET", "SMTP_CHECK", "DNS_CHECK", "UDP_CHECK", "MISC_CHECK", "PING_CHECK")


def virtual_servers(request: Mapping[str, Any]) -> Tree:
    """Return the blocks for ``virtual_server_groups`` and ``virtual_servers``. Raises Unwritable."""
    tree: Tree = []
    groups = set()
    for group in request.get("virtual_server_groups") or ():
        where = f"keepalived_virtual_server_groups {group['name']}"
        groups.add(group["name"])
        lines = [words(where, entry) for entry in group["members"]]
        tree.append((f"virtual_server_group {word(where, group['name'])}", lines))
    for number, server in enumerate(request.get("virtual_servers") or (), 1):
        where = f"keepalived_virtual_servers entry {number}"
        if server.get("group") and server["group"] not in groups:
            raise Unwritable(
                f"{where}: keepalived_virtual_server_groups has no {unknown(server['group'], sorted(groups))}"
            )
        tree.append((f"virtual_server {_whom(where, server)}", _server(where, server)))
    return tree


def _whom(where: str, server: Mapping[str, Any]) -> str:
    named = [key for key in ("ip", "fwmark", "group") if server.get(key) not in (None, "")]
    if len(named) != 1:
        raise Unwritable(f"{where}: give exactly one of ip, fwmark and group")
    if named == ["ip"]:
        return _place(where, server)
    return f"{named[0]} {word(where, server[named[0]])}"


def _place(where: str, entry: Mapping[str, Any]) -> str:
    port = entry.get("port")
    return word(where, entry["ip"]) + ("" if port in (None, "") else f" {int(str(port))}")


def _server(where: str, server: Mapping[str, Any]) -> Tree:
    lines = options(where, {keyword: server.get(key) for key, keyword in _SERVER.items()})
    if server.get("sorry_server"):
        lines.append(f"sorry_server {_place(where, server['sorry_server'])}")
    lines += options(where, server.get("options") or {}) + raw(server.get("extra"))
    for real in server.get("real_servers") or ():
        here = f"{where}, real server {real.get('ip')}"
        body = options(here, {"weight": real.get("weight"), "lvs_method": real.get("method")})
        body += options(here, real.get("options") or {})
        for check in real.get("checks") or ():
            if check["type"] not in CHECKS:
                raise Unwritable(f"{here}: there is no check {unknown(check['type'], CHECKS)}")
            inside = options(here, check.get("options") or {})
            # an empty block has to be there all the same
            body.append((check["type"], inside) if inside else f"{check['type']} {{ }}")
        tree_extra = raw(real.get("extra"))
        lines.append((f"real_server {_place(here, real)}", body + tree_extra))
    return lines
