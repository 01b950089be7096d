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


def carried(names: Sequence[str], ask: Callable[[str, str], Answer], cookie: str) -> tuple[list[str], list[str]]:
    """Return (session after each worker, what is wrong, one sentence each).

    names: workers in the order of the visits; ask: called with a worker and the session, '' at first.
    """
    seen: list[str] = []
    for name in names:
        before = seen[-1] if seen else ""
        try:
            answer = ask(name, before)
        except AjpError as error:
            return seen, [f"{name} does not answer: {error}"]
        if answer.status >= 400:
            return seen, [f"{name} answers with {answer.status}"]
        now = session_of(answer, cookie, before)
        if not now:
            return seen, ["the page starts no session"]
        # who takes it over puts his own route behind the dot
        if before and now.partition(".")[0] != before.partition(".")[0]:
            return [*seen, now], [f"the session was lost on its way from {names[len(seen) - 1]} to {name}"]
        seen.append(now)
    return seen, []
