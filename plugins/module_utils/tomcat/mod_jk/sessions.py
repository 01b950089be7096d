# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Session ids with the route of their worker, as mod_jk and Tomcat's jvmRoute make them."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["complaints", "split"]


def split(identity: str) -> tuple[str, str]:
    """Return (session, route) of a session id; the route is what stands behind the first dot."""
    session, _dot, route = identity.partition(".")
    return session, route


def complaints(seen: Sequence[tuple[str, str]], sticky: bool, begin: str = "") -> list[str]:
    """What is wrong with the sessions of consecutive requests, one sentence each.

    sticky: the session has to stay with its worker; begin: and that is this one, which was asked for.
    """
    found = []
    if not seen or not seen[0][0]:
        return ["the page starts no session"]
    if len({session for session, _route in seen}) > 1:
        found.append("the session changed from request to request: it was lost on the way")
    routes = [route for _session, route in seen]
    if not routes[0]:
        found.append("the session names no worker: is jvmRoute set?")
    if sticky and len(set(routes)) > 1:
        found.append(f"the session moved: {', '.join(routes)}")
    if begin and routes[0] != begin:
        found.append(f"asked for {begin}, but {routes[0] or 'nobody'} answered")
    return found
