# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages that a balancer should have, as far as the inventory tells."""

from __future__ import annotations

from typing import Any

from tomcat.mod_jk.asked import pages

KNOWN = {"/shop/": True, "/shop/static/x": True, "/shop/list.jsp?all=1": True, "/admin/": False}


def paths(*sites: dict[str, Any], uri_map: tuple[str, ...] = ()) -> list[str]:
    return [entry["path"] for entry in pages(sites, uri_map, "loadbalancer", KNOWN, True)]


def test_pages_are_those_that_sites_mount() -> None:
    assert paths({"name": "all", "mounts": ["/*"]}) == list(KNOWN)
    assert paths({"name": "jsp", "mounts": ["JkMount /*.jsp loadbalancer"]}) == ["/shop/list.jsp?all=1"]
    assert paths({"name": "none"}) == []
    # what goes to one worker only tells nothing of the balancer
    assert paths({"name": "one", "mounts": [{"path": "/admin/*", "worker": "app1"}]}) == []


def test_what_is_not_mounted_is_not_asked_for() -> None:
    site = {"name": "shop", "mounts": ["/shop/*"], "unmounts": ["/shop/static/*"]}
    assert paths(site) == ["/shop/", "/shop/list.jsp?all=1"]
    assert paths({"name": "map"}, uri_map=("/shop/*", "!/shop/static/*")) == ["/shop/", "/shop/list.jsp?all=1"]
    assert paths({**site, "extra": "SSLEngine on"}) == []


def test_a_page_is_asked_for_where_its_site_is() -> None:
    site = {"name": "shop", "server_name": "shop.example", "address": "192.0.2.9", "port": 8080, "mounts": ["/admin/*"]}
    assert pages([site, {"name": "all", "mounts": ["/*"]}], [], "loadbalancer", {"/admin/": False}, False) == [
        {
            "path": "/admin/",
            "host": "shop.example",
            "address": "192.0.2.9",
            "port": 8080,
            "sticky": False,
            "replicated": False,
            "session": False,
        }
    ]
