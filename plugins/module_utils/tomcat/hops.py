# SPDX-FileCopyrightText: 2026 the steadfast.ha authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follows a session from one Tomcat to the next, past the balancers, as after a failure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable

from .ajp import AjpError, Answer

__all__ = ["carried"]


def session_of(answer: Answer, cookie: str, before: str) -> str:
    """Return the session that a user has after an answer; that of before when he got no new one."""
    for text in answer.cookies:
        name, _equals, value = text.partition(";")[0].partition("=")
        if name.strip() == cookie:
            return value.strip()
    return before


def carried(
    names: Sequence[str],
    ask: Callable[[str, str], Answer],
    cookie: str,
    read: Callable[[str, str], Answer] | None = None,
) -> tuple[list[str], list[str]]:
    """Return (session after each worker, what is wrong, one sentence each).

    names: workers in the order of the visits; ask: called with a worker and the session, '' at first; read: the same
    for a page that tells what is in the session, which the next worker has to tell as the one before did.
    """
    seen: list[str] = []
    told = b""
    for name in names:
        before = seen[-1] if seen else ""
        try:
            if read and before:
                arrived = read(name, before)
                if arrived.status >= 400 or arrived.body != told:
                    return seen, [f"what is in the session did not arrive at {name} from {names[len(seen) - 1]}"]
                before = session_of(arrived, cookie, before)
            answer = ask(name, before)
            now = session_of(answer, cookie, before)
            if read and now and answer.status < 400:
                shown = read(name, now)
                if shown.status >= 400 or not shown.body.strip():
                    return seen, [f"{name} does not tell what is in the session: it answers with {shown.status}"]
                told = shown.body
        except AjpError as error:
            return seen, [f"{name} does not answer: {error}"]
        if answer.status >= 400:
            return seen, [f"{name} answers with {answer.status}"]
        if not now:
            return seen, ["the page starts no session"]
        # who takes it over puts his own route behind the dot
        if before and now.partition(".")[0] != before.partition(".")[0]:
            return [*seen, now], [f"the session was lost on its way from {names[len(seen) - 1]} to {name}"]
        seen.append(now)
    return seen, []
